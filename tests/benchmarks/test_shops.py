"""Simulated shops: the same for a seed, readable by perennial, and true to their laws."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks.shop_truth import history, returned
from benchmarks.shops import SHOPS, main, write_shop
from configs.settings import load_settings
from training.inputs import load

KNOWN = [name for name, shop in SHOPS.items() if shop.truth]


def returns_at(name, cutoff, scale=1.0):
    shop = SHOPS[name]
    lines = shop.make(7, scale)
    return lines, returned(lines, cutoff, shop.horizon_days)


def truth_at(name, lines, cutoff):
    shop = SHOPS[name]
    assert shop.truth is not None
    return shop.truth(lines, cutoff, shop.horizon_days).reindex(history(lines, cutoff).index)


def test_history_of_two_customers():
    lines = pd.DataFrame(
        {
            "customer_id": ["A", "A", "A", "B", "A"],
            "order_id": ["1", "1", "2", "3", "2"],
            "ordered_at": pd.to_datetime(
                ["2024-01-01 09:00", "2024-01-01 09:00", "2024-01-11 20:00", "2024-01-31 23:00",
                 "2024-01-20 12:00"]
            ),
            "amount": [5.0, 6.0, 7.0, 8.0, -7.0],
        }
    )  # fmt: skip
    found = history(lines, "2024-02-01")
    assert found.loc["A"].to_dict() == {"x": 1, "t_x": 10, "T": 31, "silent": 21}
    assert found.loc["B"].to_dict() == {"x": 0, "t_x": 0, "T": 1, "silent": 1}


@pytest.mark.parametrize("name", SHOPS)
def test_a_shop_is_the_same_for_a_seed_and_in_canonical_columns(name):
    shop = SHOPS[name]
    lines = shop.make(3, 0.1)
    pd.testing.assert_frame_equal(lines, shop.make(3, 0.1))
    assert not lines.equals(shop.make(4, 0.1))
    assert lines["ordered_at"].dtype == "datetime64[us]"
    assert lines["ordered_at"].is_monotonic_increasing
    assert not lines.isna().any().any()
    np.testing.assert_array_equal(lines["amount"], lines["amount"].round(2))
    bought = lines[lines["amount"] >= 0]
    assert (bought.groupby("order_id")["customer_id"].nunique() == 1).all()


@pytest.mark.parametrize("name", SHOPS)
def test_every_horizon_closes_within_the_log_and_tuning_comes_before_judging(name):
    shop = SHOPS[name]
    end = shop.make(3, 0.3)["ordered_at"].max().ceil("D")
    last = pd.Timestamp(max(shop.cutoffs)) + pd.Timedelta(days=shop.horizon_days)
    assert last <= end
    assert max(shop.dev_cutoffs) < min(shop.cutoffs)


@pytest.mark.parametrize("name", KNOWN)
def test_the_known_truth_is_calibrated(name):
    for cutoff in SHOPS[name].cutoffs:
        lines, came = returns_at(name, cutoff)
        truth = truth_at(name, lines, cutoff)
        tenth = pd.qcut(truth.rank(method="first"), 10, labels=False)
        error = (came - truth).groupby(tenth).sum()
        spread = np.sqrt((truth * (1 - truth)).groupby(tenth).sum())
        assert (np.abs(error / spread) < 4).all()  # ten of them: by chance once in 1,600 runs
        assert abs(error.sum()) < 4 * np.sqrt((spread**2).sum())


def test_silence_is_all_there_is_to_know_in_pure_recency():
    shop = SHOPS["pure_recency"]
    lines = shop.make(7, 0.3)
    past = history(lines, shop.cutoffs[0])
    truth = truth_at("pure_recency", lines, shop.cutoffs[0])
    odds = np.log((1 - truth) / truth)
    slope, level = np.polyfit(np.log1p(past["silent"]), odds, 1)
    np.testing.assert_allclose(odds, level + slope * np.log1p(past["silent"]), atol=1e-9)


def test_hardly_any_signal_allows_an_auc_of_little_more_than_a_half():
    cutoff = SHOPS["hardly_any_signal"].cutoffs[1]
    lines, came = returns_at("hardly_any_signal", cutoff)
    truth = truth_at("hardly_any_signal", lines, cutoff)
    assert 0.54 < roc_auc_score(came, truth) < 0.60


def test_december_buyers_return_after_a_year_rather_than_after_a_month():
    for cutoff in SHOPS["december_buyers"].cutoffs:
        lines, came = returns_at("december_buyers", cutoff)
        silent = history(lines, cutoff)["silent"]
        assert came[silent.between(300, 350)].mean() > 1.8 * came[silent < 45].mean()


def test_autumn_doubles_the_orders_of_seasonal_retail_and_not_those_of_seasonless():
    rise = {}
    for name in ("seasonal_retail", "seasonless"):
        lines = SHOPS[name].make(7)
        month = lines[lines["amount"] >= 0].drop_duplicates("order_id")["ordered_at"].dt.strftime
        count = month("%Y-%m").value_counts()
        autumn = count[["2024-09", "2024-10", "2024-11"]].sum()
        rise[name] = autumn / count[["2024-06", "2024-07", "2024-08"]].sum()
    assert 1.6 < rise["seasonal_retail"] < 2.2
    assert 0.9 < rise["seasonless"] < 1.15


@pytest.mark.parametrize("name", ["seasonal_retail", "regular_subscribers"])
def test_perennial_reads_every_line_of_a_written_shop(tmp_path, name):
    path = write_shop(tmp_path, name, scale=0.05)
    settings = load_settings(path)
    settings = settings.model_copy(update={"var": tmp_path / "var"})
    lines = pd.read_parquet(settings.purchases.source)
    assert settings.horizons.churn_days == SHOPS[name].horizon_days
    assert load(settings).log.facts.lines == len(lines)


def test_an_unknown_shop_is_named_with_the_known_ones(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(tmp_path), "grocry"])
    assert "no shop is called grocry; choose of seasonal_retail" in capsys.readouterr().err
