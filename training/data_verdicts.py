"""What a log is good for, and what it is too little for: one verdict an output."""

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

from features.log.shop_log import LogFacts
from features.reading.accounting import RowAccount
from features.shop_clock import date_of, day_number
from training.backtest import FOLDS, backtest_cutoffs
from training.cross_fit import FEWEST_CUSTOMERS, FEWEST_OF_A_KIND
from training.data_calendar import TWO_YEARS, newest_cutoff
from training.data_figures import LogFigures, Span
from training.data_words import percent
from training.recipe import Horizons
from training.windows import WindowPlan, history_days, plan_windows

GOOD, THIN, NONE = "good", "thin", "none"
# As in the model card: with fewer customers, differences between models are mostly chance.
FEW_CUSTOMERS = 2000
FEW_GAPS, SOME_GAPS = 50, 1000
LOW_SHARE, MANY_BAD = 0.5, 0.2
YEAR = 365


@dataclass(frozen=True)
class Verdict:
    """How far the log carries an output, why, and what would carry further (None: nothing)."""

    output: str
    verdict: str
    why: str
    add: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Basis:
    """What verdicts are reached from; `lag` is in days, `closed` the day after the last window."""

    figures: LogFigures
    span: Span
    facts: LogFacts
    account: RowAccount
    horizons: Horizons
    lag: int

    @property
    def first(self) -> int:
        """Shop day on which the first line was known."""
        return self.facts.first_known_day

    @property
    def closed(self) -> int:
        """Shop day before which label windows must end."""
        return self.span.end - self.lag

    def begins(self) -> str:
        """When the log begins, for sentences."""
        return f"it begins on {date_of(self.first)}"


def log_verdicts(basis: Basis) -> list[Verdict]:
    """Verdicts on what the length of the log and its customers decide."""
    horizons = basis.horizons
    return [
        _horizon(basis, "churn", horizons.churn_days),
        _horizon(basis, "value", horizons.value_days),
        _backtest(basis),
        _dates(basis),
        _season(basis),
        _new_customers(basis),
        _refunds(basis),
        _coverage(basis.account),
    ]


def _horizon(basis: Basis, output: str, days: int) -> Verdict:
    """Verdict on the label windows of one horizon."""
    plan = plan_windows(basis.first, basis.span.end, days, refund_lag_days=basis.lag)
    needed = basis.closed - days - history_days(days)
    longest = _longest_horizon(basis.closed - basis.first)
    shorter = f"set `horizons.{output}_days` to {longest} or less" if longest else None
    name = f"{output} over {days} days"
    if plan is None:
        return Verdict(
            output,
            NONE,
            f"{name}: the log is too young for any window of labels; everybody gets one rate",
            _either(f"deliver the log from {_date(needed)} on ({basis.begins()})", shorter),
        )
    if plan.observed_days < days:
        return Verdict(
            output,
            THIN,
            f"{name}: no window of {days} days has closed with history before it; windows of "
            f"{plan.observed_days} days are carried to it",
            _either(f"deliver the log from {_date(needed)} on ({basis.begins()})", shorter),
        )
    return _enough_customers(basis, output, name, plan)


def _enough_customers(basis: Basis, output: str, name: str, plan: WindowPlan) -> Verdict:
    # Counted over the horizon of churn, which is near enough for the number of customers.
    customers, lost = newest_cutoff(basis.figures, basis.span, plan.newest)
    kinds = min(lost, customers - lost)
    if customers < FEWEST_CUSTOMERS or (output == "churn" and kinds < FEWEST_OF_A_KIND):
        told = f", of whom {customers - lost:,} bought again" if output == "churn" else ""
        return Verdict(
            output,
            THIN,
            f"{name}: {customers:,} customers at the newest cutoff {date_of(plan.newest)}{told}: "
            "too few to fit a model, so a simple rule is served",
            "deliver all customers of the shop, or a longer log",
        )
    if customers < FEW_CUSTOMERS:
        return Verdict(
            output,
            THIN,
            f"{name}: {customers:,} customers at the newest cutoff {date_of(plan.newest)}; with "
            f"fewer than {FEW_CUSTOMERS:,} the gain over a simple rule is hard to show",
            "deliver all customers of the shop, or a longer log",
        )
    if not plan.by_time:
        needed = basis.closed - 3 * plan.observed_days - history_days(plan.observed_days)
        return Verdict(
            output,
            THIN,
            f"{name}: fewer than three windows in a row have closed, so the model is judged on "
            "other customers and not on a later time",
            f"deliver the log from {_date(needed)} on ({basis.begins()})",
        )
    return Verdict(
        output,
        GOOD,
        f"{name}: windows have closed at {len(plan.cutoffs)} cutoffs, the newest "
        f"{date_of(plan.newest)} with {customers:,} customers",
    )


def _backtest(basis: Basis) -> Verdict:
    horizons = basis.horizons
    longer = max(horizons.churn_days, horizons.value_days)
    shorter = min(horizons.churn_days, horizons.value_days)
    n = len(backtest_cutoffs(basis.first, basis.closed, horizons))
    needed = basis.closed - longer * (FOLDS + 1) - max(7, longer // 2)
    deliver = f"deliver the log from {_date(needed)} on ({basis.begins()})"
    if n == FOLDS:
        return Verdict("backtest", GOOD, f"backtest: {n} past cutoffs {longer} days apart")
    possible = len(backtest_cutoffs(basis.first, basis.closed, Horizons(shorter, shorter)))
    fewer = (
        f"set both horizons to {shorter} days, for {possible} {_plural('cutoff', possible)}"
        if possible > n
        else None
    )
    why = (
        f"backtest: {n} past {_plural('cutoff', n)} instead of {FOLDS}"
        if n
        else f"backtest: no past window of {longer} days has closed with as much history before it"
    )
    return Verdict("backtest", THIN if n else NONE, why, _either(deliver, fewer))


def _dates(basis: Basis) -> Verdict:
    """Dates of the next order and of growing silence live on the gaps of those who came back."""
    gaps = int(basis.figures.gaps.sum())
    name = "next order and silence dates"
    if gaps < FEW_GAPS:
        told = "nobody bought again" if not gaps else f"only {gaps} repeat purchases"
        return Verdict(
            "dates",
            NONE if not gaps else THIN,
            f"{name}: {told} to learn a rhythm from",
            "deliver a longer log, and check that `customer_id` is the same for every purchase of "
            "a customer",
        )
    verdict = GOOD if gaps >= SOME_GAPS else THIN
    add = None if verdict == GOOD else "deliver a longer log"
    return Verdict("dates", verdict, f"{name}: learned from {gaps:,} repeat purchases", add)


def _season(basis: Basis) -> Verdict:
    days = basis.span.end - basis.first
    if days >= TWO_YEARS:
        return Verdict("season", GOOD, f"season: {days:,} days show every season at least twice")
    return Verdict(
        "season",
        THIN if days >= YEAR else NONE,
        f"season: {days:,} days show "
        + ("no season twice" if days >= YEAR else "less than one year")
        + ", so a season and a trend look alike",
        f"deliver the log from {_date(basis.span.end - TWO_YEARS)} on ({basis.begins()})",
    )


def _new_customers(basis: Basis) -> Verdict:
    """A log of customers won at one time says nothing of those who come later."""
    new = basis.figures.new_customers
    came = new.nonzero()[0]
    last = int(came[-1]) if len(came) else 0
    since = basis.span.n_days - last
    if basis.span.n_days >= 90 and since > basis.span.n_days // 3:
        return Verdict(
            "new_customers",
            THIN,
            f"new customers: none since {date_of(basis.span.first_day + last)}; this looks like "
            "one group of customers followed over time, and says little about newer ones",
            "deliver all customers of the shop, those won lately among them",
        )
    total = int(new.sum())
    return Verdict(
        "new_customers",
        GOOD if total else NONE,
        f"new customers: {total:,} first purchases, the last on "
        f"{date_of(basis.span.first_day + last)}"
        if total
        else "new customers: the log has no purchase, only refunds",
        None if total else "deliver the purchases, with amounts of 0 or more",
    )


def _refunds(basis: Basis) -> Verdict:
    counts = basis.figures.counts
    n, matched = counts["refund_lines"], counts["matched_refund_lines"]
    name = "spend net of refunds"
    if not n:
        return Verdict(
            "refunds",
            NONE,
            f"{name}: the log has no refund, so what is predicted is spend before refunds",
            "if goods come back, deliver these lines with a negative amount, or say by "
            "`purchases.cancelled` which lines are cancelled",
        )
    if matched < LOW_SHARE * n:
        return Verdict(
            "refunds",
            THIN,
            f"{name}: {n - matched:,} of {n:,} refunds could be matched to no order and count on "
            "their own day",
            "map `refund_of`, `order_id` or `product_id`, so that a refund finds its order",
        )
    return Verdict("refunds", GOOD, f"{name}: {matched:,} of {n:,} refunds found their order")


def _coverage(account: RowAccount) -> Verdict:
    """Verdict on the rows that nothing is learned from."""
    rows = max(account.rows, 1)
    if account.anonymous > MANY_BAD * rows:
        return Verdict(
            "coverage",
            THIN,
            f"coverage: {percent(account.anonymous / rows)} of the rows have no customer; scores "
            "speak for the others",
            "deliver `customer_id` for more orders, for example from accounts or loyalty cards",
        )
    told = f"coverage: {percent(account.accepted / rows)} of the rows are used"
    return Verdict("coverage", GOOD, told)


def _longest_horizon(days: int) -> int:
    """Longest horizon of which a window closes within a log of `days` days."""
    horizon = 2 * max(days, 0) // 3 + 1
    while horizon > 0 and horizon + history_days(horizon) > days:
        horizon -= 1
    return horizon


def _either(deliver: str, other: str | None) -> str:
    return f"{deliver}; or {other}" if other else deliver


def _plural(word: str, n: int) -> str:
    return word if n == 1 else f"{word}s"


def _date(day: int) -> str:
    return str(date_of(max(day, day_number(dt.date.min))))
