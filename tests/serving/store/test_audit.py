"""The audit trail: an entry changed, cut or moved is found."""

import random

import pytest
from sqlalchemy import delete, select, update

from serving.store.audit import fault, record
from serving.store.write_tables import audit
from tests.serving.made import NOW

ENTRIES = 20


@pytest.fixture
def trail(store):
    with store.database.write() as connection:
        for i in range(ENTRIES):
            record(
                connection,
                store.database.secret,
                at=NOW,
                who=f"token{i % 3}",
                what="export",
                count=i,
                details={"export_id": str(i)},
            )
    return store


def found(store, *changes):
    """Return the fault after some changes, which are undone."""
    with store.database.engine.connect() as connection:
        for change in changes:
            connection.execute(change)
        said = fault(connection, store.database.secret)
        connection.rollback()
    return said


def test_a_trail_that_nobody_touched_has_no_fault(trail):
    assert found(trail) == ""
    assert found(trail, update(audit).values(who=audit.c.who)) == ""


def tampering(seed):
    draw = random.Random(seed)  # noqa: S311 - a choice of what to break
    one, other = draw.sample(range(1, ENTRIES + 1), 2)
    here = audit.c.number == one
    field = draw.choice(["at", "who", "what", "details", "hash"])
    return draw.choice(
        [
            [update(audit).where(here).values({field: "changed"})],
            [update(audit).where(here).values(count=99)],
            [delete(audit).where(here)],
            [delete(audit).where(audit.c.number > one - 1)],
            [
                update(audit).where(here).values(number=1000),
                update(audit).where(audit.c.number == other).values(number=one),
                update(audit).where(audit.c.number == 1000).values(number=other),
            ],
        ]
    )


def test_s18_a_hundred_tamperings_are_found(trail):
    said = [found(trail, *tampering(seed)) for seed in range(100)]
    assert all("audit trail" in each for each in said)


def test_entries_follow_one_another(trail):
    with trail.database.read() as connection:
        numbers = list(connection.scalars(select(audit.c.number).order_by(audit.c.number)))
    assert numbers == list(range(1, ENTRIES + 1))
