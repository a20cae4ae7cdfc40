"""What accuracy is measured on: logs, cutoffs and horizons, and what really came after them.

Truth is read from the purchase lines with pandas, not from perennial's own labels.
"""

import datetime as dt
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

ROOT = Path(__file__).parents[1]
CDNOW_FILE = "configs/data/cdnow_master.txt.gz"
CDNOW_FORMAT = {"kind": "text", "separator": "whitespace", "header": True, "date_format": "%Y%m%d"}
CDNOW_COLUMNS = {
    "customer_id": "customer_id",
    "ordered_at": "date",
    "quantity": "number_of_cds",
    "amount": "dollar_value",
}
# The made shops are drawn anew for the benchmark: models are tuned on shops of another seed.
SHOP_SEED = 4711


@dataclass(frozen=True)
class Task:
    """A data set at a cutoff.

    Attributes
    ----------
    data : name of the data set, the unit of the paired bootstrap: a log with a horizon
    log : name of the log, for what several tasks share
    cutoff : first day that is not known
    horizon_days : days from the cutoff in which return and value are counted
    """

    data: str
    log: str
    cutoff: dt.date
    horizon_days: int

    @property
    def name(self) -> str:
        """Data set and cutoff."""
        return f"{self.data}@{self.cutoff}"


def real_tasks() -> list[Task]:
    """CDNOW, which ships, and the Complete Journey where PERENNIAL_DATA is set."""
    cdnow = [_task("cdnow_91", "cdnow", c, 91) for c in ("1997-10-01", "1997-12-31", "1998-03-31")]
    cdnow.insert(1, _task("cdnow_273", "cdnow", "1997-10-01", 273))
    if not os.environ.get("PERENNIAL_DATA"):
        return cdnow
    days = ("2017-06-30", "2017-07-31", "2017-08-31", "2017-09-28")
    return cdnow + [_task("journey_90", "journey", day, 90) for day in days]


def shop_tasks() -> list[Task]:
    """The made shops at the cutoffs that they are judged at."""
    from benchmarks.shops import SHOPS

    return [
        _task(name, name, cutoff, shop.horizon_days)
        for name, shop in SHOPS.items()
        for cutoff in shop.cutoffs
    ]


def _task(data: str, log: str, cutoff: Any, horizon_days: int) -> Task:
    return Task(data, log, dt.date.fromisoformat(str(cutoff)[:10]), horizon_days)


def purchases_of(log: str, room: Path) -> dict[str, Any]:
    """The `purchases` settings of a log: source, format, columns and clock, nothing else.

    A made shop is written to `room` first.
    """
    if log == "cdnow":
        return {
            "source": str(ROOT / CDNOW_FILE),
            "format": CDNOW_FORMAT,
            "columns": CDNOW_COLUMNS,
            "timezone": "UTC",
        }
    if log == "journey":
        folder = os.environ["PERENNIAL_DATA"]
        # Cut at midnight, as the published figures of the peers are.
        return {
            "source": f"{folder}/complete_journey_transactions.parquet",
            "timezone": "UTC",
            "day_starts_at": "00:00",
        }
    return {"source": str(made_shop(log, room))}


def made_shop(name: str, room: Path) -> Path:
    """The Parquet file of a made shop, made anew where the code that makes shops has changed."""
    code = b"".join(p.read_bytes() for p in sorted((ROOT / "benchmarks").glob("shop*.py")))
    version = hashlib.sha256(code).hexdigest()[:8]
    path = room / "logs" / version / f"{name}.parquet"
    if not path.exists():
        from benchmarks.shops import SHOPS

        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        SHOPS[name].make(SHOP_SEED).to_parquet(draft, index=False)
        draft.replace(path)
    return path


def digest_of(log: str, room: Path) -> str:
    """SHA-256 of the file of a log."""
    return hashlib.sha256(Path(purchases_of(log, room)["source"]).read_bytes()).hexdigest()


def write_settings(task: Task, room: Path) -> Path:
    """Write the settings file of `perennial evaluate` for a task and say where it is."""
    path = room / "settings" / f"{task.data}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    days = task.horizon_days
    settings = {
        "name": task.data,
        "var": str(room / "var" / task.data),
        "purchases": purchases_of(task.log, room),
        "horizons": {"churn_days": days, "value_days": days},
    }
    path.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    return path


def lines_of(log: str, room: Path) -> pd.DataFrame:
    """Lines of a log with a customer: `customer_id`, `ordered_at`, `amount`."""
    if log == "cdnow":
        read = pd.read_csv(ROOT / CDNOW_FILE, sep=r"\s+", dtype={"customer_id": str})
        read = read.rename(columns={theirs: ours for ours, theirs in CDNOW_COLUMNS.items()})
        read["ordered_at"] = pd.to_datetime(read["ordered_at"].astype(str), format="%Y%m%d")
    else:
        read = pd.read_parquet(purchases_of(log, room)["source"])
    read = read.loc[read["customer_id"].notna(), ["customer_id", "ordered_at", "amount"]]
    return read.astype({"customer_id": str, "ordered_at": "datetime64[us]", "amount": float})


def truth_at(lines: pd.DataFrame, cutoff: dt.date, horizon_days: int) -> pd.DataFrame:
    """What every customer with a line before a cutoff did in the days after it.

    Returns
    -------
    DataFrame indexed by sorted `customer_id`
        churned : 1.0 where no purchase (a line that is no refund) fell into the window, else 0.0
        value : sum of all amounts in the window, refunds included, currency
    """
    begin = pd.Timestamp(cutoff)
    end = begin + pd.Timedelta(days=horizon_days)
    known = np.sort(lines.loc[lines["ordered_at"] < begin, "customer_id"].unique())
    after = lines[(lines["ordered_at"] >= begin) & (lines["ordered_at"] < end)]
    back = after.loc[after["amount"] >= 0, "customer_id"].unique()
    value = after.groupby("customer_id")["amount"].sum()
    index = pd.Index(known, name="customer_id")
    return pd.DataFrame(
        {
            "churned": (~index.isin(back)).astype(float),
            "value": value.reindex(index).fillna(0.0).to_numpy(float),
        },
        index=index,
    )
