"""Erase a customer from the store, and give up the files of exports that hold the customer."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from serving.exports.asked import Asked
from serving.scores import ScoreStore
from serving.store import export_jobs, postgres
from serving.store.export_jobs import Job
from serving.store.export_rows import is_exported
from serving.store.write_tables import erasures


def erase_customer(
    store: ScoreStore, connection: Connection, customer_id: str, *, who: str, now: datetime
) -> dict[str, Any]:
    """Erase a customer in a transaction that writes; return the receipt.

    The files themselves go when the exporter sweeps; from the end of the transaction on nobody is
    given one.
    """
    # An export that ends at this moment waits, and is then made anew.
    postgres.hold(connection, erasures)
    for job in export_jobs.every(connection):
        asked = Asked.of_text(job.asked)
        # Who searches for an id writes it down.
        names = (asked.filters.q or "").lower() == customer_id.lower()
        if names:
            asked = replace(asked, filters=replace(asked.filters, q=None))
        if names or (job.status == "done" and _holds(connection, job, asked, customer_id)):
            export_jobs.call_erased(connection, job.export_id, asked.as_text())
    return store.erase(connection, customer_id, who=who, now=now)


def _holds(connection: Connection, job: Job, asked: Asked, customer_id: str) -> bool:
    return is_exported(connection, job.batch_id, asked.filters, asked.changed_since, customer_id)
