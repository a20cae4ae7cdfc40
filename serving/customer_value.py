"""What one customer is worth: gross to contribution, to date and ahead, and against its costs.

Told from the batch's row, the customer's orders and the batch's cut points; nothing is learned.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import pandas as pd

from configs.settings import Settings
from features.line import AMOUNT_SCALE
from features.shop_clock import day_number
from retention.clv.formula import NO_PURCHASES, simple_clv, within_horizon
from retention.clv.ladder import (
    NO_ACQUISITION_COST,
    NO_PREDICTION,
    STEPS,
    Economics,
    ladder_codes,
)
from retention.clv.survival import DAYS_A_YEAR
from retention.extra_fields import CUTS, NO_CUT_POINTS
from retention.value_fields import value_fields, value_ladders, years_of_first_orders
from serving.answers import Answers
from serving.economics import economics_of
from serving.holder import Champion
from serving.store.batch import Batch
from serving.store.worth import worth_of
from serving.value_reasons import NO_BIAS, NOT_KEPT, OTHER_MODEL, reason

SCORED = "scored"
RATIOS = ("clv_to_acquisition_cost", "payback_months", "first_order_share")
FORMULA = ("average_order_value", "orders_a_year", "years_of_custom", "within_horizon")
OF_BIAS = ("cutoff", "horizon_days", "formula_bias", "model_bias", "sentence")
GROSS = ("gross", "refunds")
WHERE_NULL = {
    "acquisition_cost": NO_ACQUISITION_COST,
    "first_order": NO_PURCHASES,
    "predicted_clv": NO_PREDICTION,
}

Row = dict[str, Any]
Ladders = tuple[pd.DataFrame, pd.DataFrame]
Amounts = dict[str, float | None]


def customer_value(
    answers: Answers,
    settings: Settings,
    card: Mapping[str, Any] | None,
    batch: Batch,
    customer_id: str,
    now: datetime,
) -> dict[str, Any] | None:
    """What a customer is worth, with the head of the batch; None for an unknown one.

    Parameters
    ----------
    card : of the model that made the batch; None where another one is in use by now

    Returns
    -------
    dict
        customer_id, score_status, value_horizon_days
        economics : margin, serving_per_order, retention_per_year, annual_discount_rate
        steps : {step, historic, predicted, total, code} in the order of the ladder, currency; a
            total is the sum of both to the cent, `code` says why one of them is null
        acquisition_cost, first_order : currency; first_ordered_on
        clv_to_acquisition_cost, payback_months, first_order_share : see `retention.clv.ratios`
        simple_clv, predicted_clv : currency
        formula : average_order_value, orders_a_year, years_of_custom, cap (years),
            within_horizon (currency), years_as_customer
        formula_bias : latest cutoff of the backtest: cutoff, horizon_days, formula_bias,
            model_bias, sentence; or null
        missing : field -> code; because : {code, sentence} of each code
    """
    rows = answers.customer(batch, customer_id, now)
    if rows is None:
        return None
    row = rows["results"][0]
    kept = worth_of(answers.store.database, batch.batch_id, customer_id)
    economics, cuts = economics_of(settings), batch.cut_points.get(CUTS)
    history = history_row(customer_id, row, kept)
    is_scored = row["score_status"] == SCORED
    told: dict[str, Any] = {
        "cutoff": day_number(date.fromisoformat(batch.as_of)),
        "horizon_days": int(row["value_horizon_days"] or 0),
        "predicted_clv": [_or_nan(row["predicted_clv"] if is_scored else None)],
        "predicted_orders": [_or_nan(row["predicted_number_of_orders"] if is_scored else None)],
        "acquisition_cost": [_or_nan(kept["acquisition_cost"])],
    }
    share = {"refund_share": None if cuts is None else cuts["refund_share"]}
    ladders = value_ladders(history, share, economics, **told)
    steps = _steps(ladders, is_told=kept["historic_gross"] is not None)
    told = {**told, "ladders": ladders}
    fields, missing = _fields(history, cuts, economics, told, is_scored=is_scored)
    answer = {
        **answers.head(batch, now),
        "customer_id": customer_id,
        "score_status": row["score_status"],
        "value_horizon_days": row["value_horizon_days"],
        "economics": {name: v for name, v in asdict(economics).items() if name != "unit"},
        "steps": steps,
        "acquisition_cost": kept["acquisition_cost"],
        "first_ordered_on": kept["first_ordered_on"],
        "first_order": kept["first_order"],
        **{name: fields[name] for name in (*RATIOS, "simple_clv")},
        "predicted_clv": row["predicted_clv"],
        "formula": fields["formula"],
        "formula_bias": _bias(card or {}),
    }
    no_bias = OTHER_MODEL if card is None else NO_BIAS
    for name, code in {**WHERE_NULL, "formula_bias": no_bias}.items():
        if answer[name] is None:
            missing[name] = code
    codes = [step["code"] for step in steps if step["code"]]
    has_table = settings.customers is not None
    days, status = row["value_horizon_days"], row["score_status"]
    because = [
        {"code": code, "sentence": reason(code, days=days, status=status, has_table=has_table)}
        for code in dict.fromkeys([*codes, *missing.values()])
    ]
    return {**answer, "missing": missing, "because": because}


def card_of(champion: Champion | None, batch: Batch) -> Mapping[str, Any] | None:
    """The card of the model that made a batch; None where another is in use, empty without one."""
    if champion is None:
        return {}
    return champion.bundle.card if champion.version == batch.model_version else None


def history_row(customer_id: str, row: Row, kept: Row) -> pd.DataFrame:
    """One row as of `retention.history.history_of`; gross is net where refunds are not kept."""
    if kept["historic_gross"] is not None:
        gross, refunded = _whole(kept["historic_gross"]), _whole(kept["historic_refunds"])
    else:
        net = row["historic_clv"] if row["historic_clv"] is not None else kept["orders_net"]
        gross, refunded = _whole(net), 0
    orders = row["historic_number_of_orders"]
    told = {
        "gross": gross,
        "refunded": refunded,
        "net": gross - refunded,
        "first_order": _whole(kept["first_order"]),
        "orders": int(kept["orders"] if orders is None else orders),
        "first_day": _day(kept["first_ordered_on"]),
        "last_day": _day(kept["last_ordered_on"]),
    }
    return pd.DataFrame(told, index=pd.Index([customer_id], name="customer_id"))


def _steps(ladders: Ladders, *, is_told: bool) -> list[dict[str, Any]]:
    """The ladder with a code where a step is null; `is_told`: gross and refunds are kept."""
    past, ahead = ladders
    is_scored = not bool(ahead["net"].isna().iloc[0])
    why_past, why_ahead = ladder_codes(past), ladder_codes(ahead)
    found = []
    for name in STEPS:
        before, after = _amount(past[name]), _amount(ahead[name]) if is_scored else None
        why = why_past[name][0] or (why_ahead[name][0] if is_scored else NO_PREDICTION)
        if name in GROSS and not is_told:
            before, why = None, NOT_KEPT
        total = None if before is None or after is None else before + after
        amounts = (before, after, total)
        historic, predicted, together = (None if a is None else a / AMOUNT_SCALE for a in amounts)
        each = {"step": name, "historic": historic, "predicted": predicted, "total": together}
        found.append({**each, "code": why if total is None else None})
    return found


def _fields(
    history: pd.DataFrame,
    cuts: Mapping[str, Any] | None,
    economics: Economics,
    told: Mapping[str, Any],
    *,
    is_scored: bool,
) -> tuple[dict[str, Any], dict[str, str]]:
    """Ratios and the formula with its factors, and why some are null."""
    names = (*RATIOS, "simple_clv")
    nothing = {**dict.fromkeys(names), "formula": None}
    if cuts is None or not is_scored:
        code = NO_CUT_POINTS if is_scored else NO_PREDICTION
        return nothing, dict.fromkeys([*names, "formula"], code)
    fields, codes = value_fields(history, cuts, economics, **told)
    found = {name: _plain(fields[name].iloc[0]) for name in names}
    missing = {name: str(codes[name][0]) for name in names if codes[name][0] is not None}
    if found["simple_clv"] is None:
        return {**found, "formula": None}, {**missing, "formula": missing["simple_clv"]}
    return {**found, "formula": _formula(history, cuts, told)}, missing


def _formula(
    history: pd.DataFrame, cuts: Mapping[str, Any], told: Mapping[str, Any]
) -> dict[str, Any]:
    first = history["first_order"].to_numpy(float) / AMOUNT_SCALE
    years, cap = years_of_first_orders(first, cuts), cuts["years"]["cap"]
    tenure = told["cutoff"] - history["first_day"].to_numpy(float)
    net, orders = history["net"].to_numpy(float) / AMOUNT_SCALE, history["orders"].to_numpy(float)
    formula = simple_clv(net, orders, tenure, years, cap=cap)
    ahead = within_horizon(formula, told["horizon_days"])
    factors = (formula.order_value, formula.orders_per_year, formula.years, ahead)
    found = {name: _plain(value[0]) for name, value in zip(FORMULA, factors, strict=True)}
    return {**found, "cap": float(cap), "years_as_customer": _plain(tenure[0] / DAYS_A_YEAR)}


def _bias(card: Mapping[str, Any]) -> dict[str, Any] | None:
    """Of the latest cutoff at which the formula was held against what customers spent."""
    measured: Sequence[Mapping[str, Any]] = card.get("formula") or [{}]
    latest = measured[-1]
    # A card of an earlier version may tell less.
    return {name: latest[name] for name in OF_BIAS} if set(OF_BIAS) <= set(latest) else None


def _amount(step: "pd.Series[Any]") -> int | None:
    value = step.iloc[0]
    return None if pd.isna(value) else int(value)


def _plain(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None


def _whole(currency: float | None) -> int:
    return round((currency or 0.0) * AMOUNT_SCALE)


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _day(text: str | None) -> float:
    return math.nan if text is None else float(day_number(date.fromisoformat(text)))
