"""The overview: what all customers together are expected to spend, and how that moves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from serving.details.migration import NO_TIER
from serving.pages import terms
from serving.pages.frame import frame, horizons, served
from serving.pages.heat_map import heat_map
from serving.pages.query import ListQuery
from serving.pages.render import page
from serving.pages.stacks import Stacks, stacks
from serving.pages.state import Parts
from serving.pages.words import day, month
from serving.store.batch import Batch

TIERS = terms.RISK_TIERS
STATUSES = (
    ("scored", "scored", "bought lately enough to be scored"),
    ("too_new", "too new", "first order too recent to be scored"),
    ("inactive", "inactive", "silent for longer than the settings look back"),
    ("no_purchases", "refunds only", "no purchase on record"),
    ("no_profiling", "not profiled", "have asked not to be scored"),
)


@dataclass(frozen=True)
class Bar:
    """A row of a table with a bar: percent of the largest amount, and where it leads."""

    name: str
    customers: int
    amount: float
    width: float
    href: str = ""
    risk: float | None = None


def overview_page(request: Request, parts: Parts, batch: Batch) -> Response:
    """Show the portfolio answer in pictures and words."""
    portfolio = parts.answers.portfolio(batch, parts.clock())
    days = horizons([], parts)
    spend = by_risk(portfolio["tiers"])
    total = sum(bar.amount for bar in spend)
    picture = heat_map(portfolio["tiers"], ListQuery().field, lambda _risk, _value: False)
    return page(
        "overview.html",
        **frame(request, parts, "overview"),
        **days,
        head=portfolio,
        served=served(parts, batch),
        spend=spend,
        total=total,
        trend=trend_picture(portfolio["trend"]),
        last_year=portfolio["last_year"],
        map=picture,
        matrix=matrix(portfolio["migration"]),
        since=(portfolio["migration"] or {}).get("since"),
        tiers=(*TIERS, NO_TIER),
        stages=stage_bars(portfolio["stages"]),
        cohorts=cohort_bars(portfolio["cohorts"]),
        period=portfolio["cohorts"]["period"],
        counts=counts(portfolio),
        reach=portfolio["reach"],
        newcomers=portfolio["newcomers"],
        meanings=terms.meanings(**days),
        terms=terms,
    )


def by_risk(cells: Sequence[Mapping[str, Any]]) -> list[Bar]:
    """Customers and expected spend of each risk tier, the riskiest first."""
    sums = {
        tier: (
            sum(cell["customers"] for cell in cells if cell["risk_tier"] == tier),
            sum(cell["predicted_clv"] for cell in cells if cell["risk_tier"] == tier),
        )
        for tier in TIERS[::-1]
    }
    whole = sum(max(amount, 0.0) for _, amount in sums.values())
    return [
        Bar(
            tier,
            customers,
            amount,
            100 * max(amount, 0.0) / whole if whole else 0.0,
            ListQuery(risk_tier=(tier,)).href,
        )
        for tier, (customers, amount) in sums.items()
    ]


def trend_picture(trend: Sequence[Mapping[str, Any]]) -> Stacks | None:
    """Expected spend of each kept batch by risk tier; None with fewer than two batches."""
    if len(trend) < 2:
        return None
    items = []
    for batch in trend:
        amounts = {cell["risk_tier"]: cell["predicted_clv"] for cell in batch["tiers"]}
        items.append((day(batch["as_of"]), {tier: amounts.get(tier, 0.0) for tier in TIERS}))
    return stacks(items)


def matrix(migration: Mapping[str, Any] | None) -> dict[tuple[str, str], int]:
    """Customers by (tier before, tier now)."""
    cells = migration["cells"] if migration else []
    return {(cell["before"], cell["now"]): cell["customers"] for cell in cells}


def stage_bars(stages: Sequence[Mapping[str, Any]]) -> list[Bar]:
    """Each lifecycle stage with its expected spend."""
    most = max((stage["predicted_clv"] for stage in stages), default=0.0)
    return [
        Bar(
            stage["lifecycle_status"],
            stage["customers"],
            stage["predicted_clv"],
            _share(stage["predicted_clv"], most),
            ListQuery(lifecycle_status=(stage["lifecycle_status"],)).href,
            stage["mean_churn_probability"],
        )
        for stage in stages
    ]


def cohort_bars(cohorts: Mapping[str, Any]) -> list[Bar]:
    """Each period of first orders with its customers' expected spend, the newest first."""
    found = cohorts["cohorts"][::-1]
    most = max((cohort["predicted_clv"] for cohort in found), default=0.0)
    return [
        Bar(
            cohort_name(cohort["starts_on"], cohorts["period"]),
            cohort["customers"],
            cohort["predicted_clv"],
            _share(cohort["predicted_clv"], most),
        )
        for cohort in found
    ]


def cohort_name(starts_on: str, period: str) -> str:
    """Name of a period by its first day: `1998`, `1998 Q1` or `Jan 1998`."""
    year = starts_on[:4]
    if period == "year":
        return year
    if period == "quarter":
        return f"{year} Q{(int(starts_on[5:7]) + 2) // 3}"
    return month(starts_on)


def counts(portfolio: Mapping[str, Any]) -> list[tuple[str, int, str]]:
    """Name, number and meaning of each status that has customers, the lapsed among the scored."""
    statuses = portfolio["statuses"]
    found = [
        (name, statuses.get(status, 0), meaning)
        for status, name, meaning in STATUSES
        if statuses.get(status, 0) or status == "scored"
    ]
    lapsed = [s for s in portfolio["stages"] if s["lifecycle_status"] == "lapsed"]
    if lapsed:
        meaning = "of the scored, silent for far longer than usual"
        found.insert(1, ("lapsed", lapsed[0]["customers"], meaning))
    return found


def _share(amount: float, most: float) -> float:
    return 100 * max(amount, 0.0) / most if most > 0 else 0.0
