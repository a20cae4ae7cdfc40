"""Plain settling of a customer's lines: which order a refund belongs to, what was cancelled."""

import datetime as dt
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import pyarrow as pa

DAY = dt.timedelta(days=1)
EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - the shop's local time
BOUGHT, REFUND, NOTHING = "bought", "refund", "nothing"


@dataclass(eq=False)
class Order:
    """An order: the shop day on which it became known, its lines and the refunds of them."""

    known: int
    lines: list["Line"] = field(default_factory=list)
    refunds: list["Line"] = field(default_factory=list)

    @property
    def gross(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def left(self) -> int:
        return self.gross + sum(line.amount for line in self.refunds)


@dataclass(eq=False)
class Line:
    """A line of a customer; money in ten-thousandths."""

    told: dict[str, Any]
    day: int
    known: int
    amount: int
    left: int = 0
    kind: str = NOTHING
    order: Order | None = None

    def get(self, name: str) -> Any:
        return self.told.get(name)

    @property
    def key(self) -> object:
        """What lines of one order share: its id, else the day."""
        named = self.get("order_id")
        return self.day if named is None else named


def settled(lines: pa.Table) -> dict[str, list[Line]]:
    """Lines of each customer, in the order known, settled; `lines` are sorted."""
    customers: dict[str, list[Line]] = {}
    for told in lines.to_pylist():
        day, known = ((told[n] - EPOCH) // DAY for n in ("ordered_at", "known_at"))
        customers.setdefault(told["customer_id"], []).append(Line(told, day, known, told["amount"]))
    for mine in customers.values():
        _settle(mine)
    return customers


def _settle(lines: list[Line]) -> None:
    orders: dict[object, Order] = {}
    bought: list[Line] = []
    for known, group in groupby(lines, key=lambda line: line.known):
        came = list(group)
        takes_back = [x for x in came if x.amount < 0 or x.get("cancelled")]
        for line in came:
            if line in takes_back:
                continue
            line.kind, line.left = BOUGHT, line.amount
            line.order = orders.setdefault(line.key, Order(known))
            line.order.lines.append(line)
            bought.append(line)
        for line in takes_back:
            _take_back(line, orders, bought)
        for key, order in list(orders.items()):
            if order.known == known and order.gross > 0 and order.left == 0:
                for line in order.lines + order.refunds:
                    line.kind, line.amount, line.left, line.order = NOTHING, 0, 0, None
                del orders[key]


def _take_back(line: Line, orders: dict[object, Order], bought: list[Line]) -> None:
    order = orders.get(line.get("refund_of")) if line.get("refund_of") is not None else None
    order = order or orders.get(line.key)
    if line.amount >= 0:
        _cancel(line, order, bought)
        return
    asked = -line.amount
    same = [
        x
        for x in reversed(bought)
        if line.get("product_id") is not None
        and x.get("product_id") == line.get("product_id")
        and x.left > 0
        and x.get("known_at") <= line.get("known_at")
        and order in (None, x.order)
    ]
    covering = [x for x in same if x.left >= asked]
    chosen = next(iter(covering or same), None)
    _refund(line, order if chosen is None else chosen.order, chosen, asked)


def _cancel(line: Line, order: Order | None, bought: list[Line]) -> None:
    """A cancelled line takes back the line that says the same; without one it never was."""
    asked = line.amount
    copies = [
        x
        for x in reversed(bought)
        if order is not None
        and x.order is order
        and x.get("product_id") == line.get("product_id")
        and x.amount == x.left == asked > 0
    ]
    if order is None or not copies or order.left < asked:
        line.amount = 0
        return
    line.amount = -asked
    _refund(line, order, copies[0], asked)


def _refund(line: Line, order: Order | None, of: Line | None, asked: int) -> None:
    line.kind, line.order = REFUND, order
    if of is not None:
        of.left = max(0, of.left - asked)
    if order is not None:
        order.refunds.append(line)
