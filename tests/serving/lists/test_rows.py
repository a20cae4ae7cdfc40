"""What lists are made from: the same from the columns kept in memory and from the rows."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sqlalchemy import delete

from serving.lists import service
from serving.lists.rows import ListRows
from serving.store.write_tables import batch_columns
from tests.serving.lists.made_lists import asked
from tests.serving.made import NOW, made_batch, made_orders, made_rows


@pytest.fixture
def shop(store, settings):
    """A shop in which every fifth customer is reached by e-mail and text, and a few by nothing."""
    batch = made_batch(customers=600)
    rows = made_rows(batch)
    number = np.arange(600)
    reach = np.select([number % 5 == 0, number % 5 == 1], ["email,sms", ""], "email")
    rows["reachable_by"] = pd.Series(reach, dtype=object).mask(number % 5 == 2, None)
    rows["no_contact"] = pd.Series(number % 7 == 0, dtype=object)
    store.publish(batch, rows, made_orders(600))
    return store, settings, batch


def test_columns_in_memory_and_rows_of_the_table_are_the_same(shop):
    store, _, batch = shop
    kept = ListRows().of(store, batch)
    with store.database.write() as connection:
        connection.execute(delete(batch_columns))
    stored = ListRows().of(store, batch)
    assert kept.horizon_days == stored.horizon_days == 90
    columns = list(stored.frame.columns)
    assert {"no_contact", "reachable_by", "score_status"} <= set(columns)
    one, two = (frame[columns].astype(object) for frame in (kept.frame, stored.frame))
    assert_frame_equal(one.where(one.notna(), None), two.where(two.notna(), None))


def test_who_may_not_or_cannot_be_contacted_is_left_out(shop):
    store, settings, _ = shop
    counts = service.preview(store, settings, NOW, asked())["counts"]
    number = np.arange(600)
    scored = number % 10 != 9
    assert counts["no_contact"] == int((scored & (number % 7 == 0)).sum())
    reached = scored & (number % 7 != 0)
    assert counts["unreachable"] == int((reached & (number % 5 == 1)).sum())
    by_text = asked(audience={"channel": "SMS"})
    counts = service.preview(store, settings, NOW, by_text)["counts"]
    # Who is not told to be reachable by anything may be.
    unreachable = reached & ~np.isin(number % 5, (0, 2))
    assert counts["unreachable"] == int(unreachable.sum())
