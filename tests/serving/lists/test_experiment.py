"""An experiment as a CSV: read, measured on halves, its arms named by the shop's own words."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from configs.settings import load_settings
from features.errors import DataError
from serving.lists.errors import ListRefused
from serving.lists.experiment import experiment_report, read_experiment
from serving.lists.uplift_commands import uplift
from tests.made_shop import call, made_purchases, write_shop

N = 4000


@pytest.fixture(scope="module")
def mail(tmp_path_factory):
    """E-mails that bring back lapsed customers and drive recent ones away."""
    draw = np.random.default_rng(0)
    recency = draw.integers(1, 13, N)
    arm = draw.choice(["No E-Mail", "Mens E-Mail", "Womens E-Mail"], N)
    sent = arm != "No E-Mail"
    chance = 0.2 + sent * np.where(recency > 6, 0.15, -0.1)
    table = pd.DataFrame(
        {
            "customer_id": np.arange(N) // 2,
            "address": [f"street {i}" for i in range(N)],
            "number": np.arange(N),
            "recency": recency,
            "channel": draw.choice(["Web", "Phone"], N),
            "segment": arm,
            "visit": (draw.random(N) < chance).astype(int),
        }
    )
    path = tmp_path_factory.mktemp("mail") / "mail.csv"
    table.to_csv(path, index=False)
    return path


COLUMNS: dict[str, Any] = {"treatment": "segment", "outcome": "visit", "control": "No E-Mail"}


def test_words_become_columns_and_ids_are_left_out(mail):
    read = read_experiment(mail, **COLUMNS)
    assert read.names == ["recency", "channel Phone", "channel Web"]
    assert read.rows.features.shape == (N, 3)
    assert len(np.unique(read.rows.customer)) == N / 2
    assert read.rows.propensity[0] == pytest.approx(2 / 3, abs=0.02)


def test_who_is_moved_is_found_and_who_is_driven_away_is_named(mail):
    told = experiment_report(mail, **COLUMNS)
    assert all(half["qini"]["low"] > 0 for half in told["halves"])
    assert all(half["top"]["mean"] > 0.1 for half in told["halves"])
    assert [g["name"] for g in told["groups"] if g["driven_away"]]
    assert all("recency at most" in g["name"] for g in told["groups"] if g["driven_away"])


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"treatment": "arm"}, ListRefused, "has no column 'arm'"),
        ({"control": None}, DataError, "name the one of those left alone with --control"),
        ({"outcome": "channel"}, DataError, "'channel' .* is no number in 4000 of 4000 rows"),
    ],
)
def test_what_cannot_be_an_experiment_says_what_to_do(mail, changes, error, sentence):
    with pytest.raises(error, match=sentence):
        read_experiment(mail, **{**COLUMNS, **changes})


def test_the_command_prints_a_table(mail, tmp_path):
    config = write_shop(tmp_path, made_purchases(5))
    words = [word for name, value in COLUMNS.items() for word in (f"--{name}", value)]
    done = call("list", "-c", config, "uplift", "--experiment", mail, *words)
    assert done.code == 0, done.err
    assert "driven away" in done.out
    assert call("list", "-c", config, "uplift", "--json").code == 3
    settings = load_settings(config)
    with pytest.raises(ListRefused, match="--treatment and --outcome"):
        uplift(settings, experiment=mail)
    with pytest.raises(ListRefused, match="must be one of t, x, class, got 's'"):
        uplift(settings, learner="s")
    with pytest.raises(ListRefused, match="outcome of 0 or 1, and 'recency' has other values"):
        experiment_report(mail, **{**COLUMNS, "outcome": "recency", "learner": "class"})


def with_outcomes(mail, tmp_path):
    """The same with what came of the visits: orders and spend, as in Hillstrom's file."""
    table = pd.read_csv(mail)
    draw = np.random.default_rng(1)
    bought = table["visit"].to_numpy(bool) & (draw.random(N) < 0.5)
    table["conversion"] = bought.astype(int)
    table["spend"] = np.where(bought, draw.gamma(2, 50, N).round(2), 0.0)
    table["rare"] = (np.arange(N) == int(np.argmax(table["visit"].to_numpy()))).astype(int)
    path = tmp_path / "hillstrom.csv"
    table.to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        ("visit", "column 'conversion' .* is zero wherever 'visit' is.* --ignore"),
        ("spend", "column 'visit' .* is never zero where 'spend' is not.* --features"),
    ],
)
def test_what_came_with_the_outcome_is_no_feature(mail, tmp_path, outcome, sentence):
    path = with_outcomes(mail, tmp_path)
    with pytest.raises(DataError, match=sentence):
        read_experiment(path, **{**COLUMNS, "outcome": outcome})


def test_columns_to_learn_from_are_named_or_left_out(mail, tmp_path):
    path = with_outcomes(mail, tmp_path)
    read = read_experiment(path, **COLUMNS, ignore=["conversion", "spend"])
    # One row alone goes with the outcome by chance, so `rare` is a feature.
    assert read.names == ["recency", "channel Phone", "channel Web", "rare"]
    named = read_experiment(path, **COLUMNS, features=["recency", "conversion"])
    assert named.names == ["recency", "conversion"]
    assert len(np.unique(named.rows.customer)) == N / 2
    with pytest.raises(ListRefused, match="no column 'age', which --features names"):
        read_experiment(path, **COLUMNS, features=["age"])
    with pytest.raises(ListRefused, match="--ignore names 'visit', which is the treatment or"):
        read_experiment(path, **COLUMNS, ignore=["visit"])


def test_the_command_takes_columns_with_commas(mail, tmp_path, capsys):
    path = with_outcomes(mail, tmp_path)
    settings = load_settings(write_shop(tmp_path, made_purchases(5)))
    uplift(settings, experiment=path, **COLUMNS, ignore=["conversion, spend", "rare"], as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["features"] == ["recency", "channel Phone", "channel Web"]
    with pytest.raises(ListRefused, match="of an --experiment"):
        uplift(settings, ignore=["spend"])
