"""Every answer of the service as a dict, made from the store; the dashboard shows the same.

An answer about scores starts with the head of its batch: `as_of`, `batch_id`,
`model_version`, `published_at`, `stale`.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from serving.portfolio_value import portfolio_value
from serving.scores import ScoreStore
from serving.store.batch import Batch
from serving.store.cube import counted
from serving.store.cursor import read_cursor, write_cursor
from serving.store.listing import DEFAULT_SORT, Filters
from serving.store.past import trend
from serving.store.week import read_week

UNKNOWN = "unknown"
NO_COHORTS = {"period": "month", "cohorts": []}
ERASED = "erased"
GROWTH, SHOWN_GROWTH = "growth", 50


def head(batch: Batch, *, now: datetime, stale_after_hours: float) -> dict[str, Any]:
    """Return the head of an answer; `stale` when the batch was published too long ago."""
    age = now - batch.published_at
    return {
        "as_of": batch.as_of,
        "batch_id": batch.batch_id,
        "model_version": batch.model_version,
        "published_at": batch.published_text,
        "stale": age > timedelta(hours=stale_after_hours),
    }


def without_scores(customer_id: str, *, is_erased: bool) -> dict[str, Any]:
    """Return the row of a customer whom the batch does not hold: a status and no score."""
    return {"customer_id": customer_id, "score_status": ERASED if is_erased else UNKNOWN}


class Answers:
    """Answers from one store.

    Parameters
    ----------
    store : where batches are
    stale_after_hours : age of a batch from which it is called stale

    Every method takes the head of the batch that it answers from (`store.current()`), so that one
    request never mixes two batches, and `now`, the aware moment of the request.
    """

    def __init__(self, store: ScoreStore, *, stale_after_hours: float) -> None:
        self.store = store
        self.stale_after_hours = stale_after_hours

    def head(self, batch: Batch, now: datetime) -> dict[str, Any]:
        """Return the five fields that every answer about scores starts with."""
        return head(batch, now=now, stale_after_hours=self.stale_after_hours)

    def by_ids(self, batch: Batch, ids: Sequence[str], now: datetime) -> dict[str, Any]:
        """Return the head and `results`: one row per id, in the order asked."""
        found = self.store.scores(ids, batch.batch_id)
        lacking = [each for each in ids if each not in found]
        erased = self.store.erased(lacking) if lacking else set()
        results = [found.get(i) or without_scores(i, is_erased=i in erased) for i in ids]
        return {**self.head(batch, now), "results": results}

    def customer(self, batch: Batch, customer_id: str, now: datetime) -> dict[str, Any] | None:
        """Return the head and `results` with the one row; None for an unknown customer."""
        found = self.store.scores([customer_id], batch.batch_id)
        if not found:
            return None
        return {**self.head(batch, now), "results": [found[customer_id]]}

    def orders(self, batch: Batch, customer_id: str, now: datetime) -> dict[str, Any] | None:
        """Return the head, `customer_id` and `orders`, oldest first; None for an unknown one."""
        found = self.store.orders(customer_id)
        if not found and not self.store.scores([customer_id], batch.batch_id):
            return None
        return {**self.head(batch, now), "customer_id": customer_id, "orders": found}

    def history(self, batch: Batch, customer_id: str, now: datetime) -> dict[str, Any] | None:
        """Return the head, `customer_id` and `history`, oldest first; None for an unknown one.

        Each item of `history` has `as_of`, `batch_id`, `published_at`, `churn_probability`,
        `risk_tier`, `predicted_clv`, `value_at_risk`.
        """
        found = self.store.history(customer_id)
        if not found:
            return None
        return {**self.head(batch, now), "customer_id": customer_id, "history": found}

    def customers(
        self,
        batch: Batch,
        now: datetime,
        *,
        filters: Filters | None = None,
        sort: str = DEFAULT_SORT,
        limit: int = 50,
        cursor: str | None = None,
    ) -> dict[str, Any]:
        """Return the head, `items` (score rows) and `next_cursor`.

        Raises
        ------
        CursorError
            If the cursor is malformed or belongs to another batch, sort or filter.
        """
        filters = filters or Filters()
        query = {"sort": sort, **filters.as_dict()}
        after = read_cursor(cursor, batch.batch_id, query) if cursor else None
        rows, end = self.store.page(batch.batch_id, filters, sort, after, limit)
        following = write_cursor(end, batch.batch_id, query) if end else None
        return {**self.head(batch, now), "items": rows, "next_cursor": following}

    def portfolio(self, batch: Batch, now: datetime, basis: str = "revenue") -> dict[str, Any]:
        """Return the head, `data_until`, `customers`, `statuses`, `tiers` and what became of them.

        `statuses` is {score_status: customers}; each of the 12 `tiers` has `risk_tier`,
        `value_tier`, `customers`, `predicted_clv` (a sum), `mean_churn_probability` (or null).
        `trend` has every batch kept; `reach`, `last_year`, `migration`, `stages` and `cohorts` are
        described in `serving.details`, null or empty in a batch of an earlier version. For value on
        a `basis`, `revenue` or `profit`, see `serving.portfolio_value`; `growth` names the first
        customers with room to grow.
        """
        details = self.store.details(batch.batch_id)
        return {
            **self.head(batch, now),
            "data_until": batch.data_until,
            "customers": batch.customers,
            **batch.portfolio,
            "trend": trend(self.store.database, batch.as_of),
            "reach": details.get("reach"),
            "last_year": details.get("last_year"),
            "migration": details.get("migration"),
            "stages": details.get("stages", []),
            "cohorts": details.get("cohorts", NO_COHORTS),
            **portfolio_value(details, basis),
            "growth": self._growth(batch, details),
        }

    def _growth(self, batch: Batch, details: Mapping[str, Any]) -> dict[str, Any] | None:
        found = details.get("growth")
        if found is None:
            return None
        names = ("customer_id", "value", "potential", "room", "peers")
        listed = read_week(self.store.database, batch.batch_id, GROWTH, 0, SHOWN_GROWTH)
        return {**found, "items": [{name: item[name] for name in names} for item in listed]}

    def count(self, batch: Batch, filters: Filters) -> int:
        """Return how many customers of a batch filters let pass."""
        cube = self.store.details(batch.batch_id).get("cube")
        beyond = (filters.q, filters.min_value_at_risk, filters.min_churn_probability)
        if cube is None or filters.rfm_group or any(value is not None for value in beyond):
            return self.store.count(batch.batch_id, filters)
        return counted(cube, filters.as_dict())[0]

    def week(
        self, batch: Batch, kind: str, start: int, limit: int, without: Collection[str] = ()
    ) -> list[dict[str, Any]]:
        """Return part of this week's list of a kind, most value at risk first.

        Each item is a score row with `last_ordered_on`, `last_amount` and `last_product` besides;
        who is in `without` is passed over.
        """
        listed = read_week(self.store.database, batch.batch_id, kind, start, limit, without)
        found = self.store.scores([item["customer_id"] for item in listed], batch.batch_id)
        return [
            {**found[item["customer_id"]], **item}
            for item in listed
            if item["customer_id"] in found
        ]
