"""A store of a million made customers behind the model of the CDNOW log, for the service's bench.

Kept in `var/bench/serving` from run to run: making it takes minutes.
"""

import dataclasses
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from configs.settings import Settings, load_settings
from models.pointer import POINTER
from retention.scores import SCORE_FIELDS
from serving.scores import ScoreStore
from serving.store.batch import Batch
from serving.store.tokens import Tokens

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "var" / "bench" / "serving"
CUSTOMERS = 1_000_000
# A batch of this size is drawn from the log's own rows, again and again, under new ids.
DONE = "made.txt"
CALLERS = 2
SWAP_SECONDS = 1.0


@dataclass(frozen=True)
class Bench:
    """Where all stands, the tokens that open it, and the batch that the made ones repeat."""

    config: Path
    settings: Settings
    tokens: tuple[str, ...]
    customers: int
    scored: str


def prepared(customers: int = CUSTOMERS) -> Bench:
    """Return the store, made now if it is not there."""
    done = FOLDER / f"{customers}-{DONE}"
    if not done.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        done.write_text(_make(customers), encoding="utf-8")
    settings = load_settings(FOLDER / "bench.yaml")
    store = ScoreStore(settings.store_url)
    # A token has four turns at once, so eight connections are those of two callers.
    kept, scopes = Tokens(store.database), ["read:scores", "list:scores"]
    tokens = tuple(kept.create(scopes, name=f"bench {i}", days=1)[0] for i in range(CALLERS))
    store.close()
    scored = done.read_text(encoding="utf-8")
    return Bench(FOLDER / "bench.yaml", settings, tokens, customers, scored)


def made_id(number: int) -> str:
    """Return the id of a made customer."""
    return f"C{number:09d}"


def publish_again(bench: Bench) -> None:
    """Publish all made customers once more, as another batch."""
    store = ScoreStore(bench.settings.store_url)
    try:
        scored = store.batch(bench.scored)
        if scored is None:
            raise RuntimeError("the bench's store lacks its first batch; remove var/bench/serving")
        _publish(store, scored, bench.customers)
    finally:
        store.close()


def publish_in_a_process(bench: Bench) -> None:
    """Publish all made customers once more, as `perennial score` would: in another process."""
    program = [sys.executable, "-m", "benchmarks.serving_store", str(bench.customers)]
    subprocess.run(program, cwd=ROOT, check=True)


def touch_champion(settings: Settings, times: int) -> None:
    """Put the pointer to the champion in place anew, so that the service loads it again."""
    pointer = settings.models_dir / POINTER
    pause = threading.Event()
    for _ in range(times):
        new = pointer.with_suffix(".new")
        shutil.copyfile(pointer, new)
        new.replace(pointer)
        pause.wait(SWAP_SECONDS)


def _make(customers: int) -> str:
    log = ROOT / "configs" / "data" / "cdnow.csv.gz"
    text = (ROOT / "configs" / "cdnow.yaml").read_text(encoding="utf-8")
    text = text.replace("configs/data", str(log.parent))
    config = FOLDER / "bench.yaml"
    config.write_text(f"{text}\nvar: {FOLDER / 'var'}\n", encoding="utf-8")
    settings = load_settings(config)
    store = ScoreStore(settings.store_url)
    try:
        scored = store.current() or _score(config, store)
        _publish(store, scored, customers)
        return scored.batch_id
    finally:
        store.close()


def _score(config: Path, store: ScoreStore) -> Batch:
    for command in ("train", "score"):
        start = "import sys, perennial; sys.exit(perennial.main(sys.argv[1:]))"
        subprocess.run(
            [sys.executable, "-c", start, command, "-c", str(config)], cwd=ROOT, check=True
        )
    scored = store.current()
    if scored is None:
        raise RuntimeError("`perennial score` published nothing")
    return scored


def _publish(store: ScoreStore, scored: Batch, customers: int) -> None:
    now = datetime.now(UTC)
    made = dataclasses.replace(
        scored, batch_id=f"made-{now:%Y%m%d%H%M%S}", customers=customers, published_at=now
    )
    rows = _many(store, scored, made)
    store.publish(made, rows, _orders(rows["customer_id"]))


def _many(store: ScoreStore, batch: Batch, made: Batch) -> pd.DataFrame:
    """Rows of a batch again and again, under made ids, as rows of another batch."""
    customers = made.customers
    stored = [name for name in SCORE_FIELDS if name not in ("as_of", "batch_id", "model_version")]
    few = store.rows_frame(batch.batch_id, stored)
    rows = few.iloc[np.arange(customers) % len(few)].reset_index(drop=True)
    ids = [made_id(number) for number in range(customers)]
    head = {"as_of": made.as_of, "batch_id": made.batch_id, "model_version": made.model_version}
    return rows.assign(customer_id=ids, **head)[list(SCORE_FIELDS)]


def _orders(ids: "pd.Series[Any]") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": np.repeat(ids.to_numpy(), 2),
            "order_number": np.tile([1, 2], len(ids)),
            "ordered_on": "1997-06-01",
            "amount": 20.0,
            "items": 1.0,
            "lines": 1,
        }
    )


if __name__ == "__main__":
    publish_again(prepared(int(sys.argv[1])))
