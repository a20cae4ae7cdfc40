import datetime
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from models.intervals import Interval
from training.card import card, card_html, save_card
from training.card_words import gate_sentences, known_limits
from training.plots import CAPTIONS, save_plots
from training.results import GateDecision


@pytest.fixture
def page(result, tmp_path):
    return card_html(card(result), save_plots(result, tmp_path / "plots"))


def test_card_tells_what_was_learned_from_what_and_how_well(result):
    made = card(result)
    assert made["served"] == {"return": "model", "value": "past_rate"}
    assert made["horizons"] == {"churn_days": 90, "value_days": 365}
    assert made["seed"] == 7
    assert made["data"]["orders"] == 4000
    assert made["versions"]["numpy"] == np.__version__
    assert made["top_features"][0] == {
        "feature": "days_since_last",
        "importance": 0.6,
        "share": pytest.approx(0.6),
    }
    assert [fold["cutoff"] for fold in made["folds"]] == ["2024-01-01", "2024-03-31"]
    fold = made["folds"][0]
    assert fold["customers"] == 400
    assert fold["churn"]["model"]["log_loss"] < fold["churn"]["recency"]["log_loss"]
    assert fold["value"]["past_rate"]["mae_p50"] is None
    assert fold["quantiles"]["clv_p10"]["share_below"] == 0
    assert made["gates"][0]["versus"]["recency"] == {"mean": 0.05, "low": 0.02, "high": 0.08}


def test_card_is_strict_json_even_where_nothing_is_defined(result):
    fold = result.folds[0]
    nobody = replace(
        fold,
        churned=np.ones_like(fold.churned),
        future_value=np.zeros_like(fold.future_value),
    )
    made = card(replace(result, folds=[nobody]))
    assert made["mean"]["churn"]["model"]["auc"] is None
    assert json.loads(json.dumps(made, allow_nan=False)) == made
    assert "–" in card_html(made, [])


def test_the_same_result_gives_the_same_card(result, tmp_path):
    plots = save_plots(result, tmp_path / "plots")
    first, second = (save_card(result, plots, tmp_path / name) for name in ("a", "b"))
    assert [path.name for path in first] == ["card.json", "card.html"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_card_holds_neither_password_nor_a_single_customers_number(result, tmp_path):
    fold = result.folds[0]
    fold.future_value[0], fold.predicted_clv["model"][0] = 7654.321, 8765.432
    for path in save_card(result, save_plots(result, tmp_path / "plots"), tmp_path / "card"):
        text = path.read_text()
        assert "postgresql://***@db/shop" in text
        for canary in ("hunter2", "7654.3", "8765.4"):
            assert canary not in text


def test_card_is_the_same_size_for_more_customers(result):
    def leaves(value):
        if isinstance(value, dict | list):
            items = value.values() if isinstance(value, dict) else value
            return sum(leaves(item) for item in items)
        return 1

    fold = result.folds[0]
    few = replace(
        fold,
        churned=fold.churned[:50],
        future_value=fold.future_value[:50],
        churn_probability={k: v[:50] for k, v in fold.churn_probability.items()},
        predicted_clv={k: v[:50] for k, v in fold.predicted_clv.items()},
        clv_p10=fold.clv_p10[:50],
        clv_p50=fold.clv_p50[:50],
        clv_p90=fold.clv_p90[:50],
        customers=fold.customers[:50],
        n_orders=fold.n_orders[:50],
        tenure_days=fold.tenure_days[:50],
    )
    small, large = (leaves(card(replace(result, folds=[f]))) for f in (few, fold))
    assert small == large


def test_page_stands_alone(page):
    assert len(re.findall(r'src="data:image/png;base64,', page)) == len(CAPTIONS)
    assert re.findall(r'(?:src|href)="(?!data:)', page) == []
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page
    assert "prefers-color-scheme: dark" in page


def test_page_says_first_what_is_served(page):
    assert "the rule &#39;past rate&#39; is served" in page[: page.index("<h2>")]
    for caption in CAPTIONS.values():
        assert caption.replace("'", "&#39;") in page


def test_page_shows_markup_in_a_name_as_text(result):
    page = card_html(card(replace(result, name="<script>x</script>", notes=["<b>n</b>"])), [])
    assert "<script>" not in page
    assert "&lt;b&gt;n&lt;/b&gt;" in page


def test_page_without_backtest_gate_or_features_is_still_a_page(result):
    bare = replace(result, folds=[], gates=[], importance={}, data={}, settings={})
    page = card_html(card(bare), [])
    assert "There was no backtest" in page
    assert page.rstrip().endswith("</html>")


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [
        (Interval(0.2, 0.1, 0.3), "perennial's model is better"),
        (Interval(-0.2, -0.3, -0.1), "perennial's model is worse"),
        (Interval(0.2, -0.1, 0.3), "no difference is shown"),
    ],
)
def test_an_interval_is_told_in_words(interval, verdict):
    gate = GateDecision("return", "model", "by time", {"recency": interval}, "it is best.")
    served, versus = gate_sentences(gate)
    assert served.endswith("perennial's model is served: it is best.")
    assert f"Against the rule 'recency': {verdict}" in versus


def test_limits_name_a_short_log_and_a_gate_that_is_not_by_time(result):
    short = result.data | {"first_day": datetime.date(2024, 1, 1)}
    limits = known_limits(replace(result, data=short))
    assert any("covers 182 days, less than two years" in limit for limit in limits)
    assert any("judged on other customers" in limit for limit in limits)
    assert any("2 cutoffs" in limit for limit in limits)
    assert any("Only 400 customers" in limit for limit in limits)
    assert limits[-1] == "A note of the job."


def test_a_long_log_with_many_customers_has_the_general_limits_only(result):
    ample = replace(
        result,
        data=result.data | {"first_day": "2020-01-01", "customers": np.int64(90_000)},
        folds=result.folds * 2,
        gates=result.gates[:1],
        notes=[],
    )
    assert len(known_limits(ample)) == 4


def test_card_tells_calibration_by_segment_and_challengers_with_intervals(result):
    made = card(result)
    assert [row["segment"] for row in made["segments"] if row["by"] == "orders"] == [
        "1 order",
        "2 to 4 orders",
        "5 or more orders",
    ]
    log_loss = made["challengers"]["churn"]["recency"]["log_loss"]
    assert log_loss["low"] <= log_loss["value"] <= log_loss["high"]
    assert log_loss["verdict"] == "model better"
    assert made["challengers"]["mean_of"] == ["2024-01-01", "2024-03-31"]
    assert [row["cutoff"] for row in made["levels"]] == ["2024-01-01", "2024-03-31"]
    assert set(made["quantiles"]) == {"clv_p10", "clv_p50", "clv_p90"}


def test_page_shows_segments_quantiles_levels_and_how_it_was_gated(page):
    for heading in ("Calibration by segment", "Level, cutoff by cutoff", "What it was trained on"):
        assert f"<h2>{heading}</h2>" in page
    assert "gated by customer, not by time" in page
    assert "5 or more orders" in page


def test_without_customers_numbers_the_card_has_value_tiers_alone(result):
    bare = [
        replace(f, customers=np.empty(0, int), n_orders=np.empty(0), tenure_days=np.empty(0))
        for f in result.folds
    ]
    assert {row["by"] for row in card(replace(result, folds=bare))["segments"]} == {"value tier"}


def test_a_level_far_off_is_a_known_limit(result):
    high = replace(
        result.folds[-1],
        predicted_clv={m: 2 * v for m, v in result.folds[-1].predicted_clv.items()},
    )
    limits = card(replace(result, folds=[result.folds[0], high]))["limits"]
    assert any("too high by more than chance explains" in limit for limit in limits)


def test_a_reason_names_rules_without_underscores():
    gate = GateDecision("value", "past_rate", "by time", {}, "the best rule is past_rate")
    assert gate_sentences(gate)[0].endswith("is served: the best rule is past rate.")


def test_card_tells_how_far_the_known_formula_was_off(result):
    assert card(result)["formula"] == []
    folds = [replace(f, formula=2 * f.future_value) for f in result.folds]
    folds[0].formula[:10] = np.nan
    told = card(replace(result, folds=folds))["formula"]
    assert [row["cutoff"] for row in told] == ["2024-01-01", "2024-03-31"]
    assert [row["customers"] for row in told] == [390, 400]
    # As in `served`: the rule tells the value, so it is what the formula is held against.
    assert told[1]["member"] == "past_rate"
    assert told[1]["formula_bias"] == pytest.approx(1.0)
    rule, came = folds[1].predicted_clv["past_rate"], folds[1].future_value
    assert told[1]["model_bias"] == pytest.approx(rule.sum() / came.sum() - 1)
    assert "the formula came to 100% more than customers spent, the rule" in told[1]["sentence"]
    page = card_html(card(replace(result, folds=folds)), [])
    assert "100.0%" in page[page.index("The formula, beside what is served") :]
