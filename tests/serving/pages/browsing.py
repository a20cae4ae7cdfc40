"""A visitor of the dashboard: signs in, reads links and forms; and batches with their facts."""

import datetime as dt
import re
from html.parser import HTMLParser
from typing import Any

from configs.settings import Settings
from serving.details import cube, migration, stages, week, workable
from serving.details.publication import Publication
from serving.shop_tables import Told
from serving.store.past import Earlier
from tests.serving.made import made_batch, made_orders, made_rows, until

OLD_COLUMNS = ["customer_id", "risk_tier", "tier_since", "lifecycle_status"]


class Links(HTMLParser):
    """Collects what a page links to and the tags and attributes it uses."""

    def __init__(self, text):
        super().__init__()
        self.hrefs, self.tags, self.attributes, self.forms = [], set(), set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.add(tag)
        self.attributes.update(found)
        self.hrefs += [found[name] for name in ("href", "action") if found.get(name)]
        if tag == "form":
            self.forms.append({"method": "get", **found, "fields": {}})
        if tag in ("input", "button") and self.forms and "name" in found:
            self.forms[-1]["fields"][found["name"]] = found.get("value", "")


def first(pattern, text):
    """What the first group of a pattern finds in a text that must match it."""
    found = re.search(pattern, text)
    assert found is not None, pattern
    return found.group(1)


def sign_in(client, runtime, scopes=("read:scores", "list:scores", "export")):
    text, _ = runtime.tokens.create(scopes)
    answer: Any = None

    def is_answered():
        # On a busy disk another writer may hold the store for longer than a request waits.
        nonlocal answer
        answer = client.post("/sign-in", data={"token": text})
        return answer.status_code != 503

    until(is_answered)
    assert answer.status_code == 303
    return answer


def csrf(client, path="/customers"):
    """The text that forms of this session carry."""
    return first(r'name="csrf" value="([0-9a-f]{64})"', client.get(path).text)


SETTINGS = Settings.model_validate({"name": "made", "purchases": {"source": "none.csv"}})


def publish_with_facts(
    store,
    batch,
    rows=None,
    old=None,
    old_as_of="2024-06-24",
    more=None,
    tables=(None, None),
    settings=None,
):
    """Publish a batch with what `publish` counts for its pages, and `more`.

    `old` are the rows of a week before, `tables` what customers' and contacts' tables tell.
    """
    rows = made_rows(batch) if rows is None else rows
    orders = made_orders(batch.customers)
    before = made_batch("b0", as_of=old_as_of) if old is not None else None
    unread: Any = None  # none of the facts below reads it
    told = Told(tables[0], tables[1], {}, "")
    publication = Publication(
        settings=settings or SETTINGS,
        as_of=dt.date.fromisoformat(batch.as_of),
        rows=rows,
        orders=orders,
        log=unread,
        loaded=unread,
        bundle=unread,
        before=before,
        old=None if old is None else old[OLD_COLUMNS],
        week_before=None if before is None else Earlier(before.batch_id, before.as_of),
        week_old=None if old is None else old[OLD_COLUMNS],
        told=told,
    )
    details = {
        "cohorts": stages.cohort_facts(publication),
        "cube": cube.facts(publication),
        "migration": migration.facts(publication),
        "reach": workable.facts(publication),
        "stages": stages.stage_facts(publication),
        "week": week.facts(publication),
        **(more or {}),
    }
    last = dict.fromkeys(rows["customer_id"], "tulips (bulbs)")
    listed = week.with_last_orders(week.listed(publication), orders, last)
    store.publish(batch, rows, orders, details, listed)
    return rows
