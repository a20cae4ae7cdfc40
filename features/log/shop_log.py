"""The purchase log of a shop, in ranges of customers that are worked on one at a time."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Protocol, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.line import UNKNOWN_MONEY
from features.log.purchase_log import PurchaseLog
from features.memory import keep_freed_memory
from features.rows import Request, Rows, rows_of

T = TypeVar("T")
OPTIONAL = ("quantity", "discount", "cost", "product", "category", "channel")
LONGEST_DELAY = 366


class Range(Protocol):
    """Some customers of a shop, wherever their lines are kept."""

    @property
    def n_customers(self) -> int:
        """Number of customers."""

    @property
    def n_lines(self) -> int:
        """Number of lines."""

    def load(self) -> PurchaseLog:
        """Their lines."""


@dataclass(frozen=True)
class Held:
    """A range whose lines are in memory."""

    log: PurchaseLog

    @property
    def n_customers(self) -> int:
        """Number of customers."""
        return self.log.n_customers

    @property
    def n_lines(self) -> int:
        """Number of lines."""
        return self.log.n_lines

    def load(self) -> PurchaseLog:
        """Their lines."""
        return self.log


@dataclass(frozen=True)
class LogFacts:
    """Counts over a log, or over what was known of it before a day.

    Attributes
    ----------
    customers, lines, orders, refunds : numbers; refunds are lines
    first_day, first_known_day, last_day : earliest day of a line, earliest and latest day on which
        one became known; shop days
    begins : optional column -> shop day on which its first value became known
    refund_delays : number of refunds by days from the order to the refund, see `refund_lag_days`
    """

    customers: int = 0
    lines: int = 0
    orders: int = 0
    refunds: int = 0
    first_day: int = 2**31
    first_known_day: int = 2**31
    last_day: int = -(2**31)
    begins: Mapping[str, int] = field(default_factory=dict)
    refund_delays: tuple[int, ...] = ()

    def __add__(self, other: "LogFacts") -> "LogFacts":
        begins = dict(self.begins)
        for name, day in other.begins.items():
            begins[name] = min(day, begins.get(name, day))
        size = max(len(self.refund_delays), len(other.refund_delays))
        delays = np.zeros(size, np.int64)
        for some in (self.refund_delays, other.refund_delays):
            delays[: len(some)] += np.array(some, np.int64)
        return LogFacts(
            customers=self.customers + other.customers,
            lines=self.lines + other.lines,
            orders=self.orders + other.orders,
            refunds=self.refunds + other.refunds,
            first_day=min(self.first_day, other.first_day),
            first_known_day=min(self.first_known_day, other.first_known_day),
            last_day=max(self.last_day, other.last_day),
            begins=begins,
            refund_delays=tuple(int(d) for d in delays),
        )

    @property
    def refund_lag_days(self) -> int:
        """95th percentile of the days from an order to its refund; 0 where no refund is matched."""
        total = sum(self.refund_delays)
        if not total:
            return 0
        return int(np.searchsorted(np.cumsum(self.refund_delays), 0.95 * total))


def facts_of(log: PurchaseLog, until: int | None = None) -> LogFacts:
    """Counts over the lines of `log` known before shop day `until`; over all by default."""
    known = np.ones(log.n_lines, bool) if until is None else log.known_day < until
    if not known.any():
        return LogFacts()
    begins = {n: int(log.known_day[there].min()) for n, there in _given(log, known) if there.any()}
    place = np.arange(log.n_lines)
    matched = known & log.is_refund & (log.order_ref != place)
    delays = log.known_day[matched] - log.ordered_day[log.order_ref[matched]]
    return LogFacts(
        customers=int((np.add.reduceat(known, log.starts[:-1], dtype=np.int64) > 0).sum()),
        lines=int(known.sum()),
        orders=int((known & log.is_purchase & (log.order_ref == place)).sum()),
        refunds=int((known & log.is_refund).sum()),
        first_day=int(log.ordered_day[known].min()),
        first_known_day=int(log.known_day[known].min()),
        last_day=int(log.known_day[known].max()),
        begins=begins,
        refund_delays=tuple(np.bincount(np.clip(delays, 0, LONGEST_DELAY)).tolist()),
    )


def _given(log: PurchaseLog, known: NDArray[np.bool_]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    for name in OPTIONAL:
        values = getattr(log, name)
        if values is None:
            continue
        if name == "quantity":
            yield name, known & ~np.isnan(values)
        else:
            money = name in ("discount", "cost")
            yield name, known & (values != UNKNOWN_MONEY if money else values >= 0)


class Engine(Protocol):
    """Another place where rows are made than this process."""

    def rows(self, log: "ShopLog", request: Request) -> Rows:
        """Rows of all customers of a log, ordered by customer, then cutoff."""

    def map(
        self, log: "ShopLog", job: Callable[[PurchaseLog], pa.RecordBatch], schema: pa.Schema
    ) -> Iterator[pa.RecordBatch]:
        """What `job` makes of ranges of customers, in order of customer."""


class ShopLog:
    """All purchase lines of a shop, or those that were known before a day.

    Parameters
    ----------
    ranges : customers in ascending order, each in one range
    until : shop day; lines known on or after it are left out of counts and labels
    engine : where rows are made; by default here, ranges side by side
    facts : counts over the lines, where they are known
    """

    def __init__(
        self,
        ranges: Sequence[Range],
        *,
        until: int | None = None,
        engine: Engine | None = None,
        facts: LogFacts | None = None,
    ) -> None:
        self.ranges = tuple(ranges)
        self.until = until
        self.engine = engine
        if facts is not None:
            self.__dict__["facts"] = facts

    @classmethod
    def of(cls, log: PurchaseLog) -> "ShopLog":
        """A log that is in memory, as one range."""
        return cls([Held(log)])

    def known_before(self, day: int) -> "ShopLog":
        """The log as it stood before shop day `day`; customers keep their numbers."""
        until = day if self.until is None else min(day, self.until)
        view = ShopLog(self.ranges, until=until, engine=self.engine)
        if "customer_ids" in self.__dict__:
            view.__dict__["customer_ids"] = self.customer_ids
        return view

    @cached_property
    def facts(self) -> LogFacts:
        """Counts over the lines known before `until`."""
        total = LogFacts()
        for part in self.map(lambda log: facts_of(log, self.until)):
            total += part
        return total

    @cached_property
    def customer_ids(self) -> NDArray[np.object_]:
        """Ids of all customers by number, ascending."""
        parts = list(self.map(lambda log: log.customer_ids))
        return np.concatenate(parts) if parts else np.array([], object)

    @property
    def columns(self) -> frozenset[str]:
        """Optional columns with a value known before `until`."""
        return frozenset(self.facts.begins)

    def columns_before(self, day: int) -> frozenset[str]:
        """Optional columns with a value known before shop day `day`."""
        return frozenset(n for n, first in self.facts.begins.items() if first < day)

    @property
    def n_customers(self) -> int:
        """Number of customers with a line known before `until`."""
        return self.facts.customers

    @property
    def n_lines(self) -> int:
        """Number of lines known before `until`."""
        return self.facts.lines

    @property
    def first_day(self) -> int:
        """Earliest shop day with a line."""
        return self.facts.first_day

    @property
    def last_day(self) -> int:
        """Latest shop day on which a line became known."""
        return self.facts.last_day

    def rows(self, request: Request) -> Rows:
        """Rows of all customers, ordered by customer, then cutoff."""
        if self.engine is not None:
            return self.engine.rows(self, request)
        return Rows.together(list(self.map(partial(rows_of, request=request))))

    def batches(
        self, job: Callable[[PurchaseLog], pa.RecordBatch], schema: pa.Schema
    ) -> Iterator[pa.RecordBatch]:
        """What `job` makes of ranges of customers, where the log's engine runs; in their order.

        Parameters
        ----------
        job : rows that depend on these customers alone; a module's function, bound by `partial`
        schema : columns of the rows
        """
        if self.engine is not None:
            return self.engine.map(self, job, schema)
        return self.map(job)

    def map(self, job: Callable[[PurchaseLog], T]) -> Iterator[T]:
        """What `job` makes of each range, in order; ranges are worked on side by side."""
        first, logs = 0, []
        for part in self.ranges:
            logs.append((part, first))
            first += part.n_customers
        if len(logs) <= 1:
            yield from (job(_numbered(part, number)) for part, number in logs)
            return
        keep_freed_memory()
        workers = os.cpu_count() or 1
        with ThreadPoolExecutor(workers) as pool:
            waiting: deque[Future[T]] = deque()
            for part, number in logs:
                waiting.append(pool.submit(lambda p, n: job(_numbered(p, n)), part, number))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()


def _numbered(part: Range, first_customer: int) -> PurchaseLog:
    log = part.load()
    if log.first_customer == first_customer:
        return log
    return replace(log, first_customer=first_customer)
