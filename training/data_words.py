"""The figures of the data report as a person reads them: rows of short tables."""

from typing import Any

Rows = list[tuple[str, str]]
ODDITIES = {
    "not_a_count": "a weight or a volume; counts as not given",
    "negative_quantity": "negative with a positive amount; counts as a purchase",
    "zero_quantity": "zero with an amount; counts as no items",
    "many_for_nothing": "1000 or more for an amount of zero; the items count",
}
_MOST_LISTED = 12


def account_rows(report: dict[str, Any]) -> Rows:
    """What became of the rows; the parts add up to the whole."""
    rows = [("rows", number(report["rows"])), ("accepted", number(report["accepted"]))]
    if report["cancelled"]:
        rows.append(("… of them cancelled by your rule", number(report["cancelled"])))
    rows += [
        ("duplicate", number(report["duplicate"])),
        ("anonymous (no customer)", number(report["anonymous"])),
        ("excluded", number(report["excluded"])),
        *((f"… {why}", number(n)) for why, n in report["excluded_by"].items()),
        ("quarantined", number(report["quarantined"])),
        *((f"… {reason}", number(n)) for reason, n in report["reasons"].items()),
    ]
    return rows


def table_rows(report: dict[str, Any]) -> Rows:
    """What became of the rows of the optional tables, and whom of the log they know."""
    rows: Rows = []
    for table in report["tables"]:
        rows += [
            (f"rows of {table['table']}", number(table["rows"])),
            ("… accepted", number(table["accepted"])),
            ("… duplicate", number(table["duplicate"])),
            ("… quarantined", number(table["quarantined"])),
            *((f"… … {reason}", number(n)) for reason, n in table["reasons"].items()),
            ("… customers", f"{number(table['customers'])}, {number(table['known'])} in the log"),
        ]
    return rows


def log_rows(report: dict[str, Any]) -> Rows:
    """How long the log is, and who bought how often."""
    per, gaps, values = report["orders_per_customer"], report["gaps"], report["order_values"]
    starts = report["day_starts_at"]
    return [
        ("first and last day", f"{report['first_day']} to {report['last_day']}"),
        ("length", f"{report['days']:,} days, {_without_lines(report['without_lines'])}"),
        ("a day", f"starts at {starts}, {report['timezone']}"),
        ("horizons", _horizons(report)),
        ("past cutoffs for a backtest", number(report["backtest_cutoffs"])),
        ("customers", number(report["customers"])),
        ("… without a purchase", number(report["customers_without_purchase"])),
        ("one-time buyers", percent(report["one_time_buyers_share"])),
        ("orders", number(report["orders"])),
        ("orders a customer", _spread(per, "mean", "most")),
        ("days between purchases", _spread(gaps, None, None)),
        ("… longer than the churn horizon", percent(gaps["longer_than_churn_days"])),
        ("value of an order", _spread(values, "mean", "largest")),
        ("orders of value zero", f"{number(values['zero'])} ({percent(values['zero_share'])})"),
    ]


def money_rows(report: dict[str, Any]) -> Rows:
    """Gross, refunded and net, and what is known of refunds."""
    money, refunds = report["money"], report["refunds"]
    rows = [
        ("gross", amount(money["gross"])),
        ("refunded", amount(money["refunded"])),
        ("net", amount(money["net"])),
    ]
    if refunds["lines"]:
        delay = refunds["delay_days"]
        rows += [
            ("refunded of gross", percent(refunds["share_of_gross"])),
            ("refund lines", number(refunds["lines"])),
            (
                "… matched to an order",
                f"{number(refunds['matched_lines'])} for {amount(refunds['matched'])}",
            ),
            (
                "… matched to none",
                f"{number(refunds['unmatched_lines'])} for {amount(refunds['unmatched'])}",
            ),
        ]
        if delay["median"] is not None:
            told = f"{delay['median']} at the median, {delay['p95']} for 95 %"
            rows.append(("days from order to refund", told))
    rows += [("days that label windows wait for refunds", number(report["refund_lag_days"]))]
    if money["lines_without_effect"]:
        voided = f"{number(money['voided_orders'])} for {amount(money['voided'])}"
        rows += [
            ("orders cancelled on their day, which count as none", voided),
            ("lines without effect", number(money["lines_without_effect"])),
        ]
    return rows


def churn_rows(report: dict[str, Any]) -> Rows:
    """How many do not return, and how much that changes over time."""
    churn = report["churn"]
    if not churn["cutoffs"]:
        return []
    low, high = churn["lowest"], churn["highest"]
    return [
        ("cutoffs", f"every day from {churn['first_cutoff']} to {churn['last_cutoff']}"),
        ("did not return, of those active before", percent(churn["rate"])),
        ("… lowest month of cutoffs", f"{percent(low['rate'])} ({low['month']})"),
        ("… highest month of cutoffs", f"{percent(high['rate'])} ({high['month']})"),
        ("… at the last cutoff", percent(churn["latest"])),
        ("did not return, of all who are scored", percent(churn["scored_rate"])),
    ]


def quantity_rows(report: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Oddities of quantities: what, category, lines; the most frequent ones."""
    found = report["quantity"]
    rows = [
        (ODDITIES.get(q["oddity"], q["oddity"]), q["category"] or "–", number(q["lines"]))
        for q in found[:_MOST_LISTED]
    ]
    rest = sum(q["lines"] for q in found[_MOST_LISTED:])
    if rest:
        rows.append((f"{len(found) - _MOST_LISTED} more", "–", number(rest)))
    return rows


def number(value: float | None) -> str:
    """Whole numbers with their thousands apart; others to three digits."""
    if value is None:
        return "–"
    if float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def percent(share: float | None) -> str:
    """A share in per cent."""
    return "–" if share is None else f"{100 * share:.1f} %"


def amount(text: str) -> str:
    """Exact money with its thousands apart."""
    whole, _, part = text.partition(".")
    # "-0" has no thousands, and would lose its sign.
    return text if whole == "-0" else f"{int(whole):,}.{part}"


def _spread(of: dict[str, Any], mean: str | None, most: str | None) -> str:
    if of["median"] is None:
        return "–"
    told = f"median {number(of['median'])}, 8 of 10 within {number(of['p10'])}–{number(of['p90'])}"
    told += f", mean {number(of[mean])}" if mean else ""
    return told + (f", at most {number(of[most])}" if most else "")


def _without_lines(without: dict[str, Any]) -> str:
    if not without["days"]:
        return "each with lines"
    told = f"{without['days']:,} without lines"
    if without["closed_weekdays"]:
        told += f" ({without['on_closed_weekdays']:,} of them {_list(without['closed_weekdays'])})"
    longest = without["longest"]
    if longest and longest["days"] > 1:
        told += f", at most {longest['days']:,} in a row from {longest['from']}"
    return told


def _list(weekdays: list[str]) -> str:
    return " and ".join(f"{day}s" for day in weekdays)


def _horizons(report: dict[str, Any]) -> str:
    days = report["horizons"]
    return f"churn {days['churn_days']:,} days, value {days['value_days']:,} days"
