import datetime as dt
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features.engine import SparkEngine
from features.line import SORT_KEYS
from features.log.shop_log import ShopLog
from features.log.writing import whole_customers, write_ranges
from features.panel import panel, snapshot
from features.rows import FACTS, Request, rows_of
from features.shop_clock import ShopClock, date_of, day_number
from features.spark import SparkError, spark_session
from models.bundle import load_bundle
from retention.batch_job import score_shop
from retention.clv.ladder import Economics
from retention.dates import NEXT_ORDER, SILENCE
from retention.scores import SCORE_FIELDS, Eligibility, score_rows
from retention.table_fields import TABLE_FIELDS
from tests.models.made import made_bundle, sealed_at

pytestmark = [pytest.mark.spark, pytest.mark.timeout(240)]

CLOCK = ShopClock("America/New_York", "04:00")
CUTOFFS = [
    day_number(dt.date(year, month, 1)) for year, month in ((2021, 3), (2023, 11), (2024, 6))
]
RHYTHM = {
    "mean_gap": 60.0,
    "late": 1.5,
    "very_late": 3.0,
    "second_late": 90.0,
    "second_very_late": 200.0,
}
WHOLE = ("churn_percentile", "historic_number_of_orders", "days_since_last", "churn_horizon_days")
TEXT = (
    *("customer_id", "as_of", "batch_id", "model_version", "score_status", "risk_tier"),
    *("risk_change", "tier_since", "value_tier", "lifecycle_status", "reasons", "missing"),
    *("rfm_group", *TABLE_FIELDS),
)
DATES = {*NEXT_ORDER, *SILENCE}
KINDS = dict.fromkeys((*WHOLE, "value_horizon_days"), pa.int64()) | dict.fromkeys(TEXT, pa.string())
SCORES = pa.schema(
    [
        (name, pa.string() if name in DATES else KINDS.get(name, pa.float64()))
        for name in SCORE_FIELDS
    ]
)
# In the order of their bytes, which is neither that of any language nor that of UTF-16.
IDS = ["", " ", "A", "Z", "a", "aa", "z", "É", "é", "ø", "Ω", "中", "\uff5e", "😀"]


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    """A Spark session on two cores of this machine."""
    lacking = [
        n
        for n, there in (("pyspark", find_spec("pyspark")), ("java", shutil.which("java")))
        if not there
    ]
    if lacking:
        sentence = f"needs {' and '.join(lacking)}: the spark extra, and what .ci/setup installs"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(sentence)
    session = spark_session("local[2]", room=tmp_path_factory.mktemp("spark"))
    yield session
    session.stop()


def made_lines(n_customers=400, n_lines=9_000, seed=3):
    """Sorted canonical lines with every column, nulls in all that may have them."""
    rng = np.random.default_rng(seed)
    who = np.minimum(rng.geometric(0.006, n_lines), n_customers)
    ids = np.array([f"{IDS[i % len(IDS)]}{i}" for i in range(n_customers + 1)], object)
    ordered = np.datetime64("2019-01-01", "us") + rng.integers(0, 6 * 365 * 86_400, n_lines)
    delay = rng.choice([0, 0, 0, 3_600, 20 * 86_400], n_lines)

    def some(values, share=0.8):
        there = rng.random(n_lines) < share
        return pa.array([v if t else None for v, t in zip(values.tolist(), there, strict=True)])

    order = np.array([f"o{i}" for i in rng.integers(0, 40, n_lines)], object)
    lines = pa.table(
        {
            "customer_id": pa.array(ids[who]),
            "ordered_at": ordered,
            "known_at": ordered + delay,
            "amount": rng.integers(-400_000, 2_000_000, n_lines),
            "cancelled": rng.random(n_lines) < 0.02,
            "order_id": some(order),
            "refund_of": some(order, 0.1),
            "product_id": some(np.array([f"p{i}" for i in rng.integers(0, 90, n_lines)], object)),
            "category": some(np.array(list("xyzö"), object)[rng.integers(0, 4, n_lines)]),
            "channel": some(np.array(["shop", "web"], object)[rng.integers(0, 2, n_lines)]),
            "quantity": some(rng.integers(1, 9, n_lines) / 2),
            "discount": some(rng.integers(0, 50_000, n_lines)),
            "cost": some(rng.integers(0, 900_000, n_lines)),
        }
    )
    keys = ["customer_id", *(k for k in SORT_KEYS if k in lines.column_names)]
    return lines.take(pc.sort_indices(lines, [(k, "ascending") for k in keys]))


@pytest.fixture(scope="session")
def logs(spark, tmp_path_factory):
    """One log in files, once with rows made here, once with rows made in Spark."""
    folder = tmp_path_factory.mktemp("var") / "log [of] 100% {a} b"
    tables = whole_customers(made_lines().to_batches(max_chunksize=1000), 2_000)
    ranges, _ = write_ranges(tables, CLOCK, folder, "range")
    assert len(ranges) > 2
    # Small chunks, so that tasks cut their customers apart, and elsewhere than the files do.
    engine = SparkEngine(spark, CLOCK, folder / "room", lines_a_chunk=700)
    return ShopLog(ranges), ShopLog(ranges, engine=engine)


def assert_same_bits(found, wanted):
    assert list(found.columns) == list(wanted.columns)
    assert list(found.index) == list(wanted.index)
    for name in wanted:
        assert found[name].to_numpy().tobytes() == wanted[name].to_numpy().tobytes(), name


@pytest.mark.parametrize("cutoff", CUTOFFS)
def test_a_snapshot_has_the_same_bits_from_spark(logs, cutoff):
    here, there = (snapshot(log, cutoff) for log in logs)
    assert len(here.features) > 100
    assert np.array_equal(there.customers, here.customers)
    assert_same_bits(there.features, here.features)
    assert_same_bits(there.facts, here.facts)


def test_a_panel_has_the_same_bits_from_spark(logs):
    here, there = (panel(log, CUTOFFS, [90, 365]) for log in logs)
    assert len(here) > 1000
    assert np.array_equal(there.customers, here.customers)
    assert np.array_equal(there.cutoffs, here.cutoffs)
    assert_same_bits(there.features, here.features)
    for horizon in (90, 365):
        assert_same_bits(there.labels[horizon], here.labels[horizon])


def test_what_became_known_later_is_not_seen_in_spark(logs):
    here, there = (panel(log.known_before(CUTOFFS[-1]), CUTOFFS[:2], [365]) for log in logs)
    assert_same_bits(there.features, here.features)
    assert_same_bits(there.labels[365], here.labels[365])


def score(log, *, bundle, names, cutoff, cut_points):
    """Score some customers by a bundle in a folder, as a task of the nightly batch does."""
    rows = rows_of(log, Request((cutoff,), names))
    features, facts = (
        pd.DataFrame(values.T, index=rows.customer_ids, columns=list(columns))
        for values, columns in ((rows.features, names), (rows.facts, FACTS))
    )
    scores, _ = score_rows(
        features,
        load_bundle(bundle),
        facts=facts,
        as_of=str(date_of(cutoff)),
        cut_points=cut_points,
    )
    return pa.RecordBatch.from_pandas(scores, SCORES, preserve_index=False)


def test_scores_by_given_cut_points_are_the_same_from_spark(logs, tmp_path):
    here, there = logs
    bundle = made_bundle()
    sealed_at(tmp_path / "bundle", replace(bundle, groups={**bundle.groups, "rhythm": RHYTHM}))
    shot = snapshot(here, CUTOFFS[-1])
    rows, cuts = score_rows(
        shot.features,
        load_bundle(tmp_path / "bundle"),
        facts=shot.facts,
        as_of=str(date_of(shot.cutoff)),
    )
    job = partial(
        score,
        bundle=tmp_path / "bundle",
        names=tuple(shot.features),
        cutoff=shot.cutoff,
        cut_points=cuts,
    )
    found = pa.Table.from_batches(there.engine.map(there, job, SCORES))
    wanted = pa.Table.from_pandas(rows, SCORES, preserve_index=False)
    assert wanted["churn_probability"].null_count < len(wanted) == len(found)
    assert found.combine_chunks().equals(wanted.combine_chunks())


def test_a_batch_with_its_value_fields_is_the_same_from_spark(logs, tmp_path):
    bundle = made_bundle()
    sealed_at(tmp_path / "bundle", replace(bundle, groups={**bundle.groups, "rhythm": RHYTHM}))
    (here, cuts), (there, wanted) = (
        score_shop(
            log,
            tmp_path / "bundle",
            CUTOFFS[-1],
            batch_id="b",
            eligibility=Eligibility(),
            silence=False,
            economics=Economics(0.4),
        )
        for log in logs
    )
    assert here["simple_clv"].notna().any()
    pd.testing.assert_frame_equal(here, there, check_exact=True)
    assert cuts == wanted


def refuse(log, sentence):
    raise ValueError(sentence)


def test_a_task_that_fails_says_what_it_raised_and_leaves_nothing(logs):
    engine = logs[1].engine
    job = partial(refuse, sentence="amount is negative in 3 lines")
    with pytest.raises(SparkError, match=r"task failed: ValueError: amount is negative in 3 lines"):
        list(engine.map(logs[1], job, pa.schema([("customer_id", pa.string())])))
    assert list(engine.room.iterdir()) == []


def test_a_session_here_listens_to_this_machine_alone_and_knows_no_time_zone(spark):
    settings = dict(spark.sparkContext.getConf().getAll())
    assert settings["spark.driver.host"] == settings["spark.driver.bindAddress"] == "127.0.0.1"
    assert spark.sparkContext.uiWebUrl is None
    assert spark.conf.get("spark.sql.session.timeZone") == "UTC"


@pytest.mark.parametrize(
    ("first", "environment", "sentence"),
    [
        ("import sys; sys.modules['pyspark'] = None", {}, "pip install 'perennial[spark]'"),
        ("", {"PATH": ""}, "a Java runtime, 17 or later, but no `java` is on PATH; install one"),
        ("", {"JAVA_HOME": "/nowhere"}, "but JAVA_HOME (/nowhere) holds no bin/java; install one"),
    ],
)
def test_what_spark_needs_and_lacks_is_named(first, environment, sentence):
    if environment and find_spec("pyspark") is None:
        pytest.skip("needs pyspark")
    program = f"{first}\nfrom features.spark import spark_session\nspark_session()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert sentence in done.stderr.splitlines()[-1]


def test_a_log_in_memory_is_refused(logs):
    log = ShopLog.of(logs[0].ranges[0].load())
    with pytest.raises(SparkError, match="0 of the 1 ranges of this one are: use `engine: local`"):
        list(logs[1].engine.map(log, partial(refuse, sentence=""), pa.schema([])))
