"""The portfolio: what all customers together are worth, who comes again, and who moved where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from serving.pages import terms
from serving.pages.frame import frame, horizons, served
from serving.pages.overview import cohort_name
from serving.pages.render import page
from serving.pages.state import Parts
from serving.portfolio_value import BASES
from serving.store.batch import Batch

ADDRESS = "/portfolio"
SHOWN_COHORTS, SHOWN_GROWTH = 12, 20
STEP_WORDS = {
    "gross": ("Gross", "purchases before refunds"),
    "refunds": ("− refunds", ""),
    "net": ("Net revenue", "as in the scores"),
    "goods": ("− goods", "what the margin leaves out"),
    "margin": ("Margin", ""),
    "serving": ("− serving orders", ""),
    "retention": ("− keeping customers", ""),
    "discounting": ("− waiting", "later money counts less"),
    "contribution": ("Contribution", "what is left"),
    "acquisition": ("− acquisition", "paid already"),
    "contribution_after_acquisition": ("After acquisition", ""),
}
SUMS = ("net", "margin", "contribution", "contribution_after_acquisition")
BEHAVIOUR_WORDS = {
    "rhythm": ("Rhythm", "how the days between purchases are spaced"),
    "discount_buyer": ("Discounts", "lines bought at a discount"),
    "breadth": ("Breadth", "against customers with as many orders"),
    "channel_mix": ("Channels", "nine of ten lines through one, or not"),
}
LACKING_WORDS = {
    "no_discount_column": "The log has no column of discounts.",
    "no_product_column": "The log has no column of products or categories.",
    "no_channel_column": "The log has no column of channels.",
    "too_few_orders": "Nobody has ordered often enough.",
    "not_given": "The log does not tell.",
}
MOVE_WORDS = {"lifecycle_status": "Stages", "rfm_group": "RFM groups"}


@dataclass(frozen=True)
class Matrix:
    """Moves from one group (rows) to another (columns), the best first.

    Parameters
    ----------
    title : of what
    rows, columns : names, `joined` among the rows and `left` among the columns if there are any
    cells : customers by (before, now)
    sentence : the same in words
    """

    title: str
    rows: list[str]
    columns: list[str]
    cells: dict[tuple[str, str], int]
    sentence: str


def portfolio_page(request: Request, parts: Parts, batch: Batch) -> Response:
    """Show the portfolio on the basis asked for; one that there is not is revenue."""
    asked = request.query_params.get("basis", "")
    basis = asked if asked in BASES else BASES[0]
    told = parts.answers.portfolio(batch, parts.clock(), basis)
    worth, days = told["worth"], horizons([], parts)
    return page(
        "portfolio.html",
        **frame(request, parts, "portfolio"),
        **days,
        head=told,
        served=served(parts, batch),
        basis=basis,
        bases=[(name, f"{ADDRESS}?basis={name}") for name in BASES],
        worth=worth,
        # A batch of an earlier version told nothing of value.
        is_told=told["ladder"] is not None,
        steps=steps(told["ladder"]),
        acquisition=(told["ladder"] or {}).get("acquisition"),
        first_order_share=(told["ladder"] or {}).get("first_order_share"),
        newcomers=told["newcomers"],
        cohorts=bars(worth["cohorts"][::-1]),
        channels=bars(worth["channels"]),
        shown_cohorts=SHOWN_COHORTS,
        repeat=told["repeat_rates"],
        repeat_cohorts=told["repeat_rates"]["cohorts"][::-1],
        retention=told["retention_rates"],
        triangle=triangle(told["retention_rates"]["cohorts"]),
        behaviour=told["behaviour"],
        matrices=matrices(told["moves"]),
        since=(told["moves"] or {}).get("since"),
        growth=told["growth"],
        shown_growth=SHOWN_GROWTH,
        words={"behaviour": BEHAVIOUR_WORDS, "lacking": LACKING_WORDS},
        cohort_name=lambda name: _named(name),
        meanings=terms.meanings(**days),
    )


def steps(ladder: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The rows of the ladder that say something, with their names."""
    found = []
    for item in ladder["steps"] if ladder else ():
        title, note = STEP_WORDS[item["step"]]
        if any(item[name] is not None for name in ("historic", "predicted", "total")):
            is_sum = item["step"] in SUMS
            found.append({**item, "title": title, "note": note, "is_sum": is_sum})
    return found


def bars(groups: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Groups with what they came to and will as percent of the largest mean."""
    most = max((group["total_mean"] for group in groups), default=0.0)

    def share(amount: float) -> float:
        return 100 * max(amount, 0.0) / most if most > 0 else 0.0

    return [
        {
            **group,
            "name": _named(group["group"]),
            "past": share(group["historic_mean"]),
            "ahead": share(group["predicted_mean"]),
        }
        for group in groups
    ]


def triangle(cohorts: Sequence[Mapping[str, Any]]) -> list[tuple[int, int, list[dict[str, Any]]]]:
    """Cohort, its customers, and its rates by year, the first year first."""
    by: dict[int, list[dict[str, Any]]] = {}
    for cell in cohorts:
        by.setdefault(cell["cohort"], []).append(dict(cell))
    return [(year, cells[0]["customers"], cells) for year, cells in sorted(by.items())]


def matrices(moves: Mapping[str, Any] | None) -> list[Matrix]:
    """The moves between stages, and between groups, as far as they are told."""
    found = []
    for name, title in MOVE_WORDS.items():
        told = (moves or {}).get(name)
        if told:
            cells = {(c["before"], c["now"]): c["customers"] for c in told["cells"]}
            rows = [*told["order"], *(["joined"] if told["joined"] else [])]
            columns = [*told["order"], *(["left"] if told["left"] else [])]
            found.append(Matrix(title, rows, columns, cells, told["sentence"]))
    return found


def _named(cohort: str) -> str:
    """A cohort as people write it: `Jan 1998`, `1998 Q1`, `1998`; other texts as they are."""
    year, _, rest = cohort.partition("-")
    if not (year.isdigit() and len(year) == 4):
        return cohort
    if rest.startswith("Q"):
        return f"{year} {rest}"
    if len(rest) == 2 and rest.isdigit() and 1 <= int(rest) <= 12:
        return cohort_name(f"{cohort}-01", "month")
    return cohort
