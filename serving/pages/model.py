"""The page *Model*: what is served and why, how well it does, and what has changed since."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from serving.model_answer import model_answer
from serving.pages import model_words
from serving.pages.charts import calibration_points, gain_points, pairs_of, top_of
from serving.pages.frame import frame, headline, notice
from serving.pages.render import page
from serving.pages.state import Parts
from serving.store.batch import Batch


def model_page(request: Request, parts: Parts, batch: Batch) -> Response:
    """Show the card of the model in use."""
    champion = parts.holder.champion
    if champion is None:
        return notice(
            request,
            parts,
            503,
            title="No model is promoted yet",
            sentence="Scores are published, and the model that made them is not in use any more. "
            "Train one, and it is served once it beats the simple rules:",
            command="perennial train -c CONFIG",
            here="model",
        )
    details = parts.store.details(batch.batch_id)
    card = model_answer(champion, parts.settings.models_dir, details)
    return page(
        "model.html",
        **frame(request, parts, "model"),
        **headline(parts, batch),
        card=card,
        days=_days(card, parts),
        decisions=model_words.decisions(card),
        measures=model_words.measures(card),
        charts=_charts(card),
        formula=model_words.formula(card),
        realised=_realised(card),
        drift=model_words.drift(card.get("drift")),
        features=model_words.features(card),
        segments=model_words.segments(card),
        moves=card["promotions"],
        is_of_batch=champion.version == batch.model_version,
    )


def _days(card: Mapping[str, Any], parts: Parts) -> dict[str, int]:
    told = card.get("horizons") or {}
    settings = parts.settings.horizons
    return {
        "churn": told.get("churn_days") or settings.churn_days,
        "value": told.get("value_days") or settings.value_days,
    }


def _charts(card: Mapping[str, Any]) -> dict[str, Any] | None:
    curves = card.get("curves")
    if not curves:
        return None
    return {
        "calibration": calibration_points(curves["calibration"]),
        "gains": gain_points(curves["gains"]),
        "churn": pairs_of(curves["churn_tenths"], most=1.0),
        "value": pairs_of(curves["value_tenths"]),
        "value_top": top_of(curves["value_tenths"]),
    }


def _realised(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Earlier batches, latest first, the latest with its picture."""
    found = [dict(item) for item in card["realised"]][::-1]
    if found:
        found[0]["pairs"] = pairs_of(found[0]["tenths"], most=1.0)
    return found
