"""`perennial portfolio`: what `GET /v1/portfolio` answers, as short tables."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from configs.settings import Settings
from serving.answers import Answers
from serving.lists.errors import NothingPublished
from serving.portfolio_value import BASES
from serving.printed import print_parts, table_of
from serving.scores import ScoreStore

SHOWN_COHORTS, SHOWN_GROWTH = 12, 10
NOTHING = "-"

Answer = dict[str, Any]


def portfolio(settings: Settings, *, basis: str = BASES[0], as_json: bool) -> None:
    """Print the portfolio of the current batch.

    Parameters
    ----------
    basis : `revenue` or `profit`, of worth and of the alert

    Raises
    ------
    NothingPublished
        If there is no batch.
    """
    store = ScoreStore(settings.store_url)
    try:
        batch = store.current()
        if batch is None:
            raise NothingPublished
        answers = Answers(store, stale_after_hours=settings.serve.stale_after_hours)
        told = answers.portfolio(batch, dt.datetime.now(dt.UTC), basis)
    finally:
        store.close()
    if as_json:
        print(json.dumps(told, allow_nan=False))
        return
    print_parts(portfolio_parts(told))


def portfolio_parts(told: Answer) -> list[Table | str]:
    """Tables and sentences of an answer, in the order in which they are read."""
    stale = ", out of date" if told["stale"] else ""
    head = f"batch {escape(told['batch_id'])}{stale}: {told['customers']:,} customers as of "
    parts: list[Table | str] = [f"{head}{told['as_of']}, value as {told['basis']}"]
    if told["ladder"] is None:
        parts.append("this batch tells nothing of value; run `perennial score` to publish another")
    else:
        parts += [_ladder(told["ladder"]), *_acquisition(told["ladder"]["acquisition"])]
    return [*parts, *_worth(told), *_newcomers(told), *_rates(told), *_growth(told["growth"])]


def _ladder(ladder: Mapping[str, Any]) -> Table:
    columns = ("historic", "predicted", "total")
    rows = [
        [step["step"].replace("_", " "), *(_whole(step[name]) for name in columns)]
        for step in ladder["steps"]
        if any(step[name] is not None for name in columns)
    ]
    return _table("from gross to contribution", ["", "to date", "expected", "together"], rows)


def _acquisition(told: Mapping[str, Any] | None) -> list[Table | str]:
    if told is None:
        return ["what winning customers cost is not known: no acquisition_cost in their table"]
    cost = _whole(told["cost"])
    said = f"{told['customers']:,} customers with a known acquisition cost took {cost}"
    if told["clv_to_acquisition_cost"] is not None:
        said += f" to win and bring {told['clv_to_acquisition_cost']:.2f} for each 1 spent"
    if told["payback_months"] is not None:
        said += f"; half of them pay back within {told['payback_months']:.1f} months"
    return [said]


def _worth(told: Answer) -> list[Table | str]:
    worth = told["worth"]
    if worth["code"] is not None:
        return ["no profit can be told: set money.margin in the settings and score again"]
    found: list[Table | str] = []
    if worth["concentration"]:
        found.append(worth["concentration"]["sentence"])
    titles = ["customers", "to date", "expected", "together", "95 % interval"]
    if worth["cohorts"]:
        title = f"worth of a customer by {worth['period']} of the first order"
        rows = [_group(group) for group in worth["cohorts"][-SHOWN_COHORTS:]]
        found.append(_table(_cut(title, worth["cohorts"]), ["first order", *titles], rows))
    if worth["channels"]:
        rows = [_group(group) for group in worth["channels"]]
        found.append(_table("worth of a customer by channel", ["channel", *titles], rows))
    return found


def _group(group: Mapping[str, Any]) -> list[str]:
    means = (_money(group[f"{name}_mean"]) for name in ("historic", "predicted", "total"))
    span = NOTHING
    if group["low"] is not None:
        span = f"{_money(group['low'])} to {_money(group['high'])}"
    return [escape(group["group"]), f"{group['customers']:,}", *means, span]


def _newcomers(told: Answer) -> list[Table | str]:
    newcomers = told["newcomers"]
    if newcomers is None:
        return []
    found: list[Table | str] = [newcomers["sentence"]] if newcomers["sentence"] else []
    if newcomers["cohorts"]:
        rows = [
            [
                escape(each["cohort"]),
                f"{each['customers']:,}",
                _money(each["mean"]),
                _money(each["usual"]),
                f"{each['p']:.3f}",
                "worth less" if each["worth_less"] else "",
            ]
            for each in newcomers["cohorts"]
        ]
        title = f"new customers in their first {newcomers['days']} days"
        columns = ["first order", "customers", "each", "usual", "by luck", ""]
        found.append(_table(title, columns, rows))
    return found


def _rates(told: Answer) -> list[Table | str]:
    repeat, retention = told["repeat_rates"], told["retention_rates"]
    found: list[Table | str] = []
    if repeat["cohorts"]:
        columns = ["first order", "customers", *(f"{days} days" for days in repeat["windows"])]
        rows = [
            [escape(each["cohort"]), f"{each['customers']:,}", *map(_rate, each["windows"])]
            for each in repeat["cohorts"][-SHOWN_COHORTS:]
        ]
        title = f"bought again within, by {repeat['period']} of the first order"
        found.append(_table(_cut(title, repeat["cohorts"]), columns, rows))
    if retention["years"]:
        rows = [
            [str(each["year"]), f"{each['customers']:,}", f"{each['retained']:,}", _rate(each)]
            for each in retention["years"]
        ]
        columns = ["year", "buyers of the year before", "bought again", "share"]
        found.append(_table("retention by year", columns, rows))
    if retention["cohorts"]:
        rows = [
            [str(each["cohort"]), str(each["year"]), f"{each['customers']:,}", _rate(each)]
            for each in retention["cohorts"]
        ]
        columns = ["began in", "in year", "customers", "share that bought"]
        found.append(_table("retention by year of the first order", columns, rows))
    return found


def _growth(growth: Mapping[str, Any] | None) -> list[Table | str]:
    if growth is None or growth["code"] is not None:
        return []
    said = f"room to grow: {growth['customers']:,} customers spend less a year than the best fifth"
    found: list[Table | str] = [f"{said} of their peers"]
    rows = [
        [
            escape(each["customer_id"]),
            *(_money(each[name]) for name in ("value", "potential", "room")),
            escape(each["peers"]),
        ]
        for each in growth["items"][:SHOWN_GROWTH]
    ]
    if rows:
        columns = ["customer", "a year so far", "peers' best fifth", "room", "peers"]
        found.append(_table("most room to grow", columns, rows, text=(0, 4)))
    return found


def _table(
    title: str, columns: Sequence[str], rows: Sequence[list[str]], text: Sequence[int] = (0,)
) -> Table:
    return table_of(title, [(name, k in text) for k, name in enumerate(columns)], rows)


def _cut(title: str, groups: Sequence[Any]) -> str:
    more = len(groups) - SHOWN_COHORTS
    return f"{title}, the last {SHOWN_COHORTS} of {len(groups)}" if more > 0 else title


def _rate(cell: Mapping[str, Any]) -> str:
    if cell["rate"] is None:
        return "still open" if cell.get("code") == "window_open" else NOTHING
    return f"{cell['rate']:.1%} ({100 * cell['low']:.1f}-{100 * cell['high']:.1f})"


def _money(amount: float | None) -> str:
    return NOTHING if amount is None else f"{amount:,.2f}"


def _whole(amount: float | None) -> str:
    return NOTHING if amount is None else f"{amount:,.0f}"
