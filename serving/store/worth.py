"""What the store holds of one customer's worth beside the score row."""

from typing import Any

from sqlalchemy import and_, func, select

from serving.store.database import Database
from serving.store.tables import WORTH, orders, scores

OF_ORDERS = ("orders", "orders_net", "first_ordered_on", "last_ordered_on", "first_order")


def worth_of(database: Database, batch_id: str, customer_id: str) -> dict[str, Any]:
    """Return `WORTH` of a customer of a batch, and of the orders `OF_ORDERS`; null where unknown.

    `orders` is their number, `orders_net` what they came to net of their refunds, `first_order`
    the first one's.
    """
    if "\x00" in customer_id:
        return dict.fromkeys((*WORTH, *OF_ORDERS))
    mine = and_(scores.c.batch_id == batch_id, scores.c.customer_id == customer_id)
    beside = select(*(scores.c[name] for name in WORTH)).where(mine)
    amount, day = orders.c.amount, orders.c.ordered_on
    counted = select(func.count(), func.sum(amount), func.min(day), func.max(day))
    first = select(amount).where(orders.c.customer_id == customer_id)
    with database.read() as connection:
        kept = connection.execute(beside).first()
        told = connection.execute(counted.where(orders.c.customer_id == customer_id)).one()
        opened = connection.scalar(first.order_by(orders.c.order_number).limit(1))
    found = dict(zip(WORTH, kept or [None] * len(WORTH), strict=True))
    return {**found, **dict(zip(OF_ORDERS, (*told, opened), strict=True))}
