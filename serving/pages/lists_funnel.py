"""From everybody down to who is contacted: the counts of a list as steps with bars."""

from collections.abc import Mapping
from dataclasses import dataclass

from serving.pages.lists_words import LEFT_OUT

NARROWEST = 0.4
# After those who may be contacted: what the money and the draw leave.
LATER = (
    ("worth_contacting", "Worth contacting", "a contact is expected to earn more than it costs"),
    ("listed", "On the list", "as far as budget and limits go"),
    ("contacted", "To be contacted", "everybody on the list but the hold-out"),
)


@dataclass(frozen=True)
class Step:
    """One step: how many are left, and the reasons for which others are not.

    Parameters
    ----------
    key : as in the counts of a list
    title, meaning : in words
    customers : how many
    width : of the bar, percent
    left_out : number and reason, of those who are lost on the way to this step
    """

    key: str
    title: str
    meaning: str
    customers: int
    width: float
    left_out: tuple[tuple[int, str], ...] = ()


def funnel(counts: Mapping[str, int]) -> tuple[Step, ...]:
    """Steps of a list, from everybody on.

    Parameters
    ----------
    counts : of `retention.lists.build`: `customers`, the reasons for which some are left out,
        `eligible`, `worth_contacting`, `listed`, `contacted`, `held_out`
    """
    everybody = counts["customers"]

    def step(key: str, title: str, meaning: str, lost: tuple[tuple[int, str], ...]) -> Step:
        return Step(key, title, meaning, counts[key], _width(counts[key], everybody), lost)

    reasons = tuple((counts[r], words) for r, words in LEFT_OUT.items() if counts.get(r))
    steps = [
        step("customers", "All customers", "of the current batch of scores", ()),
        step("eligible", "May be contacted", "after what is left out", reasons),
    ]
    for key, title, meaning in LATER:
        if key in counts:
            lost: tuple[tuple[int, str], ...] = ()
            if key == "contacted" and counts.get("held_out"):
                lost = ((counts["held_out"], "held out at random, to compare with"),)
            steps.append(step(key, title, meaning, lost))
    return tuple(steps)


def _width(part: int, whole: int) -> float:
    if part <= 0 or whole <= 0:
        return 0.0
    return max(100.0 * part / whole, NARROWEST)
