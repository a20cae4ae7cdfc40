"""One horizon's heads as JSON values and XGBoost's UBJ files."""

from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any

import xgboost as xgb

from models.calibrators import calibrator_from_spec
from models.carry import Carry
from models.heads import MODEL, OrdersHead, ReturnHead, ValueHead
from models.horizon import HorizonModel
from models.inputs import preparation_from_spec
from models.link_score import LinkScore, score_from_spec
from models.next_order import NextOrderHead
from models.rules import RETURN_RULES, VALUE_RULES
from models.spread import spread_from_spec

Files = dict[str, bytes]
Spec = dict[str, Any]


def save_horizon(model: HorizonModel, folder: Path, name: str) -> Spec:
    """Write the trees of a horizon into `folder` as `NAME_*.ubj` and give the rest for JSON."""
    returns, value, orders = model.returns, model.value, model.orders

    def scored(score: LinkScore | None, what: str) -> Spec | None:
        if score is None:
            return None
        file = f"{name}_{what}.ubj"
        score.booster.save_model(folder / file)
        return score.spec(file)

    def of_return(head: ReturnHead, what: str) -> Spec:
        return {
            "member": head.member,
            "calibrator": head.calibrator.to_spec(),
            "carry": asdict(head.carry),
            "centre": head.centre,
            "btyd_share": head.btyd_share,
            "shift": head.shift,
            "score": scored(head.score, what),
        }

    return {
        "preparation": model.preparation.spec(),
        "returns": of_return(returns, "return"),
        "value_returns": (
            None
            if model.value_returns is None
            else of_return(model.value_returns, "return_of_value")
        ),
        "value": {
            "member": value.member,
            "level": value.level,
            "base": value.base,
            "spend_level": value.spend_level,
            "spread": value.spread.to_spec(),
            "total_share": value.total_share,
            "btyd_share": value.btyd_share,
            "btyd_level": value.btyd_level,
            "spend": scored(value.spend, "spend"),
            "total": scored(value.total, "total"),
        },
        "orders": {"level": orders.level, "score": scored(orders.score, "orders")},
        "next_order": (
            None
            if model.next_order is None
            else model.next_order.save(folder, f"{name}_next_order")
        ),
    }


def load_horizon(spec: Spec, files: Files) -> HorizonModel:
    """The heads that `save_horizon` wrote down.

    Raises
    ------
    KeyError, ValueError, TypeError, XGBoostError
        If the values are not of this layout.
    """
    returns, value, orders = spec["returns"], spec["value"], spec["orders"]
    return HorizonModel(
        preparation=preparation_from_spec(spec["preparation"]),
        returns=_returns(returns, files),
        value=ValueHead(
            member=_member(value, VALUE_RULES, value["total"]),
            level=value["level"],
            spread=spread_from_spec(value["spread"]),
            base=value["base"],
            spend_level=value["spend_level"],
            spend=_score(value["spend"], files),
            total=_score(value["total"], files),
            total_share=value["total_share"],
            btyd_share=value["btyd_share"],
            btyd_level=value["btyd_level"],
        ),
        orders=OrdersHead(orders["level"], _score(orders["score"], files)),
        next_order=_next_order(spec["next_order"], files),
        value_returns=_returns(other, files) if (other := spec["value_returns"]) else None,
    )


def _returns(spec: Spec, files: Files) -> ReturnHead:
    return ReturnHead(
        member=_member(spec, RETURN_RULES, spec["score"]),
        calibrator=calibrator_from_spec(spec["calibrator"]),
        carry=Carry(**spec["carry"]),
        centre=spec["centre"],
        score=_score(spec["score"], files),
        btyd_share=spec["btyd_share"],
        shift=spec["shift"],
    )


def _next_order(spec: Spec | None, files: Files) -> NextOrderHead | None:
    return None if spec is None else NextOrderHead.load(spec, files)


def _score(spec: Spec | None, files: Files) -> LinkScore | None:
    if spec is None:
        return None
    # Ranges of customers are scored side by side, each by one thread.
    booster = xgb.Booster(params={"nthread": 1})
    booster.load_model(bytearray(files[spec["booster"]]))
    return score_from_spec(spec, booster)


def _member(spec: Spec, rules: Collection[str], score: Spec | None) -> str:
    """Name of what is served; what has a score is named "model", and only that."""
    member: str = spec["member"]
    if (member == MODEL) != (score is not None) or (member != MODEL and member not in rules):
        raise ValueError(f"{member!r} is neither a fitted model nor a rule known here")
    return member
