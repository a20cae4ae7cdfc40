"""Contact lists in training: who is left out, who counts for others, and what stays as it was."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from benchmarks.retention_retraining import no_btyd, retrained_in_full
from configs.settings import load_settings
from features.panel import panel
from features.shop_clock import ShopClock, day_number
from models.trees import TreeParameters
from tests.made_shop import made_log, made_purchases, write_shop
from training.campaigns import Counted, copies, lists_of, taken
from training.fit import fit_horizon
from training.inputs import campaigns_of
from training.results import MODEL
from training.windows import plan_windows

COLUMNS = ["customer_id", "list_id", "arm", "stratum", "contacted_at"]
DAY = day_number(dt.date(2025, 3, 1))


def contacts(*rows):
    frame = pd.DataFrame(rows, columns=COLUMNS).astype({"contacted_at": "datetime64[us]"})
    return frame.set_index("customer_id")


def lists(own, told=None, *, days=30, clock=None):
    return lists_of(own, told, effect_days=days, clock=clock or ShopClock())


LIST = contacts(
    *[(c, "L", "contacted", 0, "2025-03-01") for c in "abc"],
    ("d", "L", "held_out", 0, "2025-03-01"),
    ("gone", "L", "held_out", 1, "2025-03-01"),
)


def test_contacted_rows_are_left_out_and_the_held_out_stand_for_them():
    known = lists(LIST).numbered(["a", "b", "c", "d", "e"])
    customers = np.repeat(np.arange(5), 2)
    cutoffs = np.tile([DAY - 60, DAY - 10], 5)
    found = known.counted(customers, cutoffs, 30)
    # Windows from the earlier cutoff closed before the list: each counts once.
    assert found.positions.tolist() == [0, 2, 4, 6, 7, 7, 7, 7, 8, 9]
    assert (found.rows, found.dropped, found.held_out, found.unmatched) == (10, 3, 1, 0)
    assert found.sentence("churn").startswith("churn: 3 of 10 label windows")


def test_rows_that_no_list_touches_are_left_alone():
    known = lists(LIST).numbered(["a", "e"])
    assert known.counted(np.array([0, 1]), np.array([DAY - 60, DAY]), 30) is None
    assert known.counted(np.array([1]), np.array([DAY]), 30) is None


def test_windows_begin_with_the_shops_day():
    late = contacts(("a", "L", "contacted", 0, "2025-03-01 02:00"))
    for starts, touched in (("00:00", False), ("04:00", True)):
        known = lists(late, clock=ShopClock(day_starts_at=starts)).numbered(["a"])
        found = known.counted(np.array([0]), np.array([DAY - 30]), 30)
        assert (found is not None) is touched


def test_copies_keep_the_sum_of_weights():
    draw = np.random.default_rng(0)
    weight = np.concatenate([np.full(300, 1 / 0.35), np.full(300, 4.0), np.zeros(400)])
    cutoffs = draw.integers(0, 3, len(weight))
    times = copies(weight, np.arange(len(weight)), cutoffs)
    assert set(times[:300]) == {2, 3}
    assert set(times[300:600]) == {4}
    assert not times[600:].any()
    for cutoff in range(3):
        here = (cutoffs == cutoff) & (np.arange(len(weight)) < 300)
        assert times[here].sum() == pytest.approx(weight[here].sum(), abs=1)


def test_nobody_stands_for_more_than_fifty():
    members = [(f"m{k:03d}", "L", "contacted", 0, "2025-03-01") for k in range(99)]
    known = lists(contacts(*members, ("z", "L", "held_out", 0, "2025-03-01"))).numbered(
        ["m000", "z"]
    )
    found = known.counted(np.array([0, 1]), np.array([DAY, DAY]), 30)
    assert found.positions.tolist() == [1] * 2
    both = contacts(*members, ("z", "L", "held_out", 0, "2025-03-01"))
    ids = [*(m[0] for m in members), "z"]
    found = lists(both).numbered(ids).counted(np.arange(100), np.full(100, DAY), 30)
    assert found.positions.tolist() == [99] * 50


def test_contacts_without_a_hold_out_are_the_shops_usual_marketing():
    told = contacts(
        ("a", "news", "contacted", None, "2025-03-01"),
        ("b", None, "contacted", None, "2025-03-01"),
        ("c", "test", "contacted", None, "2025-03-01"),
        ("d", "test", "held_out", None, "2025-03-01"),
    )
    found = lists(None, told)
    assert (sorted(found.assigned["customer_id"]), found.usual) == (["c", "d"], 2)
    own = contacts(("a", "news", "contacted", 0, "2025-03-01"))
    # A list of perennial's own is one, whether or not anybody was held out.
    both = lists(own, told)
    assert (sorted(set(both.assigned["customer_id"])), both.usual) == (["a", "c", "d"], 1)
    assert lists(None, None) is None
    assert lists(None, told.iloc[:0]) is None


def test_other_lists_are_other_data():
    one, other = lists(LIST), lists(LIST.assign(arm="contacted"))
    assert one.digest == lists(LIST).digest
    assert one.digest != other.digest
    assert one.digest != lists(LIST, days=60).digest


def test_labels_stay_as_they_are_where_hardly_anybody_would_be_left():
    newest = np.arange(120) < 100
    some = Counted(np.arange(60, 120), 120, 60, 0, 60)
    assert not some.enough_at(newest).applied
    assert some.enough_at(newest).positions.tolist() == list(range(120))
    assert "told too low" in some.enough_at(newest).sentence("churn")
    most = Counted(np.arange(40, 120), 120, 40, 0, 40)
    assert most.enough_at(newest) is most


def test_taken_rows_keep_features_and_labels_together():
    log = made_log(made_purchases(40))
    whole = panel(log, [log.last_day - 100, log.last_day - 60], [60])
    some = taken(whole, np.array([3, 3, 7]))
    assert some.customers.tolist() == whole.customers[[3, 3, 7]].tolist()
    assert some.features.index.tolist() == whole.features.index[[3, 3, 7]].tolist()
    assert (
        some.labels[60]["churned"].tolist() == whole.labels[60]["churned"].iloc[[3, 3, 7]].tolist()
    )


def fitted(log, campaigns):
    plan = plan_windows(log.first_day, log.last_day + 1, 60, n_cutoffs=2)
    assert plan is not None
    return fit_horizon(
        log,
        plan,
        btyd_at=no_btyd,
        trees=lambda rows: TreeParameters(),
        seed=0,
        campaigns=campaigns,
    )


def test_a_list_that_touches_no_label_changes_no_byte_of_a_fit():
    log = made_log(made_purchases(200))
    elsewhere = lists(contacts(*[(c, "L", "contacted", 0, "2035-01-01") for c in log.customer_ids]))
    found = [fitted(log, None), fitted(log, elsewhere.numbered(log.customer_ids))]
    assert found[1].counted is None
    one, two = (
        f.heads.returns[MODEL].churn_probability(f.preparation.of(f.features)) for f in found
    )
    assert one.tobytes() == two.tobytes()
    assert found[0].heads.values[MODEL].level == found[1].heads.values[MODEL].level


def test_lists_are_read_from_their_files_and_from_the_shops_table(tmp_path):
    config = write_shop(tmp_path, made_purchases(5), contacts={"source": str(tmp_path / "c.csv")})
    settings = load_settings(config)
    (tmp_path / "c.csv").write_text("customer_id,contacted_at\na,2024-01-01\n")
    settings.contacts_dir.mkdir(parents=True)
    head = "customer_id,contacted_at,list_id,arm,channel,cost,stratum\n"
    rows = (
        "=b,2035-01-01T00:00:00,spring,contacted,email,0.5,3\n007,2035-01-01,spring,held_out,,0,3\n"
    )
    (settings.contacts_dir / "spring.csv").write_text(head + rows)
    (settings.contacts_dir / "_other.csv").write_text(f"{head}c,2024-02-01,mailing,contacted,,,\n")
    found = campaigns_of(settings)
    assert found is not None
    assert found.usual == 2
    assert found.effect_days == 60
    assert found.assigned["customer_id"].tolist() == ["007", "=b"]
    assert found.assigned["stratum"].tolist() == [3, 3]
    assert campaigns_of(load_settings(write_shop(tmp_path / "bare", made_purchases(5)))) is None


@pytest.mark.long
def test_retraining_after_a_good_list_tells_untreated_risk_as_without_the_list():
    found = retrained_in_full(0, 800, holdout=0.5, btyd_at=no_btyd)
    assert found["plain_all"] - found["untouched_all"] < -1
    assert abs(found["corrected_all"] - found["untouched_all"]) < 1
