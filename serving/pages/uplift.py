"""Uplift: whom contact moves and whom it drives away, as the finished lists tell."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from serving.lists.uplift_answer import LEARNED, uplift_answer
from serving.pages.frame import frame, headline
from serving.pages.lists_words import with_days
from serving.pages.readout_picture import LEFT, RIGHT, EffectLine
from serving.pages.render import page
from serving.pages.state import Parts
from serving.pages.uplift_curve import qini_picture
from serving.pages.uplift_words import (
    LEARNERS,
    effect_words,
    feature_words,
    group_words,
    qini_words,
    verdict_words,
)
from serving.store.batch import Batch


def uplift_page(request: Request, parts: Parts, batch: Batch) -> Response:
    """Show what was learned last of the effect of contact, or what is missing for it."""
    told = uplift_answer(parts.store, parts.settings, parts.clock())
    tested = [each for each in told["lists"] if each["curve"]]
    asked = request.query_params.get("list", "")
    drawn = next((each for each in tested if each["list_id"] == asked), (tested or [None])[-1])
    return page(
        "uplift.html",
        **frame(request, parts, "lists"),
        **headline(parts, batch),
        told={**told, "sentence": with_days(told["sentence"])},
        is_learned=told["status"] == LEARNED,
        verdict=_verdict(told),
        drawn=drawn,
        picture=None if drawn is None else qini_picture(drawn["curve"]),
        tested=tested,
        lists=[_list(each) for each in told["lists"]],
        groups=_groups(told["groups"]),
        left_out=[{**each, "why": with_days(each["why"])} for each in told["left_out"]],
        features=[feature_words(name) for name in told["features"]],
        learner=LEARNERS.get(str(told["learner"]), ""),
        top=f"{100 * told['top_share']:.0f}%",
    )


def _verdict(told: Mapping[str, Any]) -> dict[str, str] | None:
    if told["switch"] is None:
        return None
    # A list before those that test teaches only; one that cannot is told among those left out.
    out = {each["list_id"] for each in told["left_out"]}
    tests = sum(e["qini"] is not None and e["list_id"] not in out for e in told["lists"])
    title, sentence = verdict_words(told["switch"], tests)
    return {"title": title, "sentence": sentence}


def _list(each: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "list_id": each["list_id"],
        "customers": each["customers"],
        "effect": effect_words(each["effect"]),
        "top": effect_words(each["top"]),
        "qini": qini_words(each["qini"]),
    }


def _groups(groups: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Groups in words with their effects on one scale, the worst first."""
    ends = [
        each["effect"][name]
        for each in groups
        for name in ("low", "high")
        if each["effect"][name] is not None
    ]
    least, most = min([0.0, *ends]), max([0.0, *ends])
    found = []
    for each in groups:
        effect, interval = effect_words(each["effect"])
        line = _line(each["effect"], least, most) if interval else None
        found.append(
            {
                "name": group_words(each),
                "customers": each["customers"],
                "effect": effect,
                "interval": interval,
                "driven_away": each["driven_away"],
                "line": line,
            }
        )
    return found


def _line(effect: Mapping[str, float], least: float, most: float) -> EffectLine:
    spread = (most - least) or 1.0

    def place(value: float) -> float:
        return LEFT + (RIGHT - LEFT) * (value - least) / spread

    low, high = effect["low"], effect["high"]
    side = "up" if low > 0 else "down" if high < 0 else "none"
    at = place(low)
    return EffectLine(at, place(high) - at, place(effect["mean"]), place(0.0), side)
