from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.log.shop_log import Held, ShopLog
from features.panel import snapshot
from features.shop_clock import ShopClock, date_of
from models.bundle import save_parts, seal
from retention.batch_job import first_order_of, score_shop
from retention.clv.ladder import Economics
from retention.extra_fields import Worth
from retention.scores import SCORE_FIELDS, Eligibility, score_rows, silence_of
from tests.made_frames import log_from_frame
from tests.retention.made import CUTOFF, made_purchases, made_shop

ECONOMICS = Economics(margin=0.3, serving_per_order=1.0)
ELIGIBLE = Eligibility(active_within_days=200)


@pytest.fixture(scope="module")
def log():
    lines = made_purchases()
    first = lines["customer_id"] < "c0120"
    return ShopLog([Held(log_from_frame(lines[some], ShopClock())) for some in (first, ~first)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / "sealed"
    _, bundle = made_shop()
    seal(folder, save_parts(replace(bundle, reference={}), folder), {})
    return folder


def scored(log, folder, **asked):
    asked = {"eligibility": ELIGIBLE, **asked}
    return score_shop(log, folder, CUTOFF, batch_id="b1", economics=ECONOMICS, **asked)


def test_customers_in_ranges_are_placed_among_all_of_them(log, folder):
    rows, cuts = scored(log, folder, silence=False)
    whole = ShopLog.of(log_from_frame(made_purchases(), ShopClock()))
    shot, (_, bundle) = snapshot(whole, CUTOFF), made_shop()
    ids = shot.features.index.to_numpy(object)
    wanted, wanted_cuts = score_rows(
        shot.features,
        bundle,
        facts=shot.facts,
        as_of=str(date_of(CUTOFF)),
        batch_id="b1",
        eligibility=ELIGIBLE,
        worth=Worth(first_order_of(whole.ranges[0].load(), CUTOFF, ids), ECONOMICS),
    )
    assert cuts == wanted_cuts
    assert 0 < (rows["score_status"] == "scored").sum() < len(rows)
    for field in SCORE_FIELDS:
        if field == "model_version":
            continue
        one, two = rows[field].astype(object), wanted[field].astype(object)
        same = (one == two) | (one.isna() & two.isna())
        assert same.all(), field


def test_silence_dates_change_no_other_field(log, folder):
    without, _ = scored(log, folder, silence=False)
    found, _ = scored(log, folder)
    dates = ["medium_risk_on", "high_risk_on"]
    assert without[dates].isna().all(axis=None)
    assert found[dates].notna().any(axis=None)
    others = [f for f in SCORE_FIELDS if f not in (*dates, "missing")]
    pd.testing.assert_frame_equal(found[others], without[others])
    _, bundle = made_shop()
    searched = silence_of(log.ranges[0].load(), CUTOFF, bundle)
    assert len(searched.customer_ids) < len(found)


def test_who_does_not_want_to_be_profiled_is_not_scored_and_cuts_nobody(log, folder):
    all_of_them, _ = scored(log, folder, silence=False)
    unwilling = frozenset(all_of_them["customer_id"][all_of_them["score_status"] == "scored"][:5])
    eligibility = replace(ELIGIBLE, no_profiling=unwilling)
    rows, cuts = scored(log, folder, silence=False, eligibility=eligibility)
    theirs = rows["customer_id"].isin(unwilling)
    assert set(rows.loc[theirs, "score_status"]) == {"no_profiling"}
    assert rows.loc[theirs, list(SCORE_FIELDS[5:])].isna().all(axis=None)
    assert rows.loc[rows["score_status"] == "scored", "rfm_group"].notna().all()
    kept = rows.loc[rows["score_status"] == "scored", "days_since_last"].to_numpy(float)
    assert cuts["value_fields"]["rfm"]["recency_days"][0] == np.quantile(kept, 0.2)
