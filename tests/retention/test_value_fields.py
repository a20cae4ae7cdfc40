import json

import numpy as np
import pandas as pd
import pytest

from features.rhythm import rhythm_of
from retention.clv.ladder import Economics, predicted_contribution
from retention.history import shop_history
from retention.segments.rfm import GROUPS
from retention.value_fields import FIELDS, value_cuts, value_fields
from tests.features.made import shop_of
from tests.retention.made import CUTOFF, HORIZON, made_purchases

SHOP = Economics(margin=0.4, serving_per_order=2.0, retention_per_year=5.0)


@pytest.fixture(scope="module")
def shop():
    """Histories of a made shop and the cut points of its batch, as a file would keep them."""
    log = shop_of(made_purchases().drop(columns="quantity"))
    history = shop_history(log, CUTOFF)
    cuts = value_cuts(history, CUTOFF, vars(rhythm_of(log.known_before(CUTOFF), 90.0)))
    return history, json.loads(json.dumps(cuts))


def fields_of(history, cuts, economics=SHOP, **told):
    value = np.arange(len(history), dtype=float)
    return value_fields(
        history,
        cuts,
        economics,
        cutoff=CUTOFF,
        horizon_days=HORIZON,
        **{"predicted_clv": value, "predicted_orders": value / 50, **told},
    )


def test_every_null_has_a_code_and_every_value_none(shop):
    history, cuts = shop
    cost = np.where(np.arange(len(history)) % 3 == 0, np.nan, 4.0)
    predicted = np.where(np.arange(len(history)) % 7 == 0, np.nan, 30.0)
    cases = [
        fields_of(history, cuts),
        fields_of(history, cuts, Economics(), acquisition_cost=cost),
        fields_of(history, cuts, acquisition_cost=cost, predicted_clv=predicted),
    ]
    for fields, codes in cases:
        assert tuple(fields.columns) == FIELDS
        assert fields.index.equals(history.index)
        for name in FIELDS:
            null, coded = fields[name].isna().to_numpy(), pd.Series(codes[name]).notna().to_numpy()
            assert (null == coded).all(), name


def test_a_row_is_the_same_alone_and_in_the_batch(shop):
    history, cuts = shop
    whole, _ = fields_of(history, cuts, predicted_clv=np.full(len(history), 20.0),
                         predicted_orders=np.ones(len(history)))  # fmt: skip
    one, _ = fields_of(history.iloc[[17]], cuts, predicted_clv=[20.0], predicted_orders=[1.0])
    pd.testing.assert_frame_equal(one, whole.iloc[[17]])


def test_the_fields_are_what_their_names_say(shop):
    history, cuts = shop
    fields, _ = fields_of(history, cuts, acquisition_cost=np.full(len(history), 8.0))
    value = np.arange(len(history), dtype=float)
    np.testing.assert_array_equal(
        fields["predicted_contribution"],
        predicted_contribution(value, value / 50, SHOP, horizon_days=HORIZON),
    )
    total = fields["historic_contribution"] + fields["predicted_contribution"]
    np.testing.assert_allclose(fields["total_contribution"], total)
    np.testing.assert_allclose(fields["clv_to_acquisition_cost"], total / 8)
    bought = history["orders"] > 0
    tenure = np.maximum((CUTOFF - history["first_day"]) / 365, 1)
    formula = history["net"] / 10_000 / tenure * fields["years_of_custom"]
    np.testing.assert_allclose(fields["simple_clv"][bought], formula[bought])
    assert set(fields["rfm_group"][bought]) <= set(GROUPS)
    assert fields["rfm_group"][~bought].isna().all()


def test_years_stay_below_the_cap_that_is_kept_beside_them(shop):
    _, cuts = shop
    cap = cuts["years"]["cap"]
    assert 0.9 < cap <= 1  # The log is a year long.
    assert all(0 < years <= cap for years in cuts["years"]["years"].values())
    assert set(cuts["years"]["still_there"]) == set(cuts["years"]["years"])


def test_a_shop_without_a_purchase_has_cuts_and_rows_all_the_same():
    log = shop_of(pd.DataFrame([("a", "2023-02-01", -5.0)],
                               columns=["customer_id", "ordered_at", "amount"]))  # fmt: skip
    history = shop_history(log, CUTOFF)
    cuts = value_cuts(history, CUTOFF, vars(rhythm_of(log, 90.0)))
    fields, codes = fields_of(history, cuts)
    assert fields["rfm_group"].isna().all()
    assert codes["simple_clv"].tolist() == ["no_purchases"]
    assert codes["years_of_custom"].tolist() == ["no_years_of_custom"]
