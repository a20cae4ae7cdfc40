"""The data report: what became of every row, what the log holds, and what it is good for."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from configs.settings import Settings
from features.line import AMOUNT_SCALE
from features.log.manifest import read_manifest
from features.log.store import LoadedLog
from features.shop_clock import date_of
from models.metrics import nan_to_null
from training.backtest import backtest_cutoffs
from training.data_calendar import churn_over_time, days_without_lines, over_time
from training.data_columns import column_verdicts, columns_of, features_of
from training.data_figures import Int, LogFigures, Span, by_value, figures_of, quantile
from training.data_tables import table_verdicts, tables_report
from training.data_verdicts import Basis, Verdict, log_verdicts
from training.data_voided import Voided, voided_in
from training.inputs import horizons_of, source_of, tables_of

_ORDER_BINS = (1, 2, 3, 4, 5, 10, 20, 50)
_GAP_BINS = (1, 8, 15, 31, 61, 91, 181, 366)
_QUANTILES = {"p10": 0.1, "median": 0.5, "p90": 0.9}
# A few lines count as stray where they alone make up most of the log's length.
_FEW_LINES, _STRAY_DAYS = 0.001, 365


def data_report(settings: Settings, loaded: LoadedLog) -> dict[str, Any]:
    """The report on a log as plain values, ready for JSON; money is text, exact to the last digit.

    Returns
    -------
    dict of
        name, source, timezone, day_starts_at, horizons, refund_lag_days
        rows, accepted, duplicate, anonymous, excluded, quarantined, reasons, excluded_by : the
            account of rows
        cancelled, files, quarantine_list : cancelled lines, {file, rows, accepted, first_day,
            last_day} of each file, path of the list of quarantined rows
        customers, orders, lines, first_day, last_day, days, backtest_cutoffs : what there is
        without_lines : see `training.data_calendar.days_without_lines`
        one_time_buyers_share, customers_without_purchase, orders_per_customer, order_values, gaps
        money, refund_lines, refunds : exact sums, and what is known of refunds
        tables : the optional tables, see `training.data_tables.tables_report`
        quantity, unused_columns, columns, features : oddities of quantities, columns, features
        churn, over_time : see `training.data_calendar`
        verdicts : list of {output, verdict, why, add}, verdict `good`, `thin` or `none`
        notes : what was noticed while reading
    """
    source, horizons, log = source_of(settings), horizons_of(settings), loaded.log
    facts = log.facts
    lag = facts.refund_lag_days if source.refund_lag_days is None else source.refund_lag_days
    span = Span(
        first_day=facts.first_day,
        n_days=facts.last_day + 1 - facts.first_day,
        churn_days=horizons.churn_days,
        scored_days=settings.eligible.active_within_days,
    )
    figures = figures_of(log, span)
    basis = Basis(figures, span, facts, loaded.account, horizons, lag)
    listed, voided = _kept(settings)
    columns = columns_of(source, loaded.figures, loaded.account.accepted)
    unused = list(loaded.figures.get("unused", []))
    lines_of = loaded.days or {}
    tables = tables_report(tables_of(settings), log.customer_ids)
    verdicts = log_verdicts(basis) + column_verdicts(columns, unused) + table_verdicts(tables)
    report = {
        "name": settings.name,
        "source": source.label,
        "timezone": source.clock.timezone,
        "day_starts_at": source.clock.day_starts_at,
        "horizons": {"churn_days": horizons.churn_days, "value_days": horizons.value_days},
        "refund_lag_days": lag,
        **loaded.account.as_dict(),
        "cancelled": loaded.figures.get("cancelled", 0),
        "files": list(loaded.figures.get("files", [])),
        "quarantine_list": listed,
        "customers": facts.customers,
        "orders": facts.orders,
        "lines": facts.lines,
        "first_day": str(date_of(facts.first_day)),
        "last_day": str(date_of(facts.last_day)),
        "days": span.n_days,
        "backtest_cutoffs": len(backtest_cutoffs(basis.first, basis.closed, horizons)),
        "without_lines": days_without_lines(lines_of, facts.first_day),
        **_customers(figures),
        "order_values": _order_values(figures),
        "gaps": _gaps(figures, horizons.churn_days),
        "money": _money(figures, voided),
        "refund_lines": figures.counts["refund_lines"],
        "refunds": _refunds(figures, facts.refund_delays),
        "quantity": list(loaded.figures.get("quantity", [])),
        "unused_columns": unused,
        "columns": columns,
        "features": features_of(log.columns),
        "churn": churn_over_time(figures, span),
        "over_time": over_time(figures, span),
        "tables": tables,
        "verdicts": _verdicts(verdicts),
        "notes": [*loaded.notes, *_stray(lines_of)],
    }
    plain: dict[str, Any] = nan_to_null(report)
    return plain


def money_text(units: int) -> str:
    """Ten-thousandths of the currency unit as a decimal number, exact, two digits at least."""
    whole, part = divmod(abs(units), AMOUNT_SCALE)
    digits = f"{part:04d}"
    return f"{'-' if units < 0 else ''}{whole}.{digits[:2]}{digits[2:].rstrip('0')}"


def _kept(settings: Settings) -> tuple[str | None, Voided]:
    """Path of the list of quarantined rows, and the voided orders of the kept log."""
    kept = read_manifest(settings.log_dir)
    if kept is None:
        return None, Voided()
    listed = str(settings.quarantine_dir / kept.quarantine) if kept.quarantine else None
    return listed, voided_in(Path(s.path) for s in kept.stored(settings.log_dir))


def _customers(figures: LogFigures) -> dict[str, Any]:
    counts = by_value(figures.orders_of_customer)
    bought = {n: customers for n, customers in counts.items() if n}
    total = sum(bought.values())
    return {
        "one_time_buyers_share": _share(bought.get(1, 0), total),
        "customers_without_purchase": figures.counts["customers_without_purchase"],
        "orders_per_customer": {
            "mean": _ratio(figures.counts["orders"], total),
            "most": max(bought, default=0),
            **{name: quantile(bought, share) for name, share in _QUANTILES.items()},
            "histogram": _binned(figures.orders_of_customer, _ORDER_BINS, "customers"),
        },
    }


def _order_values(figures: LogFigures) -> dict[str, Any]:
    counts = figures.counts
    found = {name: quantile(figures.order_values, share) for name, share in _QUANTILES.items()}
    return {
        "mean": _ratio(counts["gross"] / AMOUNT_SCALE, counts["orders"], digits=4),
        **{name: None if v is None else v / AMOUNT_SCALE for name, v in found.items()},
        "largest": figures.largest_order / AMOUNT_SCALE,
        "zero": counts["zero_value_orders"],
        "zero_share": _share(counts["zero_value_orders"], counts["orders"]),
        "histogram": _value_bins(figures.order_values),
    }


def _value_bins(values: Mapping[int, int]) -> list[dict[str, Any]]:
    """Orders of a value above 0 by steps of 1, 2, 5, 10, 20 ... currency units."""
    above = {v / AMOUNT_SCALE: n for v, n in values.items() if v and n}
    if not above:
        return []
    decades = range(-4, 16)
    edges = np.array([step * 10.0**d for d in decades for step in (1, 2, 5)])
    place = np.searchsorted(edges, np.array(list(above)), side="right") - 1
    low, high = int(place.min()), int(place.max())
    sums = np.bincount(place - low, list(above.values()), high - low + 1)
    return [
        {
            "from": round(float(edges[low + i]), 4),
            "to": round(float(edges[low + i + 1]), 4),
            "orders": int(n),
        }
        for i, n in enumerate(sums)
    ]


def _gaps(figures: LogFigures, churn_days: int) -> dict[str, Any]:
    counts = by_value(figures.gaps)
    total = sum(counts.values())
    later = sum(n for days, n in counts.items() if days > churn_days)
    return {
        "gaps": total,
        **{name: quantile(counts, share) for name, share in {**_QUANTILES, "p95": 0.95}.items()},
        "longer_than_churn_days": _share(later, total),
        "histogram": _binned(figures.gaps, _GAP_BINS, "gaps"),
    }


def _money(figures: LogFigures, voided: Voided) -> dict[str, Any]:
    gross, refunded = figures.counts["gross"], figures.counts["refunded"]
    return {
        "gross": money_text(gross),
        "refunded": money_text(refunded),
        "net": money_text(gross - refunded),
        "voided_orders": voided.orders,
        "voided_lines": voided.lines,
        "voided": money_text(voided.gross),
        "lines_without_effect": figures.counts["lines_without_effect"],
    }


def _refunds(figures: LogFigures, delays: tuple[int, ...]) -> dict[str, Any]:
    counts = figures.counts
    by_days = by_value(np.array(delays, np.int64))
    lines, matched = counts["refund_lines"], counts["matched_refund_lines"]
    return {
        "lines": lines,
        "matched_lines": matched,
        "unmatched_lines": lines - matched,
        "matched": money_text(counts["matched_refunded"]),
        "unmatched": money_text(counts["refunded"] - counts["matched_refunded"]),
        "share_of_gross": _share(counts["refunded"], counts["gross"]),
        "delay_days": {
            "median": quantile(by_days, 0.5),
            "p95": quantile(by_days, 0.95),
            "histogram": _binned(np.array(delays, np.int64), (0, *_GAP_BINS), "refunds"),
        },
    }


def _verdicts(verdicts: list[Verdict]) -> list[dict[str, Any]]:
    return [verdict.as_dict() for verdict in verdicts]


def _stray(lines_of: Mapping[int, int]) -> list[str]:
    """A note where a few early lines make a log look much longer than it is."""
    days = sorted(day for day, n in lines_of.items() if n)
    if not days:
        return []
    running = np.cumsum([lines_of[day] for day in days])
    begins = days[int(np.searchsorted(running, _FEW_LINES * running[-1], side="right"))]
    early = begins - days[0]
    if early <= _STRAY_DAYS or early <= (days[-1] - days[0]) / 2:
        return []
    note = (
        f"fewer than {_FEW_LINES:.1%} of the lines lie before {date_of(begins)}, and they make the "
        f"log begin on {date_of(days[0])}; if these dates are wrong, take the lines out"
    )
    return [note]


def _binned(histogram: Int, starts: tuple[int, ...], name: str) -> list[dict[str, Any]]:
    """Counts from each of `starts` to before the next; the last bin has no end."""
    ends = [*(n - 1 for n in starts[1:]), None]
    return [
        {
            "from": low,
            "to": high,
            name: int(histogram[low : None if high is None else high + 1].sum()),
        }
        for low, high in zip(starts, ends, strict=True)
    ]


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _ratio(part: float, whole: int, digits: int = 2) -> float | None:
    return round(part / whole, digits) if whole else None
