"""A real trained bundle, published as batches: rows, changes, what is refused, and /predict."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from features.errors import CutoffError
from features.shop_clock import day_number
from models.bundle import load_bundle
from models.errors import BundleError
from retention.dates import NEXT_ORDER, SILENCE
from retention.groups import RISK_TIERS
from retention.scores import SCORE_FIELDS
from retention.table_fields import TABLE_FIELDS
from serving.errors import BatchRefused
from serving.predict import Scoring
from serving.publish import champion, check_rows, publish
from serving.scores import ScoreStore
from serving.web.bodies import PredictIn
from tests.made_shop import CANARY, day, promoted, trained_shop
from tests.serving.made import made_rows

NOW = dt.datetime(2026, 7, 1, 6, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(days=1)
# Silence dates are searched for, and tables read, in batches alone; `missing` of a request says so.
DEPENDS_ON_THE_BATCH = ("batch_id", "risk_change", "tier_since", *SILENCE, *TABLE_FIELDS, "missing")


@pytest.fixture(scope="module")
def template_shop(mlflow_template):
    return trained_shop(mlflow_template)


@pytest.fixture
def shop(template_shop, tmp_path):
    return template_shop.copy_to(tmp_path)


def date(number):
    return dt.date.fromisoformat(day(number))


def rows_of(settings, batch, columns=SCORE_FIELDS):
    store = ScoreStore(settings.store_url)
    try:
        rows = store.scores(
            store.rows_frame(batch.batch_id, ["customer_id"])["customer_id"], batch.batch_id
        )
        return {c: {name: row[name] for name in columns} for c, row in rows.items()}
    finally:
        store.close()


def current_id(settings):
    store = ScoreStore(settings.store_url)
    try:
        batch = store.current()
        return None if batch is None else batch.batch_id
    finally:
        store.close()


def test_every_customer_of_the_snapshot_has_one_row_with_a_status(shop):
    batch = publish(shop.settings, as_of=date(300), now=NOW).batch
    before = shop.purchases[lambda f: f["ordered_at"] < day(300)]
    rows = rows_of(shop.settings, batch)
    assert set(rows) == set(before["customer_id"])
    assert batch.customers == len(rows)
    assert batch.data_until == before["ordered_at"].max()
    refunded = rows[f"{CANARY}refund@mail.example"]
    assert refunded["score_status"] == "no_purchases"
    assert refunded["churn_probability"] is None
    scored = [row for row in rows.values() if row["score_status"] == "scored"]
    assert len(scored) == len(rows) - 1
    assert all(0 < row["churn_probability"] < 1 and row["predicted_clv"] >= 0 for row in scored)
    assert all(row["clv_p10"] <= row["clv_p50"] <= row["clv_p90"] for row in scored)
    assert all(row["predicted_number_of_orders"] > 0 for row in scored)
    for row in scored:
        for name in (*NEXT_ORDER, *SILENCE):
            assert (row[name] is None) == (name in row["missing"])
            assert row[name] is None or row[name] >= batch.as_of
    assert any(row["medium_risk_on"] for row in scored)
    assert {row["model_version"] for row in scored} == {
        promoted(shop.settings.models_dir)["version"]
    }


def test_who_is_silent_or_new_is_not_scored(template_shop, tmp_path):
    eligible = {"active_within_days": 90, "min_days": 20}
    settings = template_shop.copy_to(tmp_path, eligible=eligible).settings
    rows = rows_of(settings, publish(settings, as_of=date(300), now=NOW).batch)
    before = template_shop.purchases[lambda f: (f["ordered_at"] < day(300)) & (f["amount"] >= 0)]
    last, first = (before.groupby("customer_id")["ordered_at"].agg(how) for how in ("max", "min"))
    for customer, row in rows.items():
        if customer not in last:
            assert row["score_status"] == "no_purchases"
        elif last[customer] < day(210):
            assert row["score_status"] == "inactive"
        elif first[customer] > day(280):
            assert row["score_status"] == "too_new"
        else:
            assert row["score_status"] == "scored"
    assert {r["score_status"] for r in rows.values()} == {
        "scored",
        "inactive",
        "too_new",
        "no_purchases",
    }


def test_a_second_batch_says_what_changed_since_the_first(shop):
    first = publish(shop.settings, as_of=date(300), now=NOW).batch
    second = publish(shop.settings, as_of=date(360), now=LATER).batch
    assert current_id(shop.settings) == second.batch_id
    fields = ("risk_tier", "risk_change", "tier_since")
    old, new = (rows_of(shop.settings, b, fields) for b in (first, second))
    assert all(row["risk_change"] is None for row in old.values())
    names = {1: "up", -1: "down", 0: "same"}
    seen = set()
    for customer, row in new.items():
        tier, before = row["risk_tier"], old.get(customer, {}).get("risk_tier")
        change = None
        if tier is not None and before is not None:
            change = names[int(np.sign(RISK_TIERS.index(tier) - RISK_TIERS.index(before)))]
        since = None if tier is None else day(300 if change == "same" else 360)
        assert (row["risk_change"], row["tier_since"]) == (change, since)
        seen.add(change)
    assert seen == {None, "up", "down", "same"}


def test_an_unchanged_second_run_writes_nothing(shop):
    first = publish(shop.settings, as_of=date(300), now=NOW)
    again = publish(shop.settings, as_of=date(300), now=LATER)
    assert not first.unchanged
    assert again.unchanged
    assert again.batch.batch_id == first.batch.batch_id


def test_going_back_to_an_earlier_day_and_forth_again_is_published_anew(shop):
    days = (300, 360, 300, 360)
    batches = [
        publish(shop.settings, as_of=date(d), now=NOW + dt.timedelta(hours=i)).batch
        for i, d in enumerate(days)
    ]
    assert len({b.batch_id for b in batches}) == 4
    assert current_id(shop.settings) == batches[-1].batch_id
    assert publish(shop.settings, as_of=date(360), now=LATER).unchanged


@pytest.mark.parametrize(
    ("as_of", "sentence"),
    [
        (dt.date(2026, 7, 2), "lies ahead; the latest day that works is 2026-07-01"),
        (dt.date(1999, 1, 1), "no purchase is known before --as-of 1999-01-01: the first line"),
    ],
)
def test_a_day_ahead_or_before_the_log_is_refused_and_the_batch_stays(shop, as_of, sentence):
    batch = publish(shop.settings, as_of=date(300), now=NOW).batch
    with pytest.raises(CutoffError, match=sentence) as caught:
        publish(shop.settings, as_of=as_of, now=NOW)
    assert caught.value.exit_code == 3
    assert current_id(shop.settings) == batch.batch_id


def test_by_default_the_day_is_the_one_after_the_last_line_but_never_later_than_today(shop):
    last = shop.purchases["ordered_at"].max()
    assert publish(shop.settings, as_of=None, now=NOW).batch.as_of > last
    early = dt.datetime.fromisoformat(f"{day(200)}T12:00:00+00:00")
    assert publish(shop.settings, as_of=None, now=early).batch.as_of == day(200)


def test_a_damaged_bundle_publishes_nothing(shop):
    batch = publish(shop.settings, as_of=date(300), now=NOW).batch
    models = shop.settings.models_dir
    (models / promoted(models)["path"] / "groups.json").write_text("{}")
    with pytest.raises(BundleError, match="groups.json does not agree"):
        publish(shop.settings, as_of=date(310), now=LATER)
    assert current_id(shop.settings) == batch.batch_id


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"path": 7}', '{"version": "x", "path": "x"}'])
def test_a_pointer_that_names_no_bundle_is_one_sentence(tmp_path, text):
    (tmp_path / "current.json").write_text(text)
    with pytest.raises(BundleError, match="run `perennial train`"):
        champion(tmp_path)


@pytest.mark.parametrize(
    "field",
    ["churn_probability", "predicted_clv", "value_at_risk", "predicted_number_of_orders"],
)
@pytest.mark.parametrize("value", [np.nan, np.inf, -0.1, 1.2])
def test_values_out_of_range_are_refused_by_name(field, value):
    rows = made_rows()
    check_rows(rows)
    rows.loc[4, field] = value
    if value == 1.2 and field != "churn_probability":
        check_rows(rows)
        return
    with pytest.raises(BatchRefused, match=f"{field} is out of range in 1 rows") as caught:
        check_rows(rows)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_lower_quantile_may_be_below_zero_but_not_undefined(value):
    rows = made_rows()
    rows.loc[4, "clv_p10"] = -7.0
    check_rows(rows)
    rows.loc[4, "clv_p10"] = value
    with pytest.raises(BatchRefused, match="clv_p10"):
        check_rows(rows)


@pytest.mark.parametrize(("field", "value"), [("clv_p10", 1e9), ("clv_p90", 0.0)])
def test_quantiles_out_of_order_are_refused(field, value):
    rows = made_rows()
    rows.loc[4, "clv_p50"] = 5.0
    rows.loc[4, field] = value
    with pytest.raises(BatchRefused, match="the order of clv_p10, clv_p50 and clv_p90"):
        check_rows(rows)


@pytest.mark.parametrize("field", [*NEXT_ORDER, *SILENCE])
def test_a_date_ahead_that_lies_behind_is_refused(field):
    rows = made_rows()
    rows.loc[4, field] = rows.loc[4, "as_of"]
    check_rows(rows)
    rows.loc[4, field] = "2024-06-30"
    with pytest.raises(BatchRefused, match=f"{field} is out of range in 1 rows"):
        check_rows(rows)


def test_the_bundle_is_read_from_the_folder_that_the_pointer_names(shop):
    models = shop.settings.models_dir
    told = promoted(models)
    (models / told["path"]).rename(models / f"{told['version']}-2")
    pointer = {**told, "path": f"{told['version']}-2"}
    (models / "current.json").write_text(json.dumps(pointer))
    batch = publish(shop.settings, as_of=date(300), now=NOW).batch
    assert batch.model_version == told["version"]


def test_a_batch_without_anybody_eligible_is_refused():
    with pytest.raises(BatchRefused, match="none of 300 customers is eligible"):
        check_rows(made_rows().assign(score_status="inactive"))


def purchases_of(purchases, customers):
    theirs = purchases[purchases["customer_id"].isin(customers)]
    return json.loads(theirs.to_json(orient="records"))


def test_predict_with_their_purchases_equals_the_published_rows(shop):
    settings = shop.settings
    publish(settings, as_of=date(250), now=NOW)
    batch = publish(settings, as_of=date(350), now=LATER).batch
    known = shop.purchases[lambda f: f["ordered_at"] < day(350)]
    chosen = [*known["customer_id"].unique()[::3][:99], f"{CANARY}refund@mail.example"]
    body = PredictIn(as_of=day(350), purchases=purchases_of(shop.purchases, chosen))
    bundle = load_bundle(settings.models_dir / promoted(settings.models_dir)["path"])
    cutoff = day_number(dt.date.fromisoformat(body.as_of))
    [predicted] = Scoring(bundle, batch, settings).each(cutoff, [body])
    assert isinstance(predicted, list)
    assert_same_scores(predicted, rows_of(settings, batch), chosen)


def assert_same_scores(predicted, published, chosen):
    assert len(chosen) == 100
    assert sorted(row["customer_id"] for row in predicted) == sorted(chosen)
    one = pd.DataFrame(predicted).set_index("customer_id").sort_index()
    two = pd.DataFrame([published[c] for c in one.index]).set_index("customer_id")
    columns = [f for f in SCORE_FIELDS if f not in (*DEPENDS_ON_THE_BATCH, "customer_id")]
    plain = [c for c in columns if c != "reasons"]
    assert_frame_equal(one[plain], two[plain], rtol=0, atol=1e-6, check_dtype=False)
    for mine, theirs in zip(one["reasons"], two["reasons"], strict=True):
        assert [(r["code"], r["direction"], r["text"]) for r in mine] == [
            (r["code"], r["direction"], r["text"]) for r in theirs
        ]
        numbers = [[(r["value"], r["importance"]) for r in some] for some in (mine, theirs)]
        one_side, other_side = (np.array(n, float) for n in numbers)
        assert np.allclose(one_side, other_side, rtol=0, atol=1e-6, equal_nan=True)


def test_the_same_scores_are_published_anew_before_they_would_stay_stale(shop):
    first = publish(shop.settings, as_of=None, now=NOW).batch
    again = publish(shop.settings, as_of=None, now=NOW + dt.timedelta(hours=37))
    assert not again.unchanged
    assert again.batch.published_at > first.published_at
    assert again.batch.as_of == first.as_of


def test_a_batch_of_an_earlier_day_is_not_compared_with_a_later_one(shop):
    later = publish(shop.settings, as_of=None, now=NOW).batch
    as_of = dt.date.fromisoformat(later.as_of) - dt.timedelta(days=30)
    earlier = publish(shop.settings, as_of=as_of, now=LATER).batch
    rows = rows_of(shop.settings, earlier, ("risk_change", "tier_since")).values()
    assert {row["risk_change"] for row in rows} == {None}
    assert {row["tier_since"] for row in rows} <= {str(as_of), None}


def test_a_pointer_to_another_version_than_the_folder_holds_is_refused(shop):
    pointer = shop.settings.models_dir / "current.json"
    told = json.loads(pointer.read_text())
    pointer.write_text(json.dumps({**told, "version": "0" * 12}))
    with pytest.raises(BundleError, match="names 000000000000"):
        champion(shop.settings.models_dir)
