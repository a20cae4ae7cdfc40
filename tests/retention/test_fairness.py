import math

import numpy as np
import orjson
import pandas as pd
import pytest

from features.catalogue import FEATURES
from retention.fairness import (
    bands_of,
    protected_kind,
    refuse_unfit,
    selection_rates,
    unfit_words,
)
from retention.reasons import UNDEFINED, reasons, sentence
from retention.wilson import wilson
from tests.retention.made import made_shop


def bands(**columns):
    return pd.DataFrame(columns, dtype=object)


def test_a_worked_example_of_rates_with_their_intervals():
    selected = [True] * 60 + [False] * 140
    found = selection_rates(selected, bands(sex=["f"] * 100 + ["m"] * 100))
    assert [(one.band, one.customers, one.selected) for one in found] == [
        ("f", 100, 60), ("m", 100, 0),
    ]  # fmt: skip
    low, high = wilson([60], [100])
    assert (found[0].low, found[0].high) == (low[0], high[0])
    assert (found[0].rate, found[0].others_rate, found[0].differs) == (0.6, 0.0, True)
    assert found[0].sentence == (
        "Of 100 customers with sex f 60.0% are on the list (95% interval 50.2% to 69.1%): "
        "more often than the others (0.0%)."
    )


def test_like_rates_do_not_differ_and_few_customers_say_nothing():
    selected = np.tile([True, False], 65)
    found = selection_rates(selected, bands(area=["north"] * 60 + ["south"] * 60 + [None] * 10))
    assert [one.differs for one in found] == [False, False, False]
    assert found[0].sentence.endswith("about as often as the others (50.0%).")
    assert found[2].band == "unknown"
    assert found[2].sentence.endswith("fewer than 30 are too few to tell.")


def test_no_difference_is_told_from_fewer_than_thirty_others():
    selected = [True] * 100 + [False] * 29
    found = selection_rates(selected, bands(sex=["f"] * 100 + ["m"] * 29))
    assert [one.differs for one in found] == [False, False]
    assert found[0].sentence.endswith("; the others are 29, too few to tell.")
    one_more = selection_rates([*selected, False], bands(sex=["f"] * 100 + ["m"] * 30))
    assert [one.differs for one in one_more] == [True, True]


def test_a_list_drawn_at_random_shows_a_difference_as_seldom_as_stated():
    draw = np.random.default_rng(4)
    area = bands(area=draw.choice(["a", "b", "c", "d"], 4000))
    lists = [selection_rates(draw.random(4000) < 0.2, area) for _ in range(200)]
    shown = [any(one.differs for one in rates) for rates in lists]
    # 5 % of 200 are 10; above 18 is beyond the binomial's 99th percentile.
    assert sum(shown) <= 18


def test_ages_sex_area_and_orders_are_banded_and_nothing_else_is_looked_at():
    table = bands(
        Age=["17", "18", "44", "80", "30-39", None],
        gender=["f", "m", "f", None, "d", "f"],
        shoe_size=["42"] * 6,
    )
    found = bands_of(table, [1, 2, 0, 1, 9, 1])
    assert found.columns.tolist() == ["Age", "gender", "orders"]
    assert found["Age"].tolist() == [
        "under 18", "18 to 29", "30 to 44", "75 and over", "30-39", None,
    ]  # fmt: skip
    assert found["orders"].tolist()[:3] == ["one-time buyers", "repeat buyers", "one-time buyers"]


def test_a_year_of_birth_becomes_an_age_in_the_year_of_the_list():
    table = bands(birth_year=["1990", "2020-05-01", "soon"])
    found = bands_of(table, [1, 1, 1], year=2024)["birth_year"]
    assert found.tolist() == ["30 to 44", "under 18", None]
    assert bands_of(table, [1, 1, 1])["birth_year"].isna().all()


def test_of_many_towns_the_largest_are_kept():
    towns = [f"t{i}" for i in range(50) for _ in range(i + 1)]
    found = bands_of(bands(City=towns), np.ones(len(towns)))["City"]
    assert found.nunique() == 12
    assert {"t49", "other"} <= set(found)
    assert protected_kind("Zip-Code") == "area"


@pytest.mark.parametrize(
    "text",
    [
        "You are likely to leave.", "Your churn risk is high.", "You are a top value customer.",
        "Your lifetime value is 500.", "You belong to the dormant segment.", "Tier: low",
        "Your score is 3.",
    ],
)  # fmt: skip
def test_texts_that_state_risk_value_or_tier_are_refused(text):
    assert unfit_words(text)
    with pytest.raises(ValueError, match="say what the customer did, not what is concluded"):
        refuse_unfit(["The last order was 3 days ago.", text])


VALUES = (0.0, 1.0, 2.5, 400.0, -3.0, math.nan)


@pytest.mark.parametrize("feature", FEATURES, ids=lambda f: f.name)
def test_no_sentence_for_customers_states_risk_value_or_tier(feature):
    refuse_unfit([sentence(feature.name, value) for value in VALUES])


def test_the_reasons_of_a_made_shop_are_fit_for_customers():
    features, bundle = made_shop()
    told = bundle.churn.returns.contributions(bundle.churn.inputs(features))
    for row in reasons(features, told):
        refuse_unfit([reason["text"] for reason in orjson.loads(row)])
    refuse_unfit(list(UNDEFINED.values()))
