"""What is known of contacts with one customer, for the customer's page."""

from typing import Any

from sqlalchemy import select

from serving.store.database import Database
from serving.store.list_rows import lists_of
from serving.store.list_tables import contacts
from serving.store.tables import scores

MOST = 12


def contacts_with(database: Database, batch_id: str, customer_id: str) -> dict[str, Any]:
    """Return lists, contacts and the wish not to be contacted.

    Returns
    -------
    dict
        no_contact : bool; None where the shop does not say
        lists : {list_id, begins_on, readout_on, arm} of each that the customer is on, newest first
        contacts : {contacted_at, list_id, channel, cost} that were sent to the service, newest
            first, `MOST` of them
    """
    if "\x00" in customer_id:
        return {"no_contact": None, "lists": [], "contacts": []}
    barred = select(scores.c.no_contact).where(
        scores.c.batch_id == batch_id, scores.c.customer_id == customer_id
    )
    names = ("contacted_at", "list_id", "channel", "cost")
    made = (
        select(*(contacts.c[name] for name in names))
        .where(contacts.c.customer_id == customer_id)
        .order_by(contacts.c.contacted_at.desc())
        .limit(MOST)
    )
    with database.read() as connection:
        return {
            "no_contact": connection.scalar(barred),
            "lists": lists_of(connection, customer_id),
            "contacts": [dict(zip(names, row, strict=True)) for row in connection.execute(made)],
        }
