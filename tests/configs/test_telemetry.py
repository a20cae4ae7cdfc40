import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ASK = """
from configs.telemetry import switch_off
switch_off()
from bentoml._internal.utils.analytics.usage_stats import do_not_track
from mlflow.telemetry.utils import is_telemetry_disabled
print(do_not_track(), is_telemetry_disabled())
"""


def test_the_libraries_take_the_switches():
    # Outside a CI and outside pytest, where MLflow is silent by itself.
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.split() == ["True", "True"], done.stderr
