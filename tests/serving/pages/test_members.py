import pytest

from models.heads import MODEL
from models.rules import BTYD_MODELS, RETURN_RULES, VALUE_RULES
from serving.pages.members import WORDS, member_words, served_words


def test_everything_that_can_be_served_has_words():
    assert set(WORDS) == {MODEL, *RETURN_RULES, *VALUE_RULES}


@pytest.mark.parametrize("member", BTYD_MODELS)
def test_models_of_purchase_days_are_called_by_their_kind(member):
    assert member_words(member).startswith("a buy-till-you-die model (")
    assert "_" not in member_words(member)


def test_worked_examples():
    assert member_words("bg_nbd") == "a buy-till-you-die model (BG/NBD)"
    assert member_words("new_rule") == "the rule “new rule”"
    assert served_words({"return": MODEL, "value": MODEL}) == "perennial’s model"
    mixed = {"return": "recency", "value": "pareto_nbd"}
    assert served_words(mixed) == (
        "risk by the days since the last order, value by a buy-till-you-die model (Pareto/NBD)"
    )
    assert served_words(None) == ""
