"""The standing control group: the same in every batch, and what everybody else brings beside it."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from configs.settings import Lists
from retention.lists.holdout import GLOBAL_SHARE, global_control
from serving.lists.control import CONTROLS, Controls
from serving.lists.errors import ListRefused, NothingPublished
from serving.lists.programme import programme
from serving.lists.programme_commands import show_programme
from serving.lists.rows import LIST_ROWS, Rows
from serving.scores import ScoreStore
from tests.serving.lists.made_lists import make
from tests.serving.made import made_batch, made_orders, made_rows, publish

CUSTOMERS = 3000
IDS = [f"{i:05d}" for i in range(CUSTOMERS)]


def with_control(settings, share):
    return settings.model_copy(update={"lists": Lists(global_control=share)})


def publish_year(store, name, *, control, others, share=0.2):
    """A batch of which so many of the control group and of the others ordered in May."""
    inside = global_control(name, IDS, share)
    draw = np.random.default_rng(0)
    back = draw.random(CUSTOMERS) < np.where(inside, control, others)
    bought = pd.DataFrame(
        {
            "customer_id": np.array(IDS, object)[back],
            "order_number": 3,
            "ordered_on": "2024-05-05",
            "amount": 10.0,
            "items": np.nan,
            "lines": 1,
        }
    )
    late = pd.DataFrame({"customer_id": ["new"], "order_number": 1, "ordered_on": "2024-06-01"})
    rows = [made_orders(CUSTOMERS), bought, late.assign(amount=5.0, items=np.nan, lines=1)]
    batch = made_batch(customers=CUSTOMERS)
    store.publish(batch, made_rows(batch), pd.concat(rows, ignore_index=True))
    return inside, back


def test_the_control_group_is_named_by_the_settings_or_by_a_list(sqlite_store, settings):
    publish(sqlite_store, made_batch(customers=CUSTOMERS))
    batch = sqlite_store.current()
    customers = LIST_ROWS.of(sqlite_store, batch)
    assert CONTROLS.of(settings, batch, customers).tolist() == []
    asked = CONTROLS.of(settings, batch, customers, asked=True)
    hits = global_control(settings.name, customers.ids.to_pylist(), GLOBAL_SHARE)
    assert asked.tolist() == np.flatnonzero(hits).tolist()
    ten = with_control(settings, 0.1)
    told = CONTROLS.of(ten, batch, customers)
    assert set(asked) < set(told)
    assert CONTROLS.of(ten, batch, customers, asked=True) is told


def test_the_control_group_of_a_batch_is_drawn_once(settings):
    ten, kept = with_control(settings, 0.1), Controls()
    customers = Rows(pa.array(IDS), {}, 90)
    first = kept.of(ten, made_batch(), customers)
    assert kept.of(ten, made_batch(), customers) is first
    assert kept.of(ten, made_batch("b2"), customers).tolist() == first.tolist()


def test_the_programme_is_everybody_else_less_the_control_group(sqlite_store, settings):
    inside, back = publish_year(sqlite_store, settings.name, control=0.2, others=0.5)
    told = programme(sqlite_store, with_control(settings, 0.2))
    assert (told["begins_on"], told["ends_on"]) == ("2024-04-02", "2024-07-01")
    # Who came first within the window was not there to be contacted or left alone.
    assert told["customers"] == {
        "others": CUSTOMERS - int(inside.sum()),
        "control": int(inside.sum()),
    }
    assert told["means"]["return_rate"]["control"] == pytest.approx(back[inside].mean())
    effect = told["effects"]["return_rate"]
    assert effect["low"] < 0.3 < effect["high"]
    assert effect["shown"]
    assert told["effects"]["revenue"]["estimate"] == pytest.approx(10 * effect["estimate"])
    assert "more than chance" in told["sentence"]
    assert "Nobody was contacted in that time" in told["sentence"]
    json.dumps(told, allow_nan=False)


def test_contacts_of_the_control_group_are_told(sqlite_store, settings):
    publish_year(sqlite_store, settings.name, control=0.4, others=0.4, share=0.02)
    make(sqlite_store, settings, list_id="all", begins_on="2024-07-01", holdout=0.0)
    later = made_batch("b2", CUSTOMERS, as_of="2024-07-02", data_until="2024-07-01")
    sqlite_store.publish(later, made_rows(later), made_orders(CUSTOMERS))
    told = programme(sqlite_store, with_control(settings, 0.02))
    assert told["contacted"]["control"] > 0
    assert "contacted all the same" in told["sentence"]
    assert not told["effects"]["return_rate"]["shown"]


def test_who_was_silent_too_long_or_too_new_is_not_compared(sqlite_store, settings):
    publish_year(sqlite_store, settings.name, control=0.4, others=0.4)
    short = settings.eligible.model_copy(update={"active_within_days": 20})
    few = with_control(settings, 0.2).model_copy(update={"eligible": short})
    told = programme(sqlite_store, few)
    assert told["customers"] == {"others": 0, "control": 0}
    assert told["effects"]["return_rate"]["estimate"] is None
    assert "nothing can be compared yet" in told["sentence"]


def test_without_a_control_group_it_says_how_to_have_one(settings, capsys):
    store = ScoreStore(settings.store_url)
    with pytest.raises(NothingPublished):
        programme(store, settings)
    publish(store, made_batch(customers=300))
    with pytest.raises(ListRefused, match="set `lists.global_control`"):
        programme(store, settings)
    store.close()
    show_programme(with_control(settings, 0.5), as_json=True)
    assert json.loads(capsys.readouterr().out)["share"] == 0.5
