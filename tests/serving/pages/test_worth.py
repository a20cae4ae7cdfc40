"""The panel *Worth* of a customer's page shows what the value route answers."""

import html
import re

from serving.pages.worth import costs_words, formula_words, in_parts, worth_steps
from serving.web.value_document import EXAMPLE


def panel(client, customer_id):
    text = client.get(f"/customers/{customer_id}").text
    found = re.search(r'<section class="panel worth".*?</section>', text, flags=re.DOTALL)
    assert found is not None
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0])))


def test_the_panel_says_what_the_answer_says(investor):
    first = investor.get("/v1/customers?limit=1").json()["items"][0]["customer_id"]
    told = investor.get(f"/v1/customers/{first}/value").json()
    plain = panel(investor, first)
    for step in told["steps"]:
        for name in ("historic", "predicted", "total"):
            assert f"{step[name]:,.2f}" in plain
    assert "CLV : acquisition cost" in plain
    assert f"= {told['simple_clv']:,.2f}." in plain
    assert told["formula_bias"]["sentence"] in plain
    assert "an order costs 0.25 to serve" in plain
    assert "What cannot be given" in plain or not told["because"]


def test_a_batch_of_an_earlier_version_shows_net_and_says_what_gives_the_rest(visitor):
    told = visitor.get("/v1/customers/00004/value").json()
    plain = panel(visitor, "00004")
    net = next(step for step in told["steps"] if step["step"] == "net")
    assert f"Net revenue {net['historic']:,.2f}" in plain
    assert "Gross" not in plain
    assert "Contribution" not in plain
    assert "money.margin is not set" in re.sub(r" +", " ", plain)
    assert "There is no table of customers: name one by customers" in re.sub(r" +", " ", plain)


def test_who_is_not_scored_has_a_column_to_date_alone(visitor):
    plain = panel(visitor, "00009")
    assert "Net revenue 55.50" in plain
    assert "Together" not in plain or "–" in plain


def test_what_is_not_known_of_a_step_is_not_shown_as_another():
    names = [step["step"] for step in worth_steps(EXAMPLE)]
    assert names[-1] == "contribution"
    assert "acquisition" not in names


def test_the_formula_is_told_with_its_factors_cap_and_bias():
    first, second, third = formula_words(EXAMPLE)
    assert first == (
        "25.12 an order × 2.67 orders a year × 1.15 years of custom = 77.28. "
        "Years count up to 1.50."
    )
    assert second == "Of the next 91 days it says 16.75, the model 9.13."
    assert third == EXAMPLE["formula_bias"]["sentence"]
    assert formula_words({**EXAMPLE, "formula": None}) == []


def test_costs_that_are_not_set_are_said_to_be_none():
    told = {"margin": 0.4, "serving_per_order": 0.0, "retention_per_year": 0.0}
    assert "no costs of serving an order" in costs_words(told)
    assert costs_words({**told, "margin": None}) == ""


def test_names_in_a_sentence_are_told_apart():
    assert in_parts("Set `money.margin` now.") == [
        (False, "Set "),
        (True, "money.margin"),
        (False, " now."),
    ]
