"""One customer's worth: it adds up to the cent, and what is missing says why."""

import json
from dataclasses import replace

import pytest

from serving.answers import Answers
from serving.customer_value import card_of, customer_value
from serving.errors import UnknownCustomer
from serving.holder import ChampionHolder
from serving.scores import ScoreStore
from serving.store.tables import WORTH
from serving.store.worth import worth_of
from serving.value_commands import value
from serving.value_reasons import REASONS
from tests.serving.made import NOW as MADE_NOW
from tests.serving.made import made_batch, publish
from tests.serving.portfolio_shop import NOW, portfolio_shop
from tests.serving.test_openapi import DOCUMENT, fits

SCHEMA = DOCUMENT["components"]["schemas"]["CustomerValue"]
BOTH = ("historic", "predicted")


@pytest.fixture(scope="module")
def shop(mlflow_template):
    """A published shop with a margin, costs and a table of customers, and its store."""
    settings = portfolio_shop(mlflow_template).settings
    store = ScoreStore(settings.store_url)
    holder = ChampionHolder(settings.models_dir)
    holder.look()
    batch = store.current()
    assert batch is not None
    yield settings, store, card_of(holder.champion, batch)
    store.close()


def told_of(shop, customer_id, **changes):
    settings, store, card = shop
    settings = settings.model_copy(update=changes)
    answers = Answers(store, stale_after_hours=36)
    return customer_value(answers, settings, card, store.current(), customer_id, NOW)


def ids_of(shop, status="scored"):
    _, store, _ = shop
    rows = store.rows_frame(store.current().batch_id, ["customer_id", "score_status"])
    return rows.loc[rows["score_status"] == status, "customer_id"].tolist()


def test_steps_add_up_to_the_cent_as_shown(shop):
    for customer_id in ids_of(shop)[:40]:
        told = told_of(shop, customer_id)
        assert told["missing"].get("simple_clv") is None
        steps = {step["step"]: step for step in told["steps"]}
        for step in steps.values():
            assert step["total"] == pytest.approx(step["historic"] + step["predicted"], abs=1e-9)
            assert step["code"] is None
        for name in (*BOTH, "total"):
            cents = {step: round(100 * steps[step][name]) for step in steps}
            assert all(abs(100 * steps[step][name] - cents[step]) < 1e-6 for step in steps)
            assert cents["gross"] - cents["refunds"] == cents["net"]
            assert cents["net"] - cents["goods"] == cents["margin"]
            costs = cents["serving"] + cents["retention"] + cents["discounting"]
            assert cents["margin"] - costs == cents["contribution"]
            after = cents["contribution"] - cents["acquisition"]
            assert after == cents["contribution_after_acquisition"]


def test_the_numbers_are_those_of_the_row_the_orders_and_the_portfolio(shop):
    _, store, _ = shop
    batch = store.current()
    ids = ids_of(shop)
    rows = store.scores(ids, batch.batch_id)
    sums = dict.fromkeys(BOTH, 0.0)
    for customer_id in ids:
        told, row = told_of(shop, customer_id), rows[customer_id]
        steps = {step["step"]: step for step in told["steps"]}
        assert steps["net"]["historic"] == pytest.approx(row["historic_clv"], abs=0.005)
        assert steps["net"]["predicted"] == pytest.approx(row["predicted_clv"], abs=0.005)
        assert steps["contribution"]["predicted"] == pytest.approx(row["predicted_contribution"])
        assert told["simple_clv"] == pytest.approx(row["simple_clv"])
        assert told["acquisition_cost"] == 5.0
        whole = steps["contribution"]["total"]
        assert told["clv_to_acquisition_cost"] == pytest.approx(whole / 5)
        assert told["first_order"] == store.orders(customer_id)[0]["amount"]
        formula = told["formula"]
        product = formula["average_order_value"] * formula["orders_a_year"]
        assert told["simple_clv"] == pytest.approx(product * formula["years_of_custom"])
        assert formula["years_of_custom"] <= formula["cap"]
        for name in BOTH:
            sums[name] += steps["contribution"][name]
    portfolio = Answers(store, stale_after_hours=36).portfolio(batch, NOW)
    [shown] = [s for s in portfolio["ladder"]["steps"] if s["step"] == "contribution"]
    for name in BOTH:
        assert sums[name] == pytest.approx(shown[name], abs=0.01)


def test_whatever_is_told_fits_the_document_and_every_null_has_a_reason(shop):
    for status in ("scored", "inactive"):
        for customer_id in ids_of(shop, status)[:5]:
            told = told_of(shop, customer_id)
            assert fits(SCHEMA, told)
            json.dumps(told, allow_nan=False)
            null = {name for name, each in told.items() if each is None}
            assert null - {"value_horizon_days"} == set(told["missing"])
            codes = {each["code"] for each in told["because"]}
            assert codes == {*told["missing"].values()} | {
                step["code"] for step in told["steps"] if step["code"]
            }


def test_without_a_margin_net_is_told_and_contribution_says_which_setting_is_missing(shop):
    settings, _, _ = shop
    money = settings.money.model_copy(update={"margin": None})
    told = told_of(shop, ids_of(shop)[0], money=money)
    steps = {step["step"]: step for step in told["steps"]}
    assert steps["net"]["total"] is not None
    assert steps["contribution"]["total"] is None
    assert steps["contribution"]["code"] == "no_margin"
    assert told["missing"]["clv_to_acquisition_cost"] == "no_margin"
    said = {each["code"]: each["sentence"] for each in told["because"]}
    assert "`money.margin` is not set" in said["no_margin"]


def test_without_a_table_of_customers_it_says_to_name_one(sqlite_store, settings):
    publish(sqlite_store, made_batch())
    told = of_made(sqlite_store, settings, "00004")
    said = {each["code"]: each["sentence"] for each in told["because"]}
    assert "name one by `customers` in the settings" in said["no_acquisition_cost"]


def of_made(store, settings, customer_id, card=None):
    answers = Answers(store, stale_after_hours=36)
    return customer_value(answers, settings, card or {}, store.current(), customer_id, MADE_NOW)


def test_a_batch_of_an_earlier_version_gives_net_and_invents_no_gross(sqlite_store, settings):
    publish(sqlite_store, made_batch())
    told = of_made(sqlite_store, settings, "00004")
    assert fits(SCHEMA, told)
    steps = {step["step"]: step for step in told["steps"]}
    row = sqlite_store.scores(["00004"], "b1")["00004"]
    assert steps["net"]["historic"] == pytest.approx(row["historic_clv"])
    assert (steps["gross"]["historic"], steps["gross"]["code"]) == (None, "not_kept")
    assert told["missing"]["simple_clv"] == "no_cut_points"
    assert told["missing"]["formula_bias"] == "no_bias_measured"


def test_a_card_that_tells_less_of_the_formula_tells_no_bias(sqlite_store, settings):
    publish(sqlite_store, made_batch())
    card = {"formula": [{"cutoff": "2024-01-01", "formula_bias": 0.4}]}
    told = of_made(sqlite_store, settings, "00004", card)
    assert told["formula_bias"] is None
    assert told["missing"]["formula_bias"] == "no_bias_measured"


def test_after_a_promotion_it_says_to_score_rather_than_to_train(shop):
    settings, store, _ = shop
    holder = ChampionHolder(settings.models_dir)
    holder.look()
    older = replace(store.current(), model_version="of another model")
    assert card_of(holder.champion, store.current())
    assert card_of(None, older) == {}
    card = card_of(holder.champion, older)
    assert card is None
    told = told_of((settings, store, card), ids_of(shop)[0])
    assert fits(SCHEMA, told)
    assert told["formula_bias"] is None
    assert told["missing"]["formula_bias"] == "another_model_in_use"
    [said] = [b["sentence"] for b in told["because"] if b["code"] == "another_model_in_use"]
    assert "the next `perennial score` tells it" in said
    assert "train" not in said


def test_who_is_not_scored_has_a_past_and_no_prediction(sqlite_store, settings):
    publish(sqlite_store, made_batch())
    told = of_made(sqlite_store, settings, "00009")
    steps = {step["step"]: step for step in told["steps"]}
    assert steps["net"] == {
        **dict.fromkeys(("predicted", "total")),
        "step": "net",
        "historic": 55.5,
        "code": "no_prediction",
    }
    assert told["simple_clv"] is None
    said = {each["code"]: each["sentence"] for each in told["because"]}
    assert "not scored (inactive)" in said["no_prediction"]
    assert of_made(sqlite_store, settings, "nobody") is None


def test_the_store_keeps_it_on_both_databases(store):
    batch = made_batch()
    rows, orders = made_rows_with_worth(batch)
    store.publish(batch, rows, orders)
    found = worth_of(store.database, "b1", "00004")
    assert [found[name] for name in WORTH] == [60.0, 4.5, None]
    assert (found["orders"], found["orders_net"], found["first_order"]) == (2, 55.5, 20.0)
    assert (found["first_ordered_on"], found["last_ordered_on"]) == ("2024-01-05", "2024-03-09")
    assert worth_of(store.database, "b1", "nobody")["orders"] == 0
    assert set(worth_of(store.database, "b1", "\x00").values()) == {None}
    assert not set(WORTH) & set(store.scores(["00004"], "b1")["00004"])


def made_rows_with_worth(batch):
    from tests.serving.made import made_orders, made_rows

    told = {"historic_gross": 60.0, "historic_refunds": 4.5, "acquisition_cost": float("nan")}
    return made_rows(batch).assign(**told), made_orders(batch.customers)


def test_every_reason_is_a_sentence_that_says_what_to_do_or_why():
    assert all(len(text) > 20 for text in REASONS.values())


def test_the_command_prints_the_answer_and_names_an_unknown_customer(shop, capsys):
    settings, _, _ = shop
    customer_id = ids_of(shop)[0]
    value(settings, customer_id=customer_id, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert fits(SCHEMA, told)
    value(settings, customer_id=customer_id, as_json=False)
    text = capsys.readouterr().out
    assert customer_id in text
    for step in told["steps"]:
        assert f"{step['total']:,.2f}" in text
    with pytest.raises(UnknownCustomer, match="holds no customer 'nobody'") as caught:
        value(settings, customer_id="nobody", as_json=False)
    assert caught.value.exit_code == 2
