"""Usage reports of the libraries underneath, switched off before any of them is imported."""

import os

# BentoML heeds "True" and not "1"; MLflow heeds "true" and not "1".
SWITCHES = {
    "BENTOML_DO_NOT_TRACK": "True",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
}


def switch_off() -> None:
    """Set the switches for this process and for those it starts."""
    os.environ.update(SWITCHES)
