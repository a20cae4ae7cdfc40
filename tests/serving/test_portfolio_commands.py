"""`perennial portfolio` prints what the route answers, whole, in tables that people can read."""

import json

import pytest

from serving.lists.errors import NothingPublished
from serving.portfolio_commands import portfolio, portfolio_parts
from serving.web.examples import PORTFOLIO
from tests.serving.made import made_settings
from tests.serving.portfolio_shop import portfolio_shop
from tests.serving.test_openapi import DOCUMENT, fits


@pytest.fixture(scope="module")
def settings(mlflow_template):
    """A shop whose portfolio is told in full."""
    return portfolio_shop(mlflow_template).settings


def printed(settings, capsys, **options):
    portfolio(settings, **{"as_json": False, **options})
    return capsys.readouterr().out


def test_the_json_is_the_answer_of_the_route(settings, capsys):
    for basis in ("revenue", "profit"):
        told = json.loads(printed(settings, capsys, basis=basis, as_json=True))
        assert told["basis"] == basis
        assert fits(DOCUMENT["components"]["schemas"]["Portfolio"], told)


@pytest.mark.parametrize("basis", ["revenue", "profit"])
def test_the_tables_hold_the_numbers_of_the_answer(settings, capsys, basis):
    told = json.loads(printed(settings, capsys, basis=basis, as_json=True))
    text = printed(settings, capsys, basis=basis)
    for step in told["ladder"]["steps"]:
        assert f"{step['total']:,.0f}" in text
    for group in (*told["worth"]["cohorts"][-12:], *told["worth"]["channels"]):
        assert f"{group['total_mean']:,.2f}" in text
    joined = " ".join(text.split())
    assert told["worth"]["concentration"]["sentence"] in joined
    assert told["newcomers"]["sentence"] in joined
    assert told["retention_rates"]["years"] == []
    assert "bought again within" in joined
    assert "most room to grow" in joined


def test_ids_are_never_cut_and_names_are_no_markup(settings, capsys):
    told = json.loads(printed(settings, capsys, as_json=True))
    text = printed(settings, capsys)
    assert told["growth"]["items"][0]["customer_id"] in text
    assert "<b>ads</b>" in text
    assert "…" not in text


def test_without_a_batch_it_says_what_to_run(tmp_path):
    with pytest.raises(NothingPublished, match="run `perennial score` first") as caught:
        portfolio(made_settings(tmp_path), as_json=False)
    assert caught.value.exit_code == 3


def test_a_batch_that_tells_nothing_of_value_says_so():
    parts = portfolio_parts({**PORTFOLIO, "ladder": None, "growth": None, "newcomers": None})
    assert "run `perennial score` to publish another" in str(parts[1])


def test_profit_without_a_margin_says_which_setting_is_missing():
    worth = {**PORTFOLIO["worth"], "code": "no_margin"}
    parts = portfolio_parts({**PORTFOLIO, "basis": "profit", "worth": worth})
    assert any("set money.margin" in str(part) for part in parts)
