"""A customer's own gaps between orders, against what is usual in the shop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from serving.pages.charts import BASE, TOP, across
from serving.pages.words import days, number

MOST_GAPS = 24
HEADROOM = 1.1


@dataclass(frozen=True)
class Gap:
    """Days between two purchase days, as a bar."""

    x: float
    width: float
    y: float
    days: int
    until: str
    is_open: bool


@dataclass(frozen=True)
class Rhythm:
    """Bars of the gaps, the silence last; the height of the shop's usual gap, and sentences."""

    gaps: Sequence[Gap]
    usual_y: float | None
    usual_days: float | None
    sentences: Sequence[str]


def rhythm_of(
    orders: Sequence[Mapping[str, Any]], row: Mapping[str, Any], shop: Mapping[str, float] | None
) -> Rhythm | None:
    """Bars and sentences; None for a customer without a purchase.

    Parameters
    ----------
    orders : oldest first, with `ordered_on`
    row : score row
    shop : `mean_gap` of the shop in days, and `late`, `very_late` as multiples of the own gap
        within which 75 and 95 of 100 such gaps ended; None where they are not known
    """
    bought = sorted({date.fromisoformat(order["ordered_on"]) for order in orders})
    as_of = date.fromisoformat(row["as_of"])
    if not bought:
        return None
    ends = [*bought[1:], as_of]
    lengths = [(end - start).days for start, end in zip(bought, ends, strict=True)]
    drawn = list(zip(lengths, ends, strict=True))[-MOST_GAPS:]
    usual = shop["mean_gap"] if shop else None
    top = max([length for length, _ in drawn] + [usual or 0.0]) * HEADROOM or 1.0
    width = across(1 / len(drawn)) - across(0.0)
    gaps = [
        Gap(
            x=across(i / len(drawn)),
            width=width,
            y=_y(length / top),
            days=length,
            until=str(end),
            is_open=i == len(drawn) - 1,
        )
        for i, (length, end) in enumerate(drawn)
    ]
    return Rhythm(
        gaps=gaps,
        usual_y=None if usual is None else _y(usual / top),
        usual_days=usual,
        sentences=_sentences(row, lengths[:-1], lengths[-1], shop),
    )


def _sentences(
    row: Mapping[str, Any],
    gaps: Sequence[int],
    silence: int,
    shop: Mapping[str, float] | None,
) -> list[str]:
    own = row.get("average_days_between_orders")
    if not gaps or not own:
        told = [f"One purchase day so far, {days(silence)} ago: there is no rhythm of their own."]
        if shop:
            told.append(f"Customers of this shop order every {_whole(shop['mean_gap'])}.")
        return told
    told = [f"Orders every {_whole(own)} on average, and silent for {days(silence)} now."]
    if shop:
        told[0] = (
            f"Orders every {_whole(own)} on average (the shop’s customers: every "
            f"{_whole(shop['mean_gap'])}), and silent for {days(silence)} now."
        )
        told.append(
            "3 of 4 gaps in this shop end within "
            f"{number(round(shop['late'], 1))} times a customer’s rhythm, for this one about "
            f"{_whole(shop['late'] * own)}; 19 of 20 end within "
            f"{_whole(shop['very_late'] * own)}."
        )
    return told


def _whole(value: float) -> str:
    return days(round(value))


def _y(share: float) -> float:
    return BASE - (BASE - TOP) * min(share, 1.0)
