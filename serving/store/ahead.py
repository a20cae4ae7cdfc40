"""The risk foreseen for one customer, month by month of silence."""

from sqlalchemy import select

from serving.store.database import Database
from serving.store.tables import scores


def risks_ahead(database: Database, batch_id: str, customer_id: str) -> list[float]:
    """Return risks after as many days of silence as `retention.silence.MONTHS` has.

    They end where both limits were passed; none for a customer who is not scored, and in a batch of
    an earlier version.
    """
    query = select(scores.c.risk_ahead).where(
        scores.c.batch_id == batch_id, scores.c.customer_id == customer_id
    )
    with database.read() as connection:
        found = connection.scalar(query)
    return [int(part) / 1000 for part in (found or "").split()]
