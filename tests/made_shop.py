"""Made shops: purchase logs with a known structure, and one shop that is trained."""

import contextlib
import io
import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import perennial
from configs.settings import Settings, load_settings
from features.log.shop_log import ShopLog
from features.shop_clock import ShopClock
from models.manifest import MANIFEST
from tests.made_frames import log_from_frame
from tests.made_once import made_once

FIRST = pd.Timestamp("2023-01-02")
COLUMNS = ["customer_id", "ordered_at", "amount"]
CANARY = "canary-"
TRAINED = "trained.json"


def made_purchases(
    customers: int = 300, days: int = 400, seed: int = 1, prefix: str = "c"
) -> pd.DataFrame:
    """Customers who come, buy at a pace and price of their own, and one day stop."""
    draw = np.random.default_rng(seed)
    rows = []
    for i in range(customers):
        day = first = float(draw.integers(0, days - 60))
        gap, price, life = draw.gamma(2, 15), draw.gamma(3, 12), draw.exponential(200)
        while day < days and day - first <= life:
            rows.append((f"{prefix}{i:04d}", int(day), round(price * draw.lognormal(0, 0.4), 2)))
            day += max(1.0, draw.exponential(gap))
    return on_days(rows)


def on_days(rows: Iterable[tuple[str, int, float]]) -> pd.DataFrame:
    """Purchases given as customer, days since the first day, and amount."""
    frame = pd.DataFrame(list(rows), columns=COLUMNS)
    days = (FIRST + pd.to_timedelta(frame["ordered_at"], unit="D")).dt.strftime("%Y-%m-%d")
    return frame.assign(ordered_at=days)


def repeated(
    customers: int, days_of: Callable[[int], Iterable[int]], amount: float = 10.0
) -> pd.DataFrame:
    """Customer i buys for the same amount on each of `days_of(i)`."""
    return on_days((f"u{i:04d}", day, amount) for i in range(customers) for day in days_of(i))


def made_log(purchases: pd.DataFrame) -> ShopLog:
    return ShopLog.of(log_from_frame(purchases, ShopClock()))


def day(number: int) -> str:
    return str((FIRST + pd.Timedelta(days=number)).date())


def write_shop(folder: Path, lines: pd.DataFrame, **settings: Any) -> Path:
    """Write log and settings of a shop; its files are below the folder.

    It is fitted on two cutoffs; `quickstart` and the demo fit on as many as are usual.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines.to_csv(folder / "purchases.csv", index=False)
    told = {
        "name": "made",
        "var": str(folder / "var"),
        "horizons": {"churn_days": 60, "value_days": 60},
        "training": {"trials": 2, "cutoffs": 2},
        **settings,
        "purchases": {
            "source": str(folder / "purchases.csv"),
            **settings.get("purchases", {}),
        },
    }
    path = folder / "shop.yaml"
    path.write_text(json.dumps(told))  # JSON is YAML
    return path


@dataclass(frozen=True)
class Called:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


def call(*words: object) -> Called:
    """Run the command line within this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = perennial.main([str(word) for word in words])
    return Called(code, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Shop:
    """A shop on disk, trained or not, with what its training printed."""

    config: Path
    trained: Called | None = None

    @property
    def settings(self) -> Settings:
        return load_settings(self.config)

    @property
    def purchases(self) -> pd.DataFrame:
        return pd.read_csv(self.config.parent / "purchases.csv", dtype={"customer_id": str})

    def copy_to(self, folder: Path, **settings: Any) -> "Shop":
        """The same shop elsewhere, some of its settings changed, free to be broken."""
        shutil.copytree(self.config.parent, folder, dirs_exist_ok=True)
        return Shop(write_shop(folder, self.purchases, **settings), self.trained)


def ready_mlflow(folder: Path, template: Path) -> None:
    """Lay a database with all migrations done where the shop's MLflow looks for it."""
    database = folder / "var" / "mlflow" / "mlflow.db"
    database.parent.mkdir(parents=True)
    shutil.copyfile(template, database)


@cache
def trained_shop(template: Path) -> Shop:
    """A shop of 400 customers after `train`; shared by all tests, so copy it to change it."""
    folder = made_once(template.parent.parent / "made-shop", partial(train_in, template))
    told = json.loads((folder / TRAINED).read_text())
    return Shop(folder / "shop" / "shop.yaml", Called(**told))


def train_in(template: Path, room: Path) -> None:
    """Train the shop in the room's folder `shop`, and note beside it what was printed."""
    folder = room / "shop"
    purchases = made_purchases(400, prefix=CANARY)
    purchases["customer_id"] += "@mail.example"
    refunds = on_days([(f"{CANARY}refund@mail.example", 100, -5.0)])
    config = write_shop(folder, pd.concat([purchases, refunds]))
    ready_mlflow(folder, template)
    done = call("train", "-c", config, "--json")
    (room / TRAINED).write_text(json.dumps(vars(done)))


def bytes_below(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content, by its path there."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def promoted(models_dir: Path) -> dict[str, str]:
    """What the pointer says; the bundle it names is sealed."""
    told: dict[str, str] = json.loads((models_dir / "current.json").read_text())
    assert (models_dir / told["path"] / MANIFEST).is_file()
    return told
