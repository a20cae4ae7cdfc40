"""The readout of a list: what its contacts earned, against those who were held out."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from serving.lists import service
from serving.lists.default_rate import window_days
from serving.lists.words import STATUS_WORDS
from serving.pages.frame import frame, headline
from serving.pages.lists_missing import of_a_list
from serving.pages.lists_words import (
    FINAL,
    OUTCOME_NAMES,
    OUTCOME_NOTES,
    points,
    rough_money,
    share,
    signed_money,
    with_days,
)
from serving.pages.readout_picture import effect_line
from serving.pages.render import page
from serving.pages.state import Parts
from serving.pages.words import money
from serving.store.batch import Batch
from serving.web.patience import take_time


@of_a_list
def readout_page(request: Request, parts: Parts, batch: Batch) -> Response:
    """Show what a list earned, or when that will be known."""
    take_time(request.scope)
    list_id = request.path_params["list_id"]
    found = service.readout(parts.store, parts.settings, parts.clock(), list_id)
    told = service.the_list(parts.store, parts.settings, parts.clock(), list_id)
    terms = told["terms"]
    return page(
        "readout.html",
        **frame(request, parts, "lists"),
        **headline(parts, batch),
        list_id=list_id,
        readout={**found, "verdict": with_days(found["verdict"])},
        # Before the first day there is nothing to be preliminary about.
        progress=found["status"] if found["status"] == FINAL else told["status"],
        statuses=STATUS_WORDS,
        primary=OUTCOME_NAMES[found["primary_outcome"]].lower(),
        outcomes=[_outcome(name, found) for name in OUTCOME_NAMES],
        net_gain=_net_gain(found),
        measured=_measured(found, terms),
        coverage=_coverage(found),
    )


def _outcome(name: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Means of both arms, and the effect with its picture, of one outcome."""
    means = found["means"].get(name) or {}
    effect = found["effects"].get(name) or {}
    one = share if name == "return_rate" else money
    other = points if name == "return_rate" else signed_money
    line = effect_line(effect)
    told = [effect.get(key) for key in ("estimate", "low", "high")]
    return {
        "name": OUTCOME_NAMES[name],
        "note": OUTCOME_NOTES[name],
        "is_primary": name == found["primary_outcome"],
        "contacted": one(means.get("contacted")),
        "held_out": one(means.get("held_out")),
        "effect": other(told[0]) if line else "",
        "interval": _interval(name, told) if line else "",
        "line": line,
    }


def _interval(name: str, told: list[Any]) -> str:
    if name == "return_rate":
        return f"{points(told[1]).removesuffix(' points')} to {points(told[2])}"
    return f"{signed_money(told[1])} to {signed_money(told[2])}"


def _net_gain(found: Mapping[str, Any]) -> dict[str, str] | None:
    gain = found["net_gain"]
    if not gain or gain["estimate"] is None:
        return None
    return {
        "mean": rough_money(gain["estimate"]),
        "interval": f"{rough_money(gain['low'])} to {rough_money(gain['high'])}",
    }


def _measured(found: Mapping[str, Any], terms: Mapping[str, Any]) -> dict[str, str] | None:
    rate = found["save_rate"]
    if rate is None:
        return None
    was, days = terms["assumed"]["save_rate"], window_days(found)
    return {
        "rate": share(rate["mean"]),
        "spread": f"± {share(rate['sd'])[:-1]} points",
        "assumed": f"{share(was['mean'])} ± {share(was['sd'])[:-1]} points",
        "origin": str(was.get("origin", "assumed")),
        "other_days": "" if days == terms["churn_horizon_days"] else str(days),
        "horizon": str(terms["churn_horizon_days"]),
    }


def _coverage(found: Mapping[str, Any]) -> dict[str, int]:
    """Of how many of those to be contacted a contact was recorded, and of how many none."""
    reached = int(found["contacts"]["contacted_reached"])
    return {"recorded": reached, "declared": int(found["contacted"]) - reached}
