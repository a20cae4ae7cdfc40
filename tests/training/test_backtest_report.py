import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from configs.settings import load_settings
from tests.made_shop import ready_mlflow, repeated, write_shop
from training.backtest_page import save_backtest
from training.backtest_plots import CAPTIONS
from training.backtest_report import backtest_report
from training.backtest_run import log_backtest
from training.backtest_text import print_report
from training.backtest_words import standing_sentence
from training.commands import backtest
from training.tracking import Tracker

NOWHERE = {"tracking_uri": "http://127.0.0.1:9"}


@pytest.fixture(scope="module")
def name():
    return "corner-shop"


@pytest.fixture
def saved(result, name, tmp_path):
    return save_backtest(result.folds, tmp_path / "out", name=name, notes=["A <b>note</b>."])


def printed(report):
    text = io.StringIO()
    print_report(Console(file=text, width=80), report)
    return text.getvalue()


def test_report_is_strict_json_and_says_who_wins(saved):
    report = json.loads(saved.document.read_text())
    assert report == saved.report
    assert [fold["cutoff"] for fold in report["folds"]] == ["2024-01-01", "2024-03-31"]
    assert report["folds"][0]["churn"]["model"]["log_loss"] < 0.7
    (row,) = (r for r in report["standing"] if r["measure"] == "log_loss")
    assert (row["best"], row["model_rank"], row["beaten"]) == ("model", 1, ["recency"])
    assert report["summary"][0].startswith("On who does not return, perennial's model is first")
    whens = {cell["when"] for cell in report["comparison"]["cells"]}
    assert whens == {"2024-01-01", "2024-03-31", "mean"}


def test_page_stands_alone_and_shows_every_picture(saved):
    page = saved.page.read_text()
    assert page.startswith("<!doctype html>")
    assert len(re.findall(r'src="data:image/png;base64,', page)) == len(CAPTIONS)
    assert re.findall(r'(?:src|href)="(?!data:)', page) == []
    for unwanted in ("http://", "https://", "<script", "<b>note</b>"):
        assert unwanted not in page
    assert "A &lt;b&gt;note&lt;/b&gt;." in page


def test_the_same_folds_give_the_same_files(result, name, saved, tmp_path):
    again = save_backtest(result.folds, tmp_path / "b", name=name, notes=["A <b>note</b>."])
    assert again.document.read_bytes() == saved.document.read_bytes()
    assert again.page.read_bytes() == saved.page.read_bytes()


def test_text_has_every_member_and_fits_a_narrow_screen(saved):
    text = printed(saved.report)
    assert max(len(line) for line in text.splitlines()) <= 80
    for words in ("Perennial's model", "Recency", "Past rate", "AUC", "decile MAPE", "note: A <b>"):
        assert words in text


def test_without_a_fold_the_report_says_why_it_is_empty(name, tmp_path):
    empty = save_backtest([], tmp_path, name=name, notes=["The log is young."])
    assert "nothing to compare" in printed(empty.report)
    assert "nothing to compare" in empty.page.read_text()
    assert empty.plots == []


def test_without_a_model_only_rules_are_shown(result, name, tmp_path):
    fold = result.folds[0]
    bare = replace(
        fold,
        churn_probability={"recency": fold.churn_probability["recency"]},
        predicted_clv={"past_rate": fold.predicted_clv["past_rate"]},
    )
    saved = save_backtest([bare], tmp_path, name=name)
    assert "only rules are shown" in saved.report["summary"][0]
    assert "First is the rule 'recency'; there is no model." in printed(saved.report)


def test_buy_till_you_die_models_have_their_papers_names(result, name):
    fold = result.folds[0]
    more = {**fold.churn_probability, "bg_nbd": np.clip(fold.churn_probability["model"], 0.2, 0.8)}
    report = backtest_report([replace(fold, churn_probability=more)], name=name, draws=40)
    assert "BG/NBD" in printed(report)


def test_a_lost_measure_is_told_in_words():
    row = {
        "target": "churn",
        "measure": "ece",
        "best": "pareto_nbd",
        "model_rank": 2,
        "members": 4,
        "beaten": ["recency"],
        "level_with": ["base_rate"],
        "beaten_by": ["pareto_nbd"],
    }
    assert standing_sentence(row) == (
        "First is the Pareto/NBD model, the model is number 2: better than recency, not told apart "
        "from base rate, worse than Pareto/NBD."
    )


def test_a_backtest_becomes_a_run_of_its_own(saved, mlflow_db, tmp_path):
    tracker = Tracker(mlflow_db, tmp_path / "artifacts", "corner-shop")
    told = {"name": "corner-shop", "store": "postgresql://ann:hunter2@db/shop"}
    run = tracker.client.get_run(log_backtest(tracker, saved, settings=told, sha256="ab" * 32))
    assert (run.info.run_name, run.info.status) == ("backtest", "FINISHED")
    assert run.data.params["store"] == "postgresql://***@db/shop"
    mean = saved.report["mean"]["churn"]["model"]["log_loss"]
    assert run.data.metrics["mean/churn/model/log_loss"] == pytest.approx(mean)
    assert run.data.metrics["mean/churn/recency/log_loss/gain_low"] > 0
    names = {f.path for f in tracker.client.list_artifacts(run.info.run_id, "backtest")}
    assert names == {"backtest/backtest.html", "backtest/backtest.json", "backtest/plots"}


def test_the_command_writes_its_files_and_says_where_mlflow_is_not_there(tmp_path, capsys):
    config = write_shop(tmp_path, repeated(30, lambda i: [0, 40]), mlflow=NOWHERE)
    backtest(load_settings(config), as_json=True, out=tmp_path / "here")
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert "the run is not recorded: MLflow at http://127.0.0.1:9 could not" in err
    assert told["run_id"] is None
    assert told["page"] == str(tmp_path / "here" / "backtest.html")
    kept = json.loads((tmp_path / "here" / "backtest.json").read_text())
    assert kept == {key: told[key] for key in kept}
    assert any("no backtest" in note for note in told["notes"]) or told["folds"] == []


def test_the_command_logs_a_run_where_mlflow_answers(tmp_path, mlflow_template, capsys):
    ready_mlflow(tmp_path, mlflow_template)
    settings = load_settings(write_shop(tmp_path, repeated(30, lambda i: [0, 40])))
    backtest(settings, as_json=False)
    assert (settings.var / "backtest" / "backtest.html").is_file()
    assert "nothing to compare" in capsys.readouterr().out
    tracker = Tracker(settings.tracking_uri, settings.artifact_dir.absolute(), "made")
    (run,) = tracker.client.search_runs([tracker.prepare()])
    assert (run.info.run_name, run.info.status) == ("backtest", "FINISHED")
