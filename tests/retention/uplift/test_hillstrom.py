"""Hillstrom's e-mail test: found where there is something to find, and only there."""

import pytest

from benchmarks import retention_hillstrom as mail

pytestmark = pytest.mark.long


@pytest.fixture
def frame():
    found = mail.hillstrom()
    if found is None:
        pytest.skip("PERENNIAL_DATA names no folder with hillstrom.parquet")
    return found


def test_both_halves_rank_the_womens_mail_better_than_chance(frame):
    for half in mail.halves(frame, "Womens E-Mail", "x").values():
        assert half["qini"][1] > 0


def test_shuffled_arms_switch_nothing_on(frame):
    assert sum(mail.shuffled(frame, "x", seed) for seed in range(5)) == 0
