"""Lists in words: who is left out, what was declared, shares and points."""

import pytest

from retention.lists.audience import LEFT_OUT
from serving.pages import lists_words
from serving.pages.lists_funnel import funnel
from serving.pages.lists_sensitivity import sensitivity_table


def test_every_reason_for_being_left_out_has_words():
    assert tuple(lists_words.LEFT_OUT) == LEFT_OUT


@pytest.mark.parametrize(
    ("share", "words"), [(0.05, "5%"), (0.025, "2.5%"), (1.0, "100%"), (0.1, "10%"), (None, "–")]
)
def test_shares_carry_no_needless_digit(share, words):
    assert lists_words.share(share) == words


def test_points_say_which_way_they_go():
    assert lists_words.points(0.031) == "+3.1 points"
    assert lists_words.points(-0.031) == "−3.1 points"


def test_an_audience_is_one_sentence():
    asked = {
        "include_lapsed": False,
        "channel": "email",
        "risk_tier": ["high", "medium"],
        "value_tier": ["top"],
        "min_value_at_risk": 20.0,
    }
    assert lists_words.audience_words(asked) == (
        "Customers with risk high or medium; value top; value at risk from 20.00; "
        "reachable by email, without the lapsed."
    )
    assert lists_words.audience_words({"include_lapsed": True}) == (
        "All customers, the lapsed among them."
    )


def test_the_chance_of_a_loss_is_never_none():
    gain = {"chance_of_loss": 0.0, "break_even_save_rate": 0.032}
    assert lists_words.gain_words(gain, {"mean": 0.05, "origin": "assumed"}) == (
        "It loses money in fewer than 1 of 100 cases. "
        "It breaks even at a save rate of 3.2%; 5% is assumed."
    )
    told = lists_words.gain_words({"chance_of_loss": 0.2}, {"mean": 0.05, "origin": "measured"})
    assert told == (
        "It loses money in 20 of 100 cases. There is no save rate from which it would pay."
    )


def test_days_in_a_sentence_are_written_as_on_the_pages():
    told = lists_words.with_days("the readout is on 2026-03-01, in 3 days")
    assert told == "the readout is on 1 Mar 2026, in 3 days"


def test_bars_of_the_funnel_shrink_and_are_seen():
    steps = funnel(
        {
            "customers": 1_000_000,
            **dict.fromkeys(LEFT_OUT, 0),
            "lapsed": 999_990,
            "eligible": 10,
            "worth_contacting": 5,
            "listed": 5,
            "contacted": 4,
            "held_out": 1,
        }
    )
    assert [step.customers for step in steps] == [1_000_000, 10, 5, 5, 4]
    assert steps[0].width == 100
    assert all(step.width > 0 for step in steps)
    assert [number for number, _ in steps[1].left_out] == [999_990]
    assert [number for number, _ in steps[-1].left_out] == [1]


def test_the_middle_of_the_table_is_what_was_assumed():
    rows = [
        {"assumption": name, "change": change, "value": 1 + change, "net_gain": 100 * change}
        for name in ("save_rate", "margin", "contact_cost")
        for change in (-0.5, 0.5)
    ]
    table = sensitivity_table(rows, 42.0)
    assert table["changes"] == ["50% less", "as assumed", "50% more"]
    assert [row["name"] for row in table["rows"]] == list(lists_words.ASSUMPTIONS.values())
    assert [cell["net_gain"] for cell in table["rows"][0]["cells"]] == [-50.0, 42.0, 50.0]
