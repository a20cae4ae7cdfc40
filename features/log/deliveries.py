"""Whether a new delivery looks like those before: no day missing, no day's volume far off."""

from collections.abc import Mapping

import numpy as np

from features.shop_clock import date_of

# Days that tell what is usual, and the share of them that must have lines for a gap to be odd.
USUAL_DAYS = 56
OPEN_SHARE = 0.95
# A volume within this share of the usual is none to speak of; less than so many lines are chance.
MOST_CHANGE = 0.5
FEWEST_LINES = 100
# A day with so many lines does not lose all of them to corrections.
BUSY_DAY = 20


def oddities(before: Mapping[int, int], after: Mapping[int, int]) -> list[str]:
    """Sentences on what is odd about the lines that were added to a log.

    Parameters
    ----------
    before, after : shop day -> accepted lines, of the log as kept and as it would be
    """
    if not before:
        return []
    last = max(before)
    usual_days = min(USUAL_DAYS, last - min(before) + 1)
    found = []
    if usual_days >= 14:
        found += _missing(before, after, last, usual_days)
        found += _volume(before, after, last, usual_days)
    again = {day: after.get(day, 0) - n for day, n in before.items() if after.get(day, 0) > n}
    more, of = sum(again.values()), sum(before[day] for day in again)
    if more >= FEWEST_LINES and more > MOST_CHANGE * of:
        found.append(f"{more} lines came for {len(again)} days that had {of} before")
    emptied = [day for day, n in before.items() if n >= BUSY_DAY and not after.get(day)]
    if emptied:
        named = ", ".join(str(date_of(d)) for d in sorted(emptied)[:3])
        found.append(
            f"{len(emptied)} {'day' if len(emptied) == 1 else 'days'} delivered before "
            f"{'has' if len(emptied) == 1 else 'have'} no lines now: {named}"
        )
    lost = sum(max(0, n - after.get(day, 0)) for day, n in before.items())
    total = sum(before.values())
    if total >= FEWEST_LINES and lost > MOST_CHANGE * total:
        found.append(f"{lost} of the {total} lines delivered before are gone")
    return found


def _missing(
    before: Mapping[int, int], after: Mapping[int, int], last: int, days: int
) -> list[str]:
    """Days without lines on weekdays that always had some."""
    always = set()
    for weekday in range(7):
        same = [last - k for k in range(days) if (last - k) % 7 == weekday]
        if len(same) >= 2 and np.mean([before.get(d, 0) > 0 for d in same]) >= OPEN_SHARE:
            always.add(weekday)
    gone = [d for d in range(last + 1, max(after)) if d % 7 in always and not after.get(d)]
    if not gone:
        return []
    named = ", ".join(str(date_of(d)) for d in gone[:3]) + (" and more" if len(gone) > 3 else "")
    return [f"{len(gone)} {'day has' if len(gone) == 1 else 'days have'} no lines: {named}"]


def _volume(before: Mapping[int, int], after: Mapping[int, int], last: int, days: int) -> list[str]:
    """Lines a day far from those of the same weekdays before.

    The last day is left out where others tell: it may be cut.
    """
    new = list(range(last + 1, max(after) + 1))
    told = new[:-1] or new
    if not told:
        return []
    usual = {
        weekday: float(
            np.mean(
                [before.get(d, 0) for d in range(last - days + 1, last + 1) if d % 7 == weekday]
            )
        )
        for weekday in range(7)
    }
    mean = float(np.mean([usual[day % 7] for day in told]))
    if mean * len(told) < FEWEST_LINES:
        return []
    found = float(np.mean([after.get(day, 0) for day in told]))
    change = found / mean - 1
    if abs(change) <= MOST_CHANGE:
        return []
    than = f"{'fewer' if change < 0 else 'more'} than the {mean:,.0f} of these weekdays"
    return [f"{found:,.0f} lines a day, {abs(change):.0%} {than} in the {days} days before"]
