"""The hold-out: random, even over deciles, and the same everywhere."""

import hashlib
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.lists.hash_rank import hash_numbers
from retention.lists.holdout import (
    draw_holdout,
    global_control,
    held_out_sizes,
    strata_of,
)

ROOT = Path(__file__).parents[3]
GOLDEN = [10764453248922921349, 7861286180558613671]
IDS = [f"c{i}" for i in range(1000)]
ASK = (
    "from retention.lists.holdout import draw_holdout, global_control;"
    "ids = [f'c{i}' for i in range(1000)];"
    "print(''.join('01'[int(h)] for h in draw_holdout('spring', ids, 0.1)),"
    "''.join('01'[int(h)] for h in global_control('shop', ids)))"
)


def test_the_hash_is_that_of_any_machine():
    # sha256 of the framed texts, worked out apart from the code.
    framed = b"".join(
        len(t).to_bytes(8, "big") + t for t in (b"holdout", b"spring", "Zoë".encode())
    )
    first = int.from_bytes(hashlib.sha256(framed).digest()[:8], "big")
    assert hash_numbers("holdout", "spring", ["Zoë"]).tolist() == [first]
    # Kept as numbers, so that a change of the draw does not pass unseen.
    assert hash_numbers("holdout", "spring", ["c1", "c2"]).tolist() == GOLDEN


def test_the_draw_is_equal_across_processes():
    def asked(seed):
        done = subprocess.run(
            [sys.executable, "-c", ASK], cwd=ROOT, capture_output=True, text=True, timeout=120,
            env={**os.environ, "PYTHONHASHSEED": seed}, check=True,
        )  # fmt: skip
        return done.stdout.split()

    here = [
        "".join("01"[int(h)] for h in mask)
        for mask in (draw_holdout("spring", IDS, 0.1), global_control("shop", IDS))
    ]
    assert asked("1") == here == asked("2")


@given(count=st.integers(2, 300), share=st.floats(0, 0.5))
def test_each_decile_gives_the_first_whole_number_not_below_its_share(count, share):
    ids = IDS[:count]
    held, stratum = draw_holdout("l", ids, share), strata_of(count, share)
    for s in range(10):
        size = int((stratum == s).sum())
        wanted = share * size
        assert wanted - 1e-6 <= held[stratum == s].sum() <= math.ceil(wanted)
    assert held.sum() == held_out_sizes(count, share)


@given(count=st.integers(2, 50), share=st.floats(0.001, 0.5))
def test_two_or_more_have_somebody_in_each_arm(count, share):
    assert 0 < held_out_sizes(count, share) < count


def test_one_customer_alone_is_contacted():
    assert draw_holdout("l", ["a"], 0.5).tolist() == [False]
    assert held_out_sizes(1, 0.5) == held_out_sizes(0, 0.5) == 0


def test_a_tenth_of_three_hundred_is_thirty():
    assert draw_holdout("l", IDS[:300], 0.1).sum() == 30


@given(count=st.integers(1, 300), share=st.floats(0, 0.5))
def test_a_small_list_does_not_hold_out_far_more_than_is_asked(count, share):
    asked = share * count
    assert held_out_sizes(count, share) <= max(1.5 * asked + 1, asked + 1)
    assert strata_of(count, share).max() + 1 == (10 if asked >= 20 else max(1, int(asked / 2)))


def test_deciles_are_even_and_best_first():
    assert strata_of(250).tolist() == sorted(strata_of(250).tolist())
    assert np.bincount(strata_of(1000)).tolist() == [100] * 10


def test_another_list_holds_out_others():
    one, two = draw_holdout("one", IDS, 0.2), draw_holdout("two", IDS, 0.2)
    # Independent draws agree in 0.2 x 0.2 of the customers.
    assert (one & two).sum() == pytest.approx(40, abs=20)


def test_the_draw_has_nothing_to_do_with_order_within_a_decile():
    held = set(np.array(IDS[:100])[draw_holdout("l", IDS[:100], 0.5)])
    turned = [*reversed(IDS[:10]), *IDS[10:100]]
    assert set(np.array(turned)[draw_holdout("l", turned, 0.5)]) == held


def test_global_control_is_two_per_cent_and_only_grows_with_its_share():
    ids = [f"c{i}" for i in range(20_000)]
    two, five = global_control("shop", ids), global_control("shop", ids, 0.05)
    assert two.mean() == pytest.approx(0.02, abs=0.004)
    assert not (two & ~five).any()
    assert not (global_control("other shop", ids) == two).all()


def test_errors_say_what_is_wrong():
    with pytest.raises(ValueError, match="hold-out must be a share from 0 to 0.5, got 0.6"):
        draw_holdout("l", IDS, 0.6)
    with pytest.raises(ValueError, match="1 customer ids stand twice"):
        draw_holdout("l", ["a", "a"], 0.1)
