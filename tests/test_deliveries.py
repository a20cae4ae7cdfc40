"""A folder of deliveries by the command line: what is added, what is refused, what is equal."""

import json

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from tests.made_shop import bytes_below, call, made_purchases, write_shop

NOWHERE = {"tracking_uri": "http://127.0.0.1:9"}


def purchases(customers=200):
    """Purchases with an order id each; those of 600 customers are enough to judge a delivery."""
    frame = made_purchases(customers, 300, seed=3)
    return frame.assign(order_id=[f"o{i}" for i in range(len(frame))])


def shop_in(folder, parts, **settings):
    """A shop whose source is a folder with one CSV a part."""
    config = write_shop(folder, parts[0], mlflow=NOWHERE, **settings)
    told = json.loads(config.read_text())
    told["purchases"]["source"] = str(folder / "in")
    config.write_text(json.dumps(told))
    (folder / "in").mkdir(exist_ok=True)
    for i, part in enumerate(parts):
        part.to_csv(folder / "in" / f"{i}.csv", index=False)
    return config


def evaluated(config, out):
    done = call("evaluate", "-c", config, "--cutoff", "2023-09-01", "--out", out, "--json")
    assert done.code == 0, done.err
    return pd.read_parquet(out / "predictions.parquet")


def test_r5_shuffled_delivered_twice_or_split_the_predictions_are_the_same(tmp_path):
    lines = purchases()
    draw = np.random.default_rng(0)
    shuffled = lines.sample(frac=1, random_state=0)
    pieces = draw.integers(0, 7, len(lines))
    split = [lines[pieces == i] for i in range(7)]
    # The second copy has other bytes, so that it is lines that are recognised and not the file.
    twice = [lines, lines.iloc[::-1]]
    wanted = evaluated(shop_in(tmp_path / "as is", [lines]), tmp_path / "out")
    for name, parts in {"shuffled": [shuffled], "twice": twice, "split": split}.items():
        found = evaluated(shop_in(tmp_path / name, parts), tmp_path / f"out {name}")
        assert_frame_equal(found, wanted, check_exact=True)


@pytest.mark.parametrize("fault", ["a missing day", "half the volume"])
def test_r2_an_odd_delivery_is_refused_by_train_and_told_by_check(tmp_path, fault):
    lines = purchases(600)
    late = lines["ordered_at"] >= "2023-09-01"
    config = shop_in(tmp_path, [lines[~late]])
    assert call("check", "-c", config, "--json").code == 0
    day = lines["ordered_at"].between("2023-09-04", "2023-09-04T99")
    gone = day if fault == "a missing day" else pd.Series(np.arange(len(lines)) % 10 < 6)
    lines[late & ~gone].to_csv(tmp_path / "in" / "1.csv", index=False)
    before = bytes_below(tmp_path / "var" / "log")
    done = call("train", "-c", config, "--json")
    assert done.code == 3
    assert done.out == ""
    assert "unlike those before" in done.err
    assert bytes_below(tmp_path / "var" / "log") == before
    assert not (tmp_path / "var" / "models").exists()
    told = call("check", "-c", config, "--json")
    assert told.code == 0
    assert any("latest delivery" in note for note in json.loads(told.out)["notes"])
    assert call("train", "-c", config, "--json").code == 3, "to be told of it is not to take it"
    settings = json.loads(config.read_text())
    settings["purchases"]["check_deliveries"] = False
    config.write_text(json.dumps(settings))
    assert call("train", "-c", config, "--json").code == 0


def test_a_month_added_gives_the_scores_of_the_whole_log(tmp_path):
    lines = purchases()
    late = lines["ordered_at"] >= "2023-10-01"
    grown = shop_in(tmp_path / "grown", [lines[~late]])
    assert call("train", "-c", grown, "--json").code == 0
    lines[late].to_csv(tmp_path / "grown" / "in" / "1.csv", index=False)
    whole = shop_in(tmp_path / "whole", [lines])
    one, two = (evaluated(c, tmp_path / c.parent.name / "out") for c in (grown, whole))
    assert_frame_equal(one, two, check_exact=True)
