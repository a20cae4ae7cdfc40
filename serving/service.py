"""The BentoML service: its endpoint `predict`, the mounted app, the layers in front of both.

`bentoml serve serving.service:PerennialService` from the repository's root, with the settings
file named by the environment variable PERENNIAL_CONFIG. It imports no MLflow.
"""

from configs.telemetry import switch_off

switch_off()  # before BentoML is imported, which reads the switch then

import gc  # noqa: E402
import os  # noqa: E402
from functools import partial  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any, cast  # noqa: E402

import bentoml  # noqa: E402
from starlette.responses import Response  # noqa: E402
from starlette.types import ASGIApp  # noqa: E402

from configs.settings import SettingsError, load_settings  # noqa: E402
from serving.predict import predict_answer, predict_answers, warm_up  # noqa: E402
from serving.runtime import Runtime  # noqa: E402
from serving.web.app import OwnLayers, build  # noqa: E402
from serving.web.bodies import PredictIn  # noqa: E402
from serving.web.problem import problem_of  # noqa: E402
from serving.web.quiet_log import keep_bodies_out  # noqa: E402
from serving.web.routes import json_answer  # noqa: E402
from serving.web.together import Together  # noqa: E402

CONFIG = "PERENNIAL_CONFIG"
# Requests of fewer lines are scored together with others that wait.
FEW_LINES = 500
RUNTIME = Runtime()
PAGES = build(RUNTIME)


# BentoML's own metrics, traces and access log carry whole paths, and so customer ids: all stay off.
@bentoml.service(
    traffic={"timeout": 5},
    workers=1,
    metrics={"enabled": False},
    tracing={"excluded_urls": ["."]},
    logging={"access": {"enabled": False}},
)
@bentoml.asgi_app(PAGES, path="/")
class PerennialService:
    """Churn risk and customer value of one shop."""

    def __init__(self) -> None:
        path = os.environ.get(CONFIG)
        if not path:
            raise SettingsError(
                f"the environment variable {CONFIG} is not set; let it name the settings file"
            )
        keep_bodies_out()
        RUNTIME.open(load_settings(Path(path)))
        warm_up()
        answers = partial(predict_answers, RUNTIME)
        self.few = Together[PredictIn, dict[str, Any]](RUNTIME.predicting, answers)
        # BentoML keeps each request for as long as its timer runs; without this, collecting that
        # garbage stops the worker for tenths of a second.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)

    @bentoml.api
    async def predict(self, body: PredictIn, /) -> dict[str, Any]:
        """Score the purchases in the body as the batch would."""
        try:
            if len(body.purchases) > FEW_LINES:
                answer = await RUNTIME.predicting.run(predict_answer, RUNTIME, body)
            else:
                answer = await self.few.run(body)
        except Exception as error:  # noqa: BLE001 - BentoML would drop the sentence
            return _as_is(problem_of(error).response())
        return _as_is(json_answer(answer))

    @bentoml.on_shutdown
    def close(self) -> None:
        """Close the store and stop watching for a new model."""
        RUNTIME.close()
        gc.unfreeze()  # what is frozen when Python ends looks like a leak to some libraries


def _as_is(response: Response) -> dict[str, Any]:
    # BentoML passes a finished response on, but types an endpoint by what is in its body.
    return cast("dict[str, Any]", response)


cast("Any", PerennialService).add_asgi_middleware(OwnLayers, runtime=RUNTIME)


def asgi() -> ASGIApp:
    """Return the whole service as one ASGI app."""
    return cast("ASGIApp", cast("Any", PerennialService).to_asgi())
