"""Laws of the engine: what may change a feature, and what never does."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from features.catalogue import BY_NAME
from features.log.purchase_log import log_from_lines
from features.log.shop_log import ShopLog
from features.panel import panel, snapshot
from features.reading.read import read_purchases
from features.rows import Request, features_with
from tests.features.made import (
    CLOCK,
    CUTOFF,
    LONG,
    MONEY,
    QUICK,
    drawn_logs,
    lines_of,
    log_of,
    shop_of,
    shot_of,
    source_of,
)

# Some line is known before the cutoff, and 250 days are left for what becomes known late.
PAST = {"last_day": 150}
NAMES = features_with(frozenset({"quantity", "discount", "cost", "product", "category", "channel"}))


def rows_of(shop, cutoffs=(CUTOFF,), horizons=(), until=None):
    return shop.rows(Request(tuple(cutoffs), NAMES, horizons, until))


def bytes_of(rows):
    """All that is in rows of an engine, bit by bit."""
    labels = b"".join(repr(key).encode() + v.tobytes() for key, v in rows.labels.items())
    ids = "\n".join(rows.customer_ids).encode()
    arrays = (rows.customer, rows.cutoff, rows.features, rows.facts)
    return b"|".join([ids, *(a.tobytes() for a in arrays), labels])


def assert_same(one, two):
    """Features and facts of two snapshots are equal; a column more is undefined or 0."""
    assert_frame_equal(one.features[list(two.features)], two.features, check_exact=True)
    assert_frame_equal(one.facts, two.facts, check_exact=True)


def known_in_time(frame):
    """The lines, all known the day before the cutoff at the latest."""
    return frame.assign(known_at=frame["known_at"].clip(upper="2024-02-04T23:59:59"))


def assert_order_is_nothing(frame, random):
    order = list(range(len(frame)))
    random.shuffle(order)
    mixed = frame.iloc[order].reset_index(drop=True)
    assert lines_of(frame).equals(lines_of(mixed))
    one, two = (rows_of(shop_of(f), horizons=(30,)) for f in (frame, mixed))
    assert bytes_of(one) == bytes_of(two)


@QUICK
@given(drawn_logs(**PAST), st.randoms(use_true_random=False))
def test_r6_the_order_of_rows_changes_nothing(frame, random):
    assert_order_is_nothing(frame, random)


@pytest.mark.long
@pytest.mark.timeout(1800)
@settings(LONG, max_examples=1000)
@given(drawn_logs(**PAST), st.randoms(use_true_random=False))
def test_r6_a_thousand_permutations_change_nothing(frame, random):
    assert_order_is_nothing(frame, random)


@QUICK
@given(drawn_logs(**PAST), drawn_logs(customers="XYZ"))
def test_other_customers_change_nothing(frame, others):
    alone = shot_of(known_in_time(frame))
    together = shot_of(pd.concat([others, known_in_time(frame)], ignore_index=True))
    ids = alone.features.index
    shared = [n for n in alone.features if n in together.features]
    assert shared == list(alone.features)
    assert_frame_equal(alone.features, together.features.loc[ids, shared], check_exact=True)
    assert_frame_equal(alone.facts, together.facts.loc[ids], check_exact=True)


def assert_the_future_is_nothing(frame, future):
    """Neither what comes after the cutoff nor what becomes known after it moves anything."""
    frame = known_in_time(frame)
    alone = rows_of(shop_of(frame))
    with_future = shop_of(pd.concat([future, frame], ignore_index=True))
    together = rows_of(with_future)
    assert bytes_of(alone) == bytes_of(shifted(together, alone))
    assert_same(snapshot(shop_of(frame), CUTOFF), snapshot(with_future, CUTOFF))
    before = rows_of(with_future.known_before(CUTOFF))
    assert bytes_of(together) == bytes_of(before)


def shifted(rows, like):
    """The rows, customers numbered as in another log that has the same ones."""
    assert rows.customer_ids.tolist() == like.customer_ids.tolist()
    return type(rows)(
        like.customer, rows.customer_ids, rows.cutoff, rows.features, rows.facts, rows.labels
    )


LATER = drawn_logs(first_day=400, last_day=900, customers="ABCD", early=False)
UNKNOWN = drawn_logs(customers="ABCD").map(lambda f: f.assign(known_at="2024-02-05T00:00:00"))


@QUICK
@given(drawn_logs(**PAST), LATER)
def test_r9_later_purchases_change_nothing(frame, future):
    assert_the_future_is_nothing(frame, future)


@QUICK
@given(drawn_logs(**PAST), UNKNOWN)
def test_r9_what_becomes_known_later_changes_nothing(frame, unknown):
    assert_the_future_is_nothing(frame, unknown)


@pytest.mark.long
@pytest.mark.timeout(3600)
@LONG
@given(drawn_logs(**PAST), st.one_of(LATER, UNKNOWN))
def test_r9_nothing_of_the_future_moves_a_feature_in_ten_thousand_logs(frame, future):
    assert_the_future_is_nothing(frame, future)


@QUICK
@given(drawn_logs(**PAST))
def test_one_customer_alone_is_as_in_the_batch(frame):
    batch = rows_of(shop_of(frame), horizons=(60,))
    for row, customer in enumerate(batch.customer_ids):
        alone = rows_of(shop_of(frame[frame["customer_id"] == customer]), horizons=(60,))
        assert alone.features[:, 0].tobytes() == batch.features[:, row].tobytes()
        assert alone.facts[:, 0].tobytes() == batch.facts[:, row].tobytes()
        for key, values in alone.labels.items():
            assert values.tobytes() == batch.labels[key][[row]].tobytes()


@QUICK
@given(drawn_logs(customers="ABCDEFG"), st.integers(1, 30))
def test_any_chunking_gives_the_same_bytes(frame, lines_a_range):
    asked = {"cutoffs": (CUTOFF - 100, CUTOFF), "horizons": (30, 90), "until": CUTOFF + 30}
    whole, cut = shop_of(frame), shop_of(frame, lines_a_range)
    assert bytes_of(rows_of(whole, **asked)) == bytes_of(rows_of(cut, **asked))
    assert whole.facts == cut.facts
    assert whole.customer_ids.tolist() == cut.customer_ids.tolist()
    assert whole.known_before(CUTOFF).facts == cut.known_before(CUTOFF).facts


@QUICK
@given(drawn_logs(last_day=600), st.sets(st.integers(CUTOFF - 300, CUTOFF + 200), min_size=1))
def test_a_panel_is_its_snapshots(frame, cutoffs):
    shop = shop_of(frame)
    stacked = panel(shop, sorted(cutoffs, reverse=True), (90,))
    for cutoff in cutoffs:
        rows = stacked.where(stacked.cutoffs == cutoff)
        if not len(rows):
            continue
        shot = snapshot(shop, cutoff)
        assert_frame_equal(rows.features[list(shot.features)], shot.features, check_exact=True)
        assert rows.customers.tolist() == shot.customers.tolist()
        alone = panel(shop, [cutoff], (90,)).labels[90]
        assert_frame_equal(rows.labels[90].reset_index(drop=True), alone, check_exact=True)


@QUICK
@given(drawn_logs(**PAST))
def test_scaling_amounts_scales_the_money_features_alone(frame):
    # 8 is a power of two and scales a float without rounding.
    scaled = frame.assign(**{n: frame[n] * 8 for n in MONEY if n in frame})
    before, after = shot_of(known_in_time(frame)), shot_of(known_in_time(scaled))
    scale = {c: 8.0 if BY_NAME[str(c)].unit == "currency" else 1.0 for c in before.features}
    assert_frame_equal(after.features, before.features * pd.Series(scale), check_exact=True)
    facts = before.facts.assign(net_to_date=before.facts["net_to_date"] * 8)
    assert_frame_equal(after.facts, facts, check_exact=True)


@QUICK
@given(drawn_logs(max_size=40))
def test_gross_less_refunded_is_net_in_whole_ten_thousandths(frame):
    log = log_of(frame)
    rows = rows_of(ShopLog.of(log))
    gross, refunded, net = (
        np.rint(rows.features[NAMES.index(n)] * 10_000).astype(int)
        for n in ("gross_total", "refunded_total", "spend_total")
    )
    assert (gross - refunded == net).all()
    assert log.amount[log.is_purchase].sum() + log.amount[log.is_refund].sum() == log.amount.sum()
    assert not (log.is_purchase & log.is_refund).any()


def of_other_orders(old):
    """Lines of old orders and products: no refund of today belongs to them."""
    renamed = {n: "old " + old[n] for n in ("order_id", "refund_of", "product_id") if n in old}
    return old.assign(known_at=old["ordered_at"], **renamed)


@QUICK
@given(drawn_logs(early=False), drawn_logs(first_day=-2500, last_day=-700, early=False))
def test_history_before_the_look_back_moves_no_feature(frame, old):
    frame, old = known_in_time(frame), of_other_orders(old)
    wanted = rows_of(shop_of(frame))
    found = rows_of(shop_of(pd.concat([old, frame], ignore_index=True)))
    same = np.isin(found.customer_ids, wanted.customer_ids)
    assert np.ascontiguousarray(found.features[:, same]).tobytes() == wanted.features.tobytes()


def read_back(path, frame):
    """A frame as a file of the shop, read and checked."""
    frame.to_csv(path, index=False)
    with read_purchases(source_of(path)) as read:
        return read.account, read.lines


def assert_replay_is_nothing(folder, frame, times):
    frame = frame.drop(columns="cancelled", errors="ignore")
    frame = frame.assign(line_id=[f"l{i}" for i in range(len(frame))])
    _, once = read_back(folder / "once.csv", frame)
    account, again = read_back(folder / "again.csv", pd.concat([frame] * (times + 1)))
    assert once.equals(again)
    assert account.duplicate == times * len(frame)
    one, two = (rows_of(ShopLog.of(log_from_lines(lines, CLOCK))) for lines in (once, again))
    assert bytes_of(one) == bytes_of(two)


@settings(QUICK, max_examples=10)
@given(drawn_logs(**PAST), st.integers(1, 3))
def test_r5_lines_delivered_again_change_nothing(tmp_path_factory, frame, times):
    assert_replay_is_nothing(tmp_path_factory.getbasetemp(), frame, times)


@pytest.mark.long
@pytest.mark.timeout(3600)
@settings(LONG, max_examples=1000)
@given(drawn_logs(**PAST), st.integers(1, 3))
def test_r5_replays_change_nothing_in_a_thousand_logs(tmp_path_factory, frame, times):
    assert_replay_is_nothing(tmp_path_factory.getbasetemp(), frame, times)
