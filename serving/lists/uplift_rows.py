"""Finished randomised lists of the store as rows from which the effect of contact is learned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Connection, and_, select

from configs.settings import Settings
from retention.lists.caps import CONTACTED
from retention.lists.contact_value import (
    ContactTerms,
    ValueAssumptions,
    contact_terms,
    expected_profit,
    spend_if_stays,
    with_response,
)
from retention.lists.save_rate import SaveRate
from retention.uplift.rows import UpliftRows
from serving.lists.errors import ListDamaged
from serving.lists.outcomes import member_outcomes
from serving.lists.progress import FINAL, import_days, progress_of
from serving.lists.whole import whole_list
from serving.scores import ScoreStore
from serving.store.list_events import orders_between, outcomes_of
from serving.store.list_rows import Head, every_list
from serving.store.list_tables import list_members
from serving.store.tables import scores

Float = NDArray[np.float64]
Mask = NDArray[np.bool_]
OF_MEMBERS = ("return_probability", "expected_spend")
OF_SCORES = (
    "predicted_clv",
    "predicted_number_of_orders",
    "historic_clv",
    "historic_number_of_orders",
    "average_order_value",
    "average_days_between_orders",
    "days_since_last",
    "usual_churn_probability",
)
FEATURES = (*OF_MEMBERS, *OF_SCORES)
# With fewer in an arm a list tells nothing of whom contact moves.
LEAST_IN_AN_ARM = 100
AT_ONCE = 50_000


@dataclass(frozen=True)
class Experiment:
    """A finished list of which some members were held out.

    Attributes
    ----------
    list_id : its name
    customer_id : shape (n,), members in strata with both arms, the sample outside among them
    features : shape (n, len(FEATURES)), as published when the list was made
    contacted : shape (n,), by assignment
    propensity : shape (n,), share contacted of the stratum
    returned, profit : shape (n,), what came; profit after contact and incentive, currency
    terms : what a contact of each was expected to be made of
    rate : save rate by which the list was ranked
    ranked_by : what the list's terms say of the effects that ranked it; None where none did
    """

    list_id: str
    customer_id: NDArray[np.object_]
    features: Float
    contacted: Mask
    propensity: Float
    returned: Float
    profit: Float
    terms: ContactTerms
    rate: float
    ranked_by: dict[str, Any] | None = None

    def rows(self, outcome: Float, customer: NDArray[np.int64]) -> UpliftRows:
        """Rows of the list; learners start from the share that would not return.

        Parameters
        ----------
        outcome : shape (n,)
        customer : shape (n,), numbers of the customers, the same in all lists
        """
        return UpliftRows.of(
            self.features,
            self.contacted,
            outcome,
            self.propensity,
            customer=customer,
            start=1 - self.terms.p,
        )

    @property
    def as_assumed(self) -> Float:
        """Expected profit of contact where everybody responds as assumed, shape (n,)."""
        return expected_profit(self.terms, self.rate)

    def by_effect(self, effect: Float) -> Float:
        """Expected profit of contact by effects on the return rate, as a list is ranked by them."""
        terms = with_response(self.terms, response_of(effect, self.terms.p, self.rate))
        return expected_profit(terms, self.rate)


def response_of(effect: Float, return_probability: Float, save_rate: float) -> Float:
    """Effect of contact over what the save rate makes of everybody alike, shape (n,).

    0 where the effect is not told, or where nothing is expected of contact anyway.
    """
    usual = save_rate * (1 - return_probability)
    found: Float = np.zeros(len(effect))
    np.divide(effect, usual, out=found, where=(usual > 0) & np.isfinite(effect))
    return found


def finished_lists(
    store: ScoreStore, settings: Settings, now: datetime
) -> tuple[list[Experiment], list[dict[str, str]]]:
    """Lists that tell of an effect, by the day that they began, and why others do not.

    Returns
    -------
    experiments, and {`list_id`, `why`} of the lists left out
    """
    batch = store.current()
    found: list[Experiment] = []
    left: list[dict[str, str]] = []
    with store.database.read() as connection:
        heads = every_list(connection)
        states = progress_of(connection, heads, settings, batch, now)
        for head in sorted(heads, key=lambda h: (str(h["begins_on"]), int(h["number"]))):
            list_id = str(head["list_id"])
            if states[list_id] != FINAL:
                left.append({"list_id": list_id, "why": not_final(head)})
                continue
            try:
                members = whole_list(connection, store, list_id)[1]
            except ListDamaged as error:
                left.append({"list_id": list_id, "why": str(error)})
                continue
            made = _experiment(connection, head, members, settings)
            least = min(int(made.contacted.sum()), int((~made.contacted).sum()))
            if least < LEAST_IN_AN_ARM:
                left.append({"list_id": list_id, "why": too_small(least)})
                continue
            found.append(made)
    return found, left


def not_final(head: Head) -> str:
    """Why a list that is not finished teaches nothing yet."""
    return f"its readout is on {head['readout_on']}"


def too_small(least: int) -> str:
    """Why a list with so many customers in its smaller arm teaches nothing."""
    return f"{least} members in its smaller arm, fewer than {LEAST_IN_AN_ARM}"


def numbers_of(experiments: Sequence[Experiment]) -> list[NDArray[np.int64]]:
    """Numbers of the customers of each list; one on several lists has the same in all."""
    ids = np.concatenate([e.customer_id for e in experiments])
    numbers = pd.factorize(ids)[0].astype(np.int64)
    return np.split(numbers, np.cumsum([len(e.customer_id) for e in experiments])[:-1])


def features_of(connection: Connection, batch_id: str) -> tuple[NDArray[np.object_], Float]:
    """Ids and features of all customers of a batch who have scores, shape (n, len(FEATURES))."""
    columns = ("customer_id", "churn_probability", "value_at_risk", *OF_SCORES)
    query = select(*(scores.c[name] for name in columns)).where(
        scores.c.batch_id == batch_id, scores.c.churn_probability.is_not(None)
    )
    ids: list[str] = []
    parts = [np.empty((0, len(columns) - 1))]
    for rows in connection.execute(query).partitions(AT_ONCE):
        ids.extend(row[0] for row in rows)
        parts.append(np.array([row[1:] for row in rows], dtype=np.float64))
    churn, at_risk, *told = np.concatenate(parts).T
    features = np.column_stack([1 - churn, spend_if_stays(at_risk, churn), *told])
    return np.asarray(ids, dtype=object), features


def _experiment(
    connection: Connection, head: Head, members: pd.DataFrame, settings: Settings
) -> Experiment:
    list_id = str(head["list_id"])
    members = members[members["customer_id"].notna()]
    share = (members["arm"] == CONTACTED).groupby(members["stratum"]).transform("mean")
    known = np.isfinite(members[list(OF_MEMBERS)].to_numpy(float)).all(axis=1)
    members = members[(share > 0) & (share < 1) & known].reset_index(drop=True)
    told = head["terms"]["assumed"]
    assumed = ValueAssumptions(**{**told, "save_rate": SaveRate(**told["save_rate"])})
    contacted = (members["arm"] == CONTACTED).to_numpy(bool)
    p, spend = (members[name].to_numpy(float) for name in OF_MEMBERS)
    cost = np.where(np.isfinite(costs := members["contact_cost"].to_numpy(float)), costs, 0.0)
    # Those held out of the sample outside have no cost of their own.
    terms = contact_terms(p, spend, assumed, np.where(cost > 0, cost, assumed.contact_cost))
    # With the costs that were expected, by which the ranking was made.
    came = member_outcomes(
        members, _given(connection, head, settings), np.where(contacted, cost, 0.0), told
    )
    mine = and_(
        scores.c.batch_id == head["batch_id"],
        list_members.c.list_id == list_id,
        list_members.c.customer_id == scores.c.customer_id,
    )
    query = select(scores.c.customer_id, *(scores.c[n] for n in OF_SCORES)).where(mine)
    return Experiment(
        list_id=list_id,
        customer_id=members["customer_id"].to_numpy(object),
        features=_with_scores(connection, query, members),
        contacted=contacted,
        propensity=_shares(members, contacted),
        returned=came["returned"].to_numpy(float),
        profit=came["profit"].to_numpy(float),
        terms=terms,
        rate=assumed.save_rate.mean,
        ranked_by=head["terms"].get("ranking"),
    )


def _shares(members: pd.DataFrame, contacted: Mask) -> Float:
    told = pd.Series(contacted.astype(float)).groupby(members["stratum"].to_numpy())
    return told.transform("mean").to_numpy(float)


def _given(connection: Connection, head: Head, settings: Settings) -> pd.DataFrame:
    """What customers bought in the list's days; an import that is not whole replaces no orders."""
    list_id, ends = str(head["list_id"]), str(head["readout_on"])
    until = import_days(connection, settings, [list_id]).get(list_id)
    if until is not None and until.isoformat() >= ends:
        return outcomes_of(connection, list_id)
    return orders_between(connection, list_id, str(head["begins_on"]), ends)


def _with_scores(connection: Connection, query: Any, frame: pd.DataFrame) -> Float:
    """`FEATURES` of the rows of a frame, NaN where the batch does not tell them."""
    read = pd.DataFrame(
        [tuple(row) for row in connection.execute(query)], columns=["customer_id", *OF_SCORES]
    ).set_index("customer_id")
    told = read.reindex(frame["customer_id"]).to_numpy(float, na_value=np.nan)
    return np.column_stack([frame[list(OF_MEMBERS)].to_numpy(float), told])
