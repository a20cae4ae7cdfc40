"""Are new customers worth less than those before? Cohorts at equal age, with few false alarms."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from features.line import AMOUNT_SCALE
from retention.clv.ladder import NO_MARGIN, Economics
from retention.portfolio.cohorts import Span, cohort_ends, cohort_of

Float = NDArray[np.float64]
EARLY_DAYS = 90
NEWEST, REFERENCE = 3, 12
LEAST_REFERENCE = 4
LEAST_CUSTOMERS = 30
TOO_FEW_COHORTS = "too_few_cohorts"


def early_values(
    visits: pd.DataFrame,
    until: int,
    *,
    days: int = EARLY_DAYS,
    span: Span = "month",
    refund_lag_days: int = 0,
    economics: Economics | None = None,
) -> pd.DataFrame:
    """What each customer came to within so many days of the first purchase, in closed cohorts.

    Parameters
    ----------
    visits : DataFrame of `retention.history.visits_of`
    until : shop day of its cutoff
    days : age at which cohorts are compared
    refund_lag_days : days for which refunds still come in; younger windows would look richer
    economics : with it the value is profit, margin less serving; without it net revenue

    Returns
    -------
    DataFrame indexed by `customer_id`: `cohort`, `value` (currency)

    Raises
    ------
    ValueError
        If `economics` has no margin.
    """
    if economics is not None and economics.margin is None:
        raise ValueError(f"profit needs a margin ({NO_MARGIN}); set money.margin, or take revenue")
    early = visits[visits["day"] < visits["first_day"] + days]
    grouped = early.groupby("customer_id")
    value = grouped["net"].sum() / AMOUNT_SCALE
    if economics is not None and economics.margin is not None:
        value = value * economics.margin - grouped["orders"].sum() * economics.serving_per_order
    label = pd.Series(cohort_of(grouped["first_day"].first(), span), value.index, dtype=object)
    place, names = pd.factorize(label)
    closed = cohort_ends(names.tolist(), span)[place] + days + refund_lag_days <= until
    return pd.DataFrame({"cohort": label, "value": value})[closed]


@dataclass(frozen=True)
class CohortAlert:
    """A new cohort against those before.

    Attributes
    ----------
    cohort, customers : which, and how many
    mean, usual : value each, and that of the cohorts before, currency
    change : mean over usual, less 1; None where the usual is not above zero
    p : that a cohort as good as those before looks this bad, after Holm's correction
    worth_less : p is below the level
    sentence : the same in words
    """

    cohort: str
    customers: int
    mean: float
    usual: float
    change: float | None
    p: float
    worth_less: bool
    sentence: str


@dataclass(frozen=True)
class CohortAlerts:
    """Newest cohorts looked at, alarms among them, or why none was looked at."""

    looked_at: tuple[CohortAlert, ...]
    code: str | None
    sentence: str

    @property
    def alarms(self) -> tuple[CohortAlert, ...]:
        """The cohorts that are worth less."""
        return tuple(one for one in self.looked_at if one.worth_less)


def cohort_alerts(
    cohort: ArrayLike,
    value: ArrayLike,
    *,
    days: int = EARLY_DAYS,
    newest: int = NEWEST,
    reference: int = REFERENCE,
    level: float = 0.05,
    least_customers: int = LEAST_CUSTOMERS,
    basis: str = "revenue",
) -> CohortAlerts:
    """Test the newest cohorts against the ones before them.

    Parameters
    ----------
    cohort, value : of `early_values`, shape (n,)
    days : age at which they are compared, for the sentence
    newest, reference : how many cohorts are tested, and against how many before them
    level : probability of any false alarm among the newest, one-sided
    least_customers : cohorts of fewer are left out
    basis : `revenue` or `profit`, for the sentence

    Notes
    -----
    Cohorts differ among themselves, by season alone, so a new one is tested against the spread of
    means between cohorts (DerSimonian & Laird 1986, Controlled Clinical Trials 7, 177-188) and not
    only against that between customers; t has as many degrees of freedom as there are cohorts
    before, less one. The spread of customers is that of the cohorts before: a cohort's own is
    smaller exactly where its mean is, which would raise false alarms. Holm (1979), Scandinavian
    Journal of Statistics 6, 65-70, over the newest.
    """
    frame = pd.DataFrame({"cohort": np.asarray(cohort, object), "value": np.asarray(value, float)})
    told = frame.groupby("cohort")["value"].agg(["size", "mean", "var"]).sort_index()
    told = told[told["size"] >= max(least_customers, 2)]
    old, new = told.iloc[: -newest or None].tail(reference), told.tail(newest)
    if len(told) <= newest or len(old) < LEAST_REFERENCE:
        return CohortAlerts(
            (),
            TOO_FEW_COHORTS,
            f"Too few cohorts with {least_customers} customers whose first {days} days are over: "
            f"{LEAST_REFERENCE + newest} are needed, there are {len(told)}.",
        )
    usual, t = _standardised(old, new)
    p = holm(student.cdf(t, len(old) - 1))
    looked_at = tuple(
        _alert(str(name), row, usual, float(one), level, days, basis, len(old))
        for (name, row), one in zip(new.iterrows(), p, strict=True)
    )
    alarms = [one for one in looked_at if one.worth_less]
    none = (
        f"None of the {len(looked_at)} newest cohorts is shown to be worth less in its first "
        f"{days} days than those before."
    )
    return CohortAlerts(looked_at, None, " ".join(one.sentence for one in alarms) or none)


def _standardised(old: pd.DataFrame, new: pd.DataFrame) -> tuple[float, Float]:
    """Usual mean, and each new cohort's distance from it in standard errors."""
    n, mean = old["size"].to_numpy(float), old["mean"].to_numpy(float)
    within = float((old["var"] * (n - 1)).sum() / (n - 1).sum())
    own = np.maximum(within, 1e-12) / n
    weight = 1 / own
    centre = float(weight @ mean / weight.sum())
    excess = float(weight @ (mean - centre) ** 2) - (len(n) - 1)
    scale = weight.sum() - (weight**2).sum() / weight.sum()
    between = max(excess / scale, 0.0)
    weight = 1 / (own + between)
    centre = float(weight @ mean / weight.sum())
    error = within / new["size"].to_numpy(float) + between + 1 / weight.sum()
    return centre, (new["mean"].to_numpy(float) - centre) / np.sqrt(np.maximum(error, 1e-12))


def holm(p: ArrayLike) -> Float:
    """p-values corrected for looking at all of them, in the order given."""
    raw = np.asarray(p, float)
    order = np.argsort(raw, kind="stable")
    stepped = np.maximum.accumulate(raw[order] * np.arange(len(raw), 0, -1))
    found = np.empty(len(raw))
    found[order] = np.minimum(stepped, 1.0)
    return found


def _alert(
    name: str,
    row: pd.Series,
    usual: float,
    p: float,
    level: float,
    days: int,
    basis: str,
    before: int,
) -> CohortAlert:
    mean, customers = float(row["mean"]), int(row["size"])
    change = mean / usual - 1 if usual > 0 else None
    less = f", {-change:.0%} less than" if change is not None and change < 0 else ", against"
    verb = "brought a profit of" if basis == "profit" else "spent"
    sentence = (
        f"Customers who first bought in {name} {verb} {mean:,.2f} each in their first {days} "
        f"days{less} the {usual:,.2f} of the {before} cohorts before them ({customers:,} "
        f"customers; chance of this by luck {_chance(p)})."
    )
    return CohortAlert(name, customers, mean, usual, change, p, p < level, sentence)


def _chance(p: float) -> str:
    return "below 0.1%" if p < 0.001 else f"{p:.1%}"
