"""Lists that would contact nobody, and audiences of a channel."""

import numpy as np
import pytest

from serving.lists import service
from serving.lists.errors import ListRefused, NobodyToContact
from tests.serving.lists.made_lists import asked, make
from tests.serving.made import NOW, made_batch, made_orders, made_rows, publish


@pytest.fixture
def shop(sqlite_store, settings):
    publish(sqlite_store, made_batch(customers=1500))
    return sqlite_store, settings


NOBODY = [
    ({"contact_cost": 1e6}, "contact_cost", "none of the 1,250 customers who may be contacted is "),
    ({"budget": 0.01}, "budget", "the budget of 0.01 is less than one contact costs"),
    (
        {"audience": {"min_value_at_risk": 1e8}},
        "audience",
        "nobody may be contacted (1,250 outside the audience asked for, 150 without scores",
    ),
]


@pytest.mark.parametrize(("terms", "field", "sentence"), NOBODY)
def test_a_list_that_would_contact_nobody_is_refused_and_previewed_in_the_same_words(
    shop, terms, field, sentence
):
    store, settings = shop
    with pytest.raises(NobodyToContact) as caught:
        make(store, settings, list_id="none", **terms)
    assert (caught.value.field, caught.value.exit_code) == (field, 3)
    assert sentence in str(caught.value)
    assert service.preview(store, settings, NOW, asked(**terms))["refusal"] == str(caught.value)
    assert service.all_lists(store, settings, NOW) == []


def test_a_list_that_contacts_somebody_is_previewed_without_a_refusal(shop):
    store, settings = shop
    assert service.preview(store, settings, NOW, asked())["refusal"] is None


def reachable_shop(store):
    """A batch of whom some are reached by email, some by post, some by nothing, some not told."""
    batch = made_batch("b2", customers=600)
    told = np.array(["email", "email,post", "", None], dtype=object)
    store.publish(
        batch, made_rows(batch).assign(reachable_by=np.resize(told, 600)), made_orders(600)
    )


def test_a_channel_leaves_out_whom_it_is_not_known_to_reach_and_counts_them_apart(shop):
    store, settings = shop
    reachable_shop(store)
    counts = service.preview(store, settings, NOW, asked(audience={"channel": "post"}))["counts"]
    assert (counts["unreachable"], counts["reach_unknown"]) == (300, 120)
    any_way = service.preview(store, settings, NOW, asked())["counts"]
    assert (any_way["unreachable"], any_way["reach_unknown"]) == (150, 0)


def test_a_channel_that_reaches_nobody_is_refused_with_those_that_are_known(shop):
    store, settings = shop
    for channel in ("fax", "e-mail"):
        with pytest.raises(ListRefused, match="no channel is known at all") as caught:
            make(store, settings, audience={"channel": channel})
        assert caught.value.field == "audience.channel"
    reachable_shop(store)
    with pytest.raises(ListRefused, match="by 'fax'; the channels known are email, post"):
        make(store, settings, audience={"channel": "fax"})
