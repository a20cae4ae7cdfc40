"""The main job through the command line: from a log to scores over HTTP, and every way to fail."""

import gzip
import io
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from pandas.testing import assert_frame_equal

from retention.dates import SILENCE
from retention.table_fields import TABLE_FIELDS
from tests.made_shop import (
    bytes_below,
    call,
    day,
    made_purchases,
    on_days,
    promoted,
    trained_shop,
    write_shop,
)
from tests.serving.made import until

ROOT = Path(__file__).parents[1]
NOWHERE = {"tracking_uri": "http://127.0.0.1:9"}
NEVER_NULL = ["churn_probability", "predicted_clv", "clv_p10", "clv_p50", "clv_p90"]


def assert_refused(done, code, *words):
    """One sentence of ours, the last on stderr, and nothing on stdout."""
    assert done.code == code, done.err
    assert done.out == ""
    ours = [line for line in done.err.splitlines() if line.startswith("perennial:")]
    assert ours == done.err.splitlines()[-1:]
    assert all(word in ours[0] for word in words), ours[0]
    assert "Traceback" not in done.err


# Bad input: what, where, what to do; nothing half-written.

BAD_LOGS = {
    "missing column": ("customer_id,ordered_at\na,2024-01-02\n", ["`amount`", "purchases.csv"]),
    "renamed column": (
        "customer_id,ordered_at,amonut\na,2024-01-02,1\n",
        ["lacks the column `amount`", "it has", "`amonut`"],
    ),
    "unreadable date": (
        "customer_id,ordered_at,amount\na,2024-01-02,1\nb,yesterday,2\n",
        ["row 3", "`ordered_at`"],
    ),
    "empty file": ("", ["purchases.csv is empty"]),
    "header alone": ("customer_id,ordered_at,amount\n", ["no purchase lines"]),
}


@pytest.mark.parametrize("command", ["check", "train", "backtest", "score", "evaluate"])
@pytest.mark.parametrize("fault", BAD_LOGS)
def test_an_unusable_log_ends_with_3_and_changes_no_file(shop, tmp_path, command, fault):
    copy = shop.copy_to(tmp_path)
    text, words = BAD_LOGS[fault]
    (tmp_path / "purchases.csv").write_text(text)
    before = bytes_below(tmp_path)
    more = ["--cutoff", day(300), "--out", tmp_path / "out"] if command == "evaluate" else []
    assert_refused(call(command, "-c", copy.config, "--json", *more), 3, *words)
    assert bytes_below(tmp_path) == before
    assert not (tmp_path / "out").exists()


def test_an_unknown_key_ends_with_2_and_is_named_with_its_line(tmp_path):
    config = tmp_path / "shop.yaml"
    config.write_text("purchases: {source: x.csv}\nhorizon: {churn_days: 9}\n")
    assert_refused(call("train", "-c", config, "--json"), 2, "`horizon` (line 2)", "`horizons`")
    assert [p.name for p in tmp_path.iterdir()] == ["shop.yaml"]


@pytest.mark.parametrize("cutoff", [day(0), "1990-01-01"])
def test_a_cutoff_before_the_first_line_ends_with_3_and_writes_no_result(shop, tmp_path, cutoff):
    copy = shop.copy_to(tmp_path)
    before = bytes_below(tmp_path)
    done = call(
        "evaluate", "-c", copy.config, "--cutoff", cutoff, "--out", tmp_path / "o", "--json"
    )
    assert_refused(done, 3, cutoff, "the first line is of", "choose a later cutoff")
    assert bytes_below(tmp_path) == before
    assert not (tmp_path / "o").exists()


def test_results_are_not_written_over_a_file(shop, tmp_path):
    (tmp_path / "file").write_text("mine")
    words = ["--cutoff", day(300), "--out", tmp_path / "file"]
    assert_refused(call("evaluate", "-c", shop.config, *words), 2, "file is a file; name a folder")
    assert (tmp_path / "file").read_text() == "mine"
    words[-1] = tmp_path / "file" / "deeper"
    assert_refused(call("evaluate", "-c", shop.config, *words), 2, "file is no folder")


def test_scoring_ahead_of_today_or_without_a_model_changes_nothing(shop, tmp_path):
    copy = shop.copy_to(tmp_path)
    before = bytes_below(tmp_path)
    assert_refused(call("score", "-c", copy.config, "--as-of", "2999-01-01", "--json"), 3, "ahead")
    assert bytes_below(tmp_path) == before
    (copy.settings.models_dir / "current.json").unlink()
    assert_refused(call("score", "-c", copy.config, "--json"), 1, "run `perennial train`")
    assert "var/scores.db" not in bytes_below(tmp_path)


def test_a_port_in_use_ends_with_1(shop):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = call("serve", "-c", shop.config, "--port", port)
    assert_refused(done, 1, f"port {port} on 127.0.0.1 is in use")


# The main job.


@pytest.fixture(scope="module")
def shop(mlflow_template):
    return trained_shop(mlflow_template)


def test_train_prints_one_document(shop):
    document = json.loads(shop.trained.out)
    assert document["version"] == promoted(shop.settings.models_dir)["version"]
    assert set(document["served"]) == {"return", "value"}
    assert document["metrics"]["churn"]["model"]["auc"] > 0.7


def test_evaluate_writes_results_and_touches_no_store_registry_or_model(shop, tmp_path):
    copy = shop.copy_to(tmp_path / "shop")
    before = bytes_below(copy.settings.var)
    out = tmp_path / "out"
    words = ["--cutoff", day(300), "--horizon-days", 60, "--out", out, "--json"]
    done = call("evaluate", "-c", copy.config, *words)
    assert done.code == 0, done.err
    assert json.loads(done.out) == json.loads((out / "metrics.json").read_text())
    assert bytes_below(copy.settings.var) == before
    assert {p.name for p in out.iterdir()} == {"metrics.json", "predictions.parquet"}
    rows = pd.read_parquet(out / "predictions.parquet")
    known = shop.purchases[lambda f: f["ordered_at"] < day(300)]
    assert set(rows["customer_id"]) == set(known["customer_id"])
    assert rows[NEVER_NULL].notna().all(axis=None)


@contextmanager
def served(config):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    words = [sys.executable, "-m", "perennial", "serve", "-c", str(config), "--port", str(port)]
    made = call("token", "-c", config, "create", "--scope", "read:scores", "--json")
    token = json.loads(made.out)["token"]
    process = subprocess.Popen(
        words, cwd=ROOT, env=dict(os.environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    head = {"Authorization": f"Bearer {token}"}
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, headers=head) as client:

        def ready():
            assert process.poll() is None
            with suppress(httpx2.TransportError):
                return client.get("/readyz").status_code == 200
            return False

        try:
            until(ready)
            yield client
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def test_scores_over_http_and_predict_agree_for_a_hundred_customers(shop, tmp_path):
    copy = shop.copy_to(tmp_path)
    done = call("score", "-c", copy.config, "--as-of", day(350), "--json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert len(document["items"]) == 10
    known = shop.purchases[lambda f: f["ordered_at"] < day(350)]
    ids = known["customer_id"].unique()[:100].tolist()
    purchases = shop.purchases[lambda f: f["customer_id"].isin(ids)]
    body = {"as_of": day(350), "purchases": json.loads(purchases.to_json(orient="records"))}
    with served(copy.config) as client:
        looked_up = client.post("/v1/scores", json={"customer_ids": ids}).json()
        predicted = client.post("/predict", json=body).json()
    assert looked_up["batch_id"] == predicted["batch_id"] == document["batch_id"]
    published = {row["customer_id"]: row for row in looked_up["results"]}
    assert list(published) == ids
    assert len(predicted["results"]) == 100
    for row in predicted["results"]:
        assert_equal(row, published[row["customer_id"]])


# A batch searches a year ahead for each customer and reads the shop's tables; a request does not.
OF_A_BATCH = (*SILENCE, *TABLE_FIELDS)


def assert_equal(one, two):
    assert set(one) == set(two)
    for name, value in one.items():
        if name in ("batch_id", "risk_change", "tier_since"):
            continue
        if name in OF_A_BATCH:
            assert value is None
            assert one["missing"][name] == "batch_only"
            continue
        if name == "missing":
            kept = [
                {n: c for n, c in told.items() if n not in OF_A_BATCH}
                for told in (value, two[name])
            ]
            assert kept[0] == kept[1]
            continue
        if isinstance(value, float):
            assert value == pytest.approx(two[name], abs=1e-6), name
        elif name == "reasons":
            assert [r["text"] for r in value] == [r["text"] for r in two[name]]
        else:
            assert value == two[name], name


# CDNOW, the bundled log: one fit from the raw text, one from Parquet cut off at the cutoff.


def cdnow_text(one_in):
    """The log's text with one customer in so many, every so manyth by number."""
    with gzip.open(ROOT / "configs" / "data" / "cdnow_master.txt.gz", "rt") as file:
        header, *rows = file
    return "".join([header, *(row for row in rows if int(row.split()[0]) % one_in == 0)])


def cdnow_lines(text):
    names = ["customer_id", "ordered_at", "quantity", "amount"]
    lines = pd.read_csv(
        io.StringIO(text), sep=r"\s+", header=0, names=names, dtype={"customer_id": str}
    )
    stamps = pd.to_datetime(lines["ordered_at"].astype(str), format="%Y%m%d")
    return lines.assign(ordered_at=stamps)


@pytest.mark.parametrize(
    ("one_in", "customers"), [(10, 2357), pytest.param(1, 23_570, marks=pytest.mark.long)]
)
def test_cdnow_as_text_and_as_parquet_without_its_future_predicts_the_same(
    tmp_path, one_in, customers
):
    cutoff = ["--cutoff", "1997-10-01", "--horizon-days", 91, "--json"]
    text = tmp_path / "text.yaml"
    settings = (ROOT / "configs" / "cdnow.yaml").read_text()
    few = "training: {cutoffs: 1}\n"  # a lighter fit; the test is about what it reads
    source, log = tmp_path / "cdnow.txt.gz", cdnow_text(one_in)
    source.write_bytes(gzip.compress(log.encode()))
    settings = settings.replace("configs/data/cdnow_master.txt.gz", str(source))
    text.write_text(f"{settings}{few}var: {tmp_path}/a\n")
    done = call("evaluate", "-c", text, *cutoff, "--out", tmp_path / "text")
    assert done.code == 0, done.err
    lines = cdnow_lines(log)
    lines[lines["ordered_at"] < "1997-10-01"].to_parquet(tmp_path / "cdnow.parquet")
    parquet = tmp_path / "parquet.yaml"
    parquet.write_text(
        f"purchases: {{source: {tmp_path}/cdnow.parquet, timezone: America/New_York}}\n"
        f"{few}var: {tmp_path}/b\n"
    )
    again = call("evaluate", "-c", parquet, *cutoff, "--out", tmp_path / "parquet")
    assert again.code == 0, again.err
    one, two = (pd.read_parquet(tmp_path / d / "predictions.parquet") for d in ("text", "parquet"))
    assert len(one) == customers
    assert one[NEVER_NULL].notna().all(axis=None)
    labels = ["churned", "future_orders", "future_value"]
    assert_frame_equal(one.drop(columns=labels), two.drop(columns=labels), check_exact=True)
    assert one[labels].notna().all(axis=None)
    assert two[labels].isna().all(axis=None)
    measured = json.loads(done.out)
    assert measured["churn"]["auc"] > 0.77
    assert np.isfinite(list(measured["value"].values())).all()
    assert json.loads(again.out)["churn"] is None


# The newcomer: a CSV of three columns and nothing else.


def quickstart(folder, purchases, *words, name="my shop.csv", **how):
    purchases.to_csv(folder / name, index=False, **how)
    return call("quickstart", folder / name, *words)


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory):
    """A CSV with odd names, day-first dates, and ids that a spreadsheet would run."""
    folder = tmp_path_factory.mktemp("newcomer")
    purchases = pd.concat(
        [made_purchases(80), on_days(("=1+1", 20 * k, 9.5) for k in range(15))], ignore_index=True
    )
    days = pd.to_datetime(purchases["ordered_at"]).dt.strftime("%d/%m/%Y")
    odd = purchases.assign(ordered_at=days, note="x")
    odd.columns = pd.Index(["Kunde [nr]", "Datum", "Betrag", "[/b]"])
    odd = odd.rename(columns={"Kunde [nr]": "client"}).rename(
        columns={"Datum": "order date", "Betrag": "total"}
    )
    odd.to_csv(folder / "my shop.csv", index=False, sep=";", encoding="utf-8-sig")
    out = folder / "results"
    return folder, call("quickstart", folder / "my shop.csv", "--out", out, "--horizon-days", 60)


def test_quickstart_gives_everybodys_scores_in_one_command(newcomer):
    folder, done = newcomer
    assert done.code == 0, done.err
    assert "columns not used: [/b]" in done.out
    assert "scores.csv" in done.err
    scores = pd.read_csv(folder / "results" / "scores.csv", dtype={"customer_id": str})
    assert len(scores) == 81
    assert "'=1+1" in set(scores["customer_id"])
    assert scores["churn_probability"].between(0, 1).all()
    written = {p.name for p in (folder / "results").iterdir()}
    assert written == {"my_shop.yaml", "scores.csv", "first-list.csv", "var"}
    assert "30% of net spend is left after goods" in done.out
    assert "make --name first --cost 0.10 --margin 0.3" in done.out


def test_quickstart_again_skips_and_a_new_horizon_is_not_passed_over(newcomer):
    folder, _ = newcomer
    again = call("quickstart", folder / "my shop.csv", "--out", folder / "results", "--json")
    assert again.code == 0, again.err
    assert "training is skipped" in again.err
    told = json.loads(again.out)
    assert told["unchanged"]
    assert told["first_list"]["assumed_margin"] == 0.3
    before = bytes_below(folder / "results")
    words = ["--out", folder / "results", "--horizon-days", 30]
    assert_refused(call("quickstart", folder / "my shop.csv", *words), 2, "not 30 days")
    assert bytes_below(folder / "results") == before


@pytest.mark.parametrize(
    ("header", "days", "sentence"),
    [
        ("customer,date,amount", ["03/04/2024", "05/06/2024"], "read both as"),
        ("customer,date,amount", ["soon", "later"], "cannot be read"),
        ("wer,was,wieviel", ["x", "y"], "cannot be told"),
    ],
)
def test_quickstart_asks_rather_than_guesses_and_writes_nothing(tmp_path, header, days, sentence):
    rows = "".join(f"c{i},{d},{i}.5\n" for i, d in enumerate(days))
    (tmp_path / "shop.csv").write_text(f"{header}\n{rows}")
    assert_refused(call("quickstart", tmp_path / "shop.csv"), 3, sentence)
    assert [p.name for p in tmp_path.iterdir()] == ["shop.csv"]


def test_quickstart_takes_a_file_name_that_no_folder_should_have(tmp_path):
    (tmp_path / "50% off.csv").write_text("customer,date,amount\na,soon,1\n")
    assert_refused(call("quickstart", tmp_path / "50% off.csv"), 3, "cannot be read")
    folder = tmp_path / "50%"
    folder.mkdir()
    made_purchases(20).to_csv(folder / "shop.csv", index=False)
    assert_refused(call("quickstart", folder / "shop.csv"), 2, "must not contain %", "--out")
    assert [p.name for p in folder.iterdir()] == ["shop.csv"]


def test_the_log_kept_by_a_command_is_whole(shop):
    kept = [pq.read_metadata(p).num_rows for p in shop.settings.log_dir.glob("*.parquet")]
    assert sum(kept) == len(shop.purchases)


def test_thirty_customers_are_enough_for_the_whole_path(tmp_path):
    config = write_shop(tmp_path, made_purchases(30), mlflow=NOWHERE)
    for command in ("check", "train", "backtest", "score"):
        done = call(command, "-c", config, "--json")
        assert done.code == 0, done.err
        json.loads(done.out)
    assert json.loads(done.out)["customers"] == 30
