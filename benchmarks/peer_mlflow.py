"""MLflow's own scoring server behind one XGBoost model: the peer of look-ups and of `/predict`.

`saved(folder)` writes the model, `server(folder, port)` is the command that serves it.
"""

import sys
from pathlib import Path

import numpy as np

FEATURES = [f"feature_{number}" for number in range(40)]
TREES, DEPTH, ROWS = 300, 6, 20_000


def saved(folder: Path) -> None:
    """Write a model of 300 trees on 40 features."""
    import mlflow.xgboost
    import pandas as pd
    from xgboost import XGBClassifier

    draw = np.random.default_rng(0)
    rows = pd.DataFrame(draw.normal(size=(ROWS, len(FEATURES))), columns=FEATURES)
    bought = rows.iloc[:, :5].sum(axis=1) + draw.normal(size=ROWS) > 0
    model = XGBClassifier(n_estimators=TREES, max_depth=DEPTH, n_jobs=2).fit(rows, bought)
    mlflow.xgboost.save_model(model, str(folder), pip_requirements=["xgboost-cpu"])


def server(folder: Path, port: int) -> list[str]:
    """Return the command that serves the model on this machine."""
    return [
        sys.executable, "-m", "mlflow", "models", "serve", "-m", str(folder), "-p", str(port),
        "-h", "127.0.0.1", "--env-manager", "local",
    ]  # fmt: skip


def body() -> str:
    """Return one row as the server takes it."""
    values = ", ".join(f'"{name}": 0.{number:02d}' for number, name in enumerate(FEATURES))
    return f'{{"dataframe_records": [{{{values}}}]}}'
