"""Label windows after contact lists: who is left out, and who counts for more than one.

The weights of `retention.lists.campaign_weights` become copies of rows, once, before anything is
learned or measured: a row of weight 0 is left out, one of weight 3 stands three times. So no fit,
calibrator, level, quantile or measure can forget them (docs/decisions/0008-campaigns.md).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.panel import Panel
from features.shop_clock import ShopClock
from features.tables.contacts import CONTACTED, HELD_OUT
from retention.lists.campaign_weights import LabelWeights, campaign_weights
from retention.lists.hash_rank import hash_numbers

Int = NDArray[np.int64]
Float = NDArray[np.float64]
Mask = NDArray[np.bool_]
# With fewer customers left at a cutoff nothing can be learned of those without a contact.
FEWEST_CUSTOMERS = 50
# Who was held out of list after list within one label window would else stand for thousands.
MOST_COPIES = 50.0
COLUMNS = ("customer_id", "list_id", "arm", "stratum", "contacted_at")


@dataclass(frozen=True)
class Counted:
    """Rows of a panel as they count after contact lists.

    Attributes
    ----------
    positions : shape (n_counted,), rows in their order, each as often as it counts
    rows : how many there were before
    dropped, held_out, unmatched : as of `retention.lists.campaign_weights.LabelWeights`
    applied : False where too few customers would be left to learn from, so that every row counts
        once after all
    """

    positions: Int
    rows: int
    dropped: int
    held_out: int
    unmatched: int
    applied: bool = True

    def enough_at(self, newest: Mask) -> "Counted":
        """The same, or as if there had been no list where that leaves hardly anybody.

        Parameters
        ----------
        newest : True in the rows of the newest cutoff, one a customer, shape (n_rows,)
        """
        left = len(np.unique(self.positions[newest[self.positions]]))
        if left >= min(FEWEST_CUSTOMERS, int(newest.sum()) / 2):
            return self
        return replace(self, positions=np.arange(self.rows), applied=False)

    def sentence(self, what: str) -> str:
        """What was done, for the model card."""
        told = (
            f"{what}: {self.dropped:,} of {self.rows:,} label windows are of customers whom a list "
            "had contacted"
        )
        if not self.applied:
            return told + (
                ", and too few others are left to learn from: they are taken as they are, and risk "
                "without contact is told too low; hold out more customers of each list"
            )
        told += (
            f" and are left out; {self.held_out:,} of customers held out of a list count for them "
            "as well"
        )
        if self.unmatched:
            told += f"; for {self.unmatched:,} of those left out nobody was held out"
        return told

    def facts(self) -> dict[str, int | bool]:
        """The counts by name."""
        names = ("rows", "dropped", "held_out", "unmatched", "applied")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Campaigns:
    """Contact lists that a shop has made, as far as training must know them.

    Attributes
    ----------
    assigned : DataFrame with `COLUMNS`, members of lists; see `campaign_weights`
    effect_days : how long after a list its contacts may still move a customer
    clock : ShopClock of the log
    usual : contacts of no list, or of one without anybody held out: the shop's usual marketing,
        whose labels are left as they are
    """

    assigned: pd.DataFrame
    effect_days: int
    clock: ShopClock
    usual: int = 0

    @property
    def digest(self) -> str:
        """sha256 of all that training reads of the lists."""
        told = self.assigned.to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%S.%f")
        return hashlib.sha256(f"{self.effect_days} {self.usual}\n{told}".encode()).hexdigest()

    def numbered(self, customer_ids: Sequence[str] | NDArray[np.object_]) -> "Campaigns":
        """The same with customers' numbers for their ids; who is not in the log is left out.

        Parameters
        ----------
        customer_ids : of the log, by number
        """
        place = pd.Index(np.asarray(customer_ids, object)).get_indexer(
            pd.Index(self.assigned["customer_id"].astype(object))
        )
        known = self.assigned.assign(customer_id=place.astype(np.int64))[place >= 0]
        return Campaigns(known.reset_index(drop=True), self.effect_days, self.clock, self.usual)

    def counted(self, customers: Int, cutoffs: Int, horizon_days: int) -> Counted | None:
        """How often each row counts; None where no list touches any of them.

        Parameters
        ----------
        customers, cutoffs : shape (n_rows,), numbers of the log (see `numbered`) and shop days
        horizon_days : of the rows' labels
        """
        touched = np.flatnonzero(np.isin(customers, self.assigned["customer_id"].to_numpy()))
        if not len(touched):
            return None
        minutes = cutoffs[touched].astype(np.int64) * 1440 + self.clock.offset_minutes
        begins = minutes.astype("datetime64[m]").astype("datetime64[us]")
        rows = pd.DataFrame({"customer_id": customers[touched], "cutoff": begins})
        found = campaign_weights(
            rows, self.assigned, horizon_days=horizon_days, effect_days=self.effect_days
        )
        if (found.weight == 1).all():
            return None
        times = np.ones(len(customers), np.int64)
        weight = np.minimum(found.weight, MOST_COPIES)
        times[touched] = copies(weight, customers[touched], cutoffs[touched])
        return _counted(times, found)

    def histories(self, customers: Int, cutoff: int) -> Counted | None:
        """How often customers count by whose histories a model tells how customers buy by
        themselves; None where no list began shortly before the cutoff.

        Purchases of a list's days are no sign of how its members buy without one, so the last days
        before the cutoff are taken as a label window is. What lists did before has its place in the
        history.
        """
        days = self.effect_days
        found = self.counted(customers, np.full(len(customers), cutoff - days), days)
        return found and found.enough_at(np.ones(len(customers), bool))


def _counted(times: Int, found: LabelWeights) -> Counted:
    positions = np.repeat(np.arange(len(times)), times)
    return Counted(positions, len(times), found.dropped, found.held_out, found.unmatched)


def copies(weight: Float, customers: Int, cutoffs: Int) -> Int:
    """Whole numbers for weights, whose sums over customers of a cutoff and weight are kept.

    Fractions are given out by systematic sampling: at one cutoff, of customers with the same
    weight, in the order of a hash of their number, every so many-th gets one more (Madow 1949,
    Annals of Mathematical Statistics 20(3)).
    """
    whole = np.floor(weight).astype(np.int64)
    left = weight - whole
    some = np.flatnonzero(left > 0)
    if not len(some):
        return whole
    drawn = hash_numbers("copies", "rows", [str(c) for c in customers[some]])
    order = some[np.lexsort((drawn, weight[some], cutoffs[some]))]
    so_far = np.floor(np.cumsum(left[order]) + 0.5 + 1e-9).astype(np.int64)
    whole[order] += np.diff(so_far, prepend=0)
    return whole


def taken(panel: Panel, positions: Int) -> Panel:
    """Rows of a panel at positions, one of them perhaps more than once."""
    return Panel(
        panel.features.iloc[positions],
        panel.customers[positions],
        panel.cutoffs[positions],
        {days: frame.iloc[positions] for days, frame in panel.labels.items()},
    )


def lists_of(
    own: pd.DataFrame | None,
    told: pd.DataFrame | None,
    *,
    effect_days: int,
    clock: ShopClock,
) -> Campaigns | None:
    """Lists out of tables of contacts; None where there is no list.

    Parameters
    ----------
    own, told : rows of `features.tables.contacts.read_contacts`, of perennial's own lists and of
        the shop's table of contacts; of the latter only lists with customers held out are lists,
        all else is usual marketing, with which risk is told
    effect_days : how long after a list its contacts may still move a customer
    """
    parts, usual = [], 0
    if own is not None:
        parts.append(own[own["list_id"].notna()])
    if told is not None:
        known = set() if own is None else set(own["list_id"].dropna())
        held = told.loc[(told["arm"] == HELD_OUT), "list_id"].dropna()
        is_list = told["list_id"].isin(known | set(held))
        parts.append(told[is_list])
        usual = int((~is_list & (told["arm"] == CONTACTED)).sum())
    assigned = pd.concat([p.reset_index()[list(COLUMNS)] for p in parts if len(p)] or [_none()])
    if not len(assigned) and not usual:
        return None
    return Campaigns(assigned.reset_index(drop=True), effect_days, clock, usual)


def _none() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series([], dtype=object) for name in COLUMNS})
