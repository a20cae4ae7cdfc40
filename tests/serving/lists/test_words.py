"""Contact lists in words, for a terminal."""

from serving.lists.words import (
    ADJUSTED,
    STATUS_WORDS,
    contacts_text,
    outcomes_text,
    readout_text,
)
from serving.web.list_examples import CONTACTS_ANSWER, OUTCOMES_ANSWER, READOUT


def test_a_difference_of_rates_is_told_in_points_and_as_adjusted():
    text = readout_text(READOUT)
    assert (
        "return rate: 41.1% contacted, 42.5% held out; adjusted difference \u22121.4 points "
        "(95 % interval \u221214.0 to +11.1)" in text
    )
    assert "adjusted difference +5.91 (95 % interval \u221212.33 to +24.14)" in text
    assert ADJUSTED in text
    assert "\u2212" in text
    assert "weighs it with the readouts of other lists" in text


def test_a_readout_that_is_not_final_says_what_its_status_means_and_of_no_adjustment():
    early = {**READOUT, "status": "preliminary", "effects": {}, "save_rate": None}
    text = readout_text(early)
    assert f"status preliminary: {STATUS_WORDS['preliminary']}" in text
    assert ADJUSTED not in text


def test_one_is_told_in_the_singular():
    assert contacts_text(CONTACTS_ANSWER) == "1 contact recorded, 0 known already"
    one = {**CONTACTS_ANSWER, "held_out_contacted": 1, "erased": 1}
    assert "1 of them was to be left alone" in contacts_text(one)
    assert "1 row of an erased customer left out" in contacts_text(one)
    assert outcomes_text(OUTCOMES_ANSWER).startswith("1 outcome kept for list summer")
    two = {**OUTCOMES_ANSWER, "not_members": 2}
    assert "2 rows of customers who are not on it left out" in outcomes_text(two)
