from pathlib import Path

import pytest

from serving.pages.advice import RULES, advice
from serving.store.listing import LIFECYCLES


def row(stage, value="low", *codes, direction="raises_risk", amount=2.0):
    reasons = [{"code": code, "direction": direction, "value": amount} for code in codes]
    return {"lifecycle_status": stage, "value_tier": value, "reasons": reasons}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (row("lapsed", "top", "refunds_365d"), "win-back"),
        (row("slipping", "top"), "Call or write in person this week"),
        (row("slipping", "medium"), "Send the reminder"),
        (row("slipping", "top", "refunds_365d"), "what went wrong"),
        (row("new", "high"), "Thank them in person"),
        (row("new"), "second-order message"),
        (row("won_back", "top"), "before the silence repeats"),
        (row("active", "top", "orders_change_90d"), "Write in person: orders have become rarer"),
        (row("developing", "low", "spend_90d"), "Show what is new"),
        (row("developing"), "fits the last order"),
        (row("active", "top"), "own rhythm"),
        (row("of another version"), "Look at the history first"),
    ],
)
def test_the_first_rule_that_fits_is_taken(given, words):
    assert words in advice(given)


def test_only_what_raises_the_risk_counts():
    assert "went wrong" not in advice(row("slipping", "top", "refunds_365d", amount=0.0))
    assert "rarer" not in advice(row("active", "top", "spend_90d", direction="lowers_risk"))
    assert "history" in advice(row("active", "low", "a_code_of_another_version"))


def test_every_stage_has_an_action_and_every_rule_says_for_whom():
    assert all(advice(row(stage)) for stage in LIFECYCLES)
    assert len({rule.whom for rule in RULES}) == len(RULES)
    assert RULES[1].whom == "any stage, returns among the reasons"


def test_the_document_has_the_table_of_rules():
    document = (Path(__file__).parents[3] / "docs" / "dashboard.md").read_text(encoding="utf-8")
    lines = [line for line in document.splitlines() if line.startswith("| ")]
    first = lines.index(f"| {RULES[0].whom} | {RULES[0].action} |")
    told = lines[first : first + len(RULES)]
    assert [f"| {rule.whom} | {rule.action} |" for rule in RULES] == told
