"""The recipe: from a log as known before a day to a bundle, gated on what it did not learn from."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.log.shop_log import ShopLog
from features.panel import snapshot
from features.rhythm import rhythm_of
from features.shop_clock import ShopClock, date_of
from models.btyd_columns import FittedBtyd, fit_btyd
from models.bundle import Bundle
from models.horizon import HorizonModel
from models.trees import TreeParameters
from retention import groups
from training.bundle_parts import bundle_of, campaign_facts, notes_of, served, window_facts
from training.campaigns import Campaigns, Counted
from training.fit import HorizonFit, fit_horizon, outcome
from training.fit_rows import FitRows
from training.gate import BY_CUSTOMER, BY_TIME, gate_return, gate_value
from training.member_names import heading
from training.pooled import pooled_model
from training.results import FoldOutcome, GateDecision
from training.side_by_side import side_by_side
from training.tuning import tune
from training.windows import WindowPlan, plan_windows

# Arguments of `Recipe.fit`: end, horizon in days, dates, judged.
Asked = tuple[int, int, bool, bool]


@dataclass(frozen=True)
class Horizons:
    """Days ahead for churn and for value."""

    churn_days: int
    value_days: int


@dataclass(frozen=True)
class Fitted:
    """A bundle as it would be served, the gate's decisions, and what it was fitted on."""

    bundle: Bundle
    gates: list[GateDecision]
    notes: list[str]


class Recipe:
    """Fits heads as of any day; what was fitted once is remembered.

    Parameters
    ----------
    log : ShopLog
    seed : int
    n_cutoffs : training cutoffs a horizon, None for the default
    refund_lag_days : days after a label window in which refunds may still come; None reads them
        off the log
    trials : sets of tree parameters that are tried, 0 for the default ones
    campaigns : contact lists, whose members' labels count otherwise; None where there was none
    """

    def __init__(
        self,
        log: ShopLog,
        *,
        seed: int,
        n_cutoffs: int | None = None,
        refund_lag_days: int | None = None,
        trials: int = 0,
        campaigns: Campaigns | None = None,
    ) -> None:
        self.log, self.seed, self.n_cutoffs, self.trials = log, seed, n_cutoffs, trials
        self.refund_lag_days = refund_lag_days
        self.campaigns = campaigns and campaigns.numbered(log.customer_ids)
        self._fits: dict[tuple[int, int, bool, bool], HorizonFit | None] = {}
        self._known: dict[int, ShopLog] = {}
        self._btyd: dict[tuple[int, int, float], FittedBtyd] = {}

    def known(self, end: int) -> ShopLog:
        """The log as it was known before shop day `end`."""
        if end not in self._known:
            self._known[end] = self.log.known_before(end)
        return self._known[end]

    def refund_lag(self, end: int) -> int:
        """Days for which refunds may still come, as far as was known before `end`."""
        if self.refund_lag_days is not None:
            return self.refund_lag_days
        return self.known(end).facts.refund_lag_days

    def fit(
        self, end: int, horizon_days: int, *, dates: bool = False, judged: bool = True
    ) -> HorizonFit | None:
        """Heads of one horizon from what was known before `end`; None for too young a log.

        `dates` and `judged` are as of `training.fit.fit_horizon`.
        """
        key = (end, horizon_days, dates, judged)
        if key not in self._fits:
            plan = self._plan(end, horizon_days)
            self._fits[key] = (
                None
                if plan is None
                else fit_horizon(
                    self.known(end),
                    plan,
                    btyd_at=self._btyd_at,
                    trees=self._tuned,
                    seed=self.seed,
                    dates=dates,
                    judged=judged,
                    campaigns=self.campaigns,
                )
            )
        return self._fits[key]

    def counted(
        self, customers: NDArray[np.int64], cutoffs: NDArray[np.int64], horizon_days: int
    ) -> Counted | None:
        """How often rows count after contact lists; None where no list touches any."""
        if self.campaigns is None:
            return None
        return self.campaigns.counted(customers, cutoffs, horizon_days)

    def _plan(self, end: int, horizon_days: int) -> WindowPlan | None:
        # Before its first line is known a cutoff has no customers, however old the order.
        return plan_windows(
            self.known(end).facts.first_known_day,
            end,
            horizon_days,
            n_cutoffs=self.n_cutoffs,
            refund_lag_days=self.refund_lag(end),
        )

    def prepare(self, wanted: Iterable[Asked]) -> None:
        """Fit several horizons side by side; `fit` remembers them."""
        asked = [key for key in dict.fromkeys(wanted) if key not in self._fits]
        # Another engine has its own way to share out the work.
        if len(asked) < 2 or self.log.engine is not None:
            return
        for end, *_ in asked:
            # Read once, for all who ask for that day.
            _ = self.known(end).facts, self.known(end).customer_ids
        side_by_side(
            [
                partial(self.fit, end, days, dates=dates, judged=judged)
                for end, days, dates, judged in asked
            ]
        )

    def asked_by_bundle(self, end: int, horizons: Horizons) -> list[Asked]:
        """What `bundle` fits at `end`, and what it is judged by where windows are kept apart."""
        days = dict.fromkeys((horizons.value_days, horizons.churn_days))
        own = [(end, d, d == horizons.value_days, True) for d in days]
        plans = [self._plan(end, d) for d in days]
        return own + [
            (plan.newest, plan.observed_days, False, False)
            for plan in plans
            if plan is not None and plan.by_time
        ]

    def _btyd_at(self, cutoff: int, features: pd.DataFrame) -> FittedBtyd:
        """Buy-till-you-die models of the customers known at a cutoff, fitted once."""
        # Those counted after a contact list may be as many, and yet others.
        key = (cutoff, len(features), float(features["T"].sum()))
        if key not in self._btyd:
            self._btyd[key] = fit_btyd(features)
        return self._btyd[key]

    def _usual_contacts(self) -> list[str]:
        """A sentence on contacts that are no list's, or of a list without a hold-out."""
        if self.campaigns is None or not self.campaigns.usual:
            return []
        told = f"{self.campaigns.usual:,} contacts are of no list with customers held out: they "
        return [told + "count as the shop's usual marketing, with which risk is told"]

    def _not_converged(self, end: int) -> list[str]:
        """A sentence on models that fitted at no cutoff before `end`, or not at each of them."""
        cutoffs: dict[str, list[str]] = {}
        for (cutoff, *_), fitted in sorted(self._btyd.items(), key=itemgetter(0)):
            if cutoff <= end:
                for name in fitted.refused:
                    cutoffs.setdefault(name, []).append(str(date_of(cutoff)))
        return [
            f"{heading(name)} did not converge on the customers of {', '.join(dict.fromkeys(days))}"
            " and is left out there"
            for name, days in cutoffs.items()
        ]

    def _tuned(self, rows: FitRows) -> TreeParameters:
        """Tree parameters, chosen on a fit's own rows: a gate's window is not among them."""
        return tune(rows, trials=self.trials, seed=self.seed)

    def evidence(self, fit: HorizonFit) -> tuple[FoldOutcome, str]:
        """Predictions for customers and windows not learnt from, and how they were kept apart."""
        earlier = None
        if fit.plan.by_time or fit.held_out is None:
            earlier = self.fit(fit.plan.newest, fit.plan.observed_days, judged=False)
        if fit.held_out is not None and (earlier is None or not earlier.has_model):
            return fit.held_out, BY_CUSTOMER
        # Nothing closed before: there is no model then, and the rules have two numbers each.
        judged, method = (fit, BY_CUSTOMER) if earlier is None else (earlier, BY_TIME)
        inputs = judged.preparation.of(fit.features)
        heads = judged.heads.only(fit.heads)
        found = outcome(heads, inputs, fit.labels, fit.plan.newest, fit.plan.observed_days)
        return replace(found, customers=fit.customers), method

    def bundle(
        self, end: int, horizons: Horizons, *, clock: ShopClock, risk_limits: list[float] | None
    ) -> Fitted:
        """Fit, gate and put together what would be served from `end` on.

        Parameters
        ----------
        risk_limits : churn probabilities from which risk is medium and high; None for percentiles
        """
        self.prepare(self.asked_by_bundle(end, horizons))
        value_fit = self.fit(end, horizons.value_days, dates=True)
        same_days = horizons.churn_days == horizons.value_days
        churn_fit = value_fit if same_days else self.fit(end, horizons.churn_days)
        if churn_fit is None or value_fit is None:
            return self._pooled(end, horizons, clock, risk_limits)
        gates = self._gates(churn_fit, value_fit)
        served_return, served_value = (g.served for g in gates)
        churn = served(churn_fit, served_return, served_value)
        same = value_fit is churn_fit
        value = churn if same else served(value_fit, served_return, served_value)
        facts = self._groups(end, horizons, churn, churn_fit, risk_limits)
        notes = [
            *notes_of(churn_fit, value_fit),
            *self._usual_contacts(),
            *self._not_converged(end),
        ]
        training = {
            **window_facts(self.known(end), end, clock, self.seed),
            "refund_lag_days": self.refund_lag(end),
            "churn_cutoffs": [str(date_of(c)) for c in churn_fit.plan.cutoffs],
            "value_cutoffs": [str(date_of(c)) for c in value_fit.plan.cutoffs],
            "notes": notes,
            **campaign_facts(churn_fit, value_fit),
        }
        bundle = bundle_of(churn, value, facts, churn_fit.everybody, training)
        return Fitted(bundle, gates, notes)

    def _gates(self, churn_fit: HorizonFit, value_fit: HorizonFit) -> list[GateDecision]:
        churn_outcome, churn_method = self.evidence(churn_fit)
        value_outcome, value_method = self.evidence(value_fit)
        return [
            gate_return(churn_outcome, method=churn_method, seed=self.seed),
            gate_value(value_outcome, method=value_method, seed=self.seed),
        ]

    def _groups(
        self,
        end: int,
        horizons: Horizons,
        churn: HorizonModel,
        fit: HorizonFit,
        limits: list[float] | None,
    ) -> dict[str, Any]:
        rhythm = vars(rhythm_of(self.known(end), float(horizons.churn_days)))
        usual = groups.usual_churn(
            fit.features["n_orders"].to_numpy(float), fit.labels["churned"].to_numpy(float)
        )
        probability = churn.churn_probability(fit.everybody)
        return {
            "rhythm": rhythm,
            "usual_churn": churn.returns.in_season(np.array(usual)).tolist(),
            "risk_limits": limits or groups.risk_limits(fit.everybody, probability, rhythm),
        }

    def _pooled(
        self, end: int, horizons: Horizons, clock: ShopClock, limits: list[float] | None
    ) -> Fitted:
        features = snapshot(self.known(end), end).features
        churn = pooled_model(features, horizons.churn_days)
        same = horizons.value_days == horizons.churn_days
        value = churn if same else pooled_model(features, horizons.value_days)
        probability = churn.churn_probability(features)
        rhythm = vars(rhythm_of(self.known(end), float(horizons.churn_days)))
        facts = {
            "rhythm": rhythm,
            "usual_churn": [float(probability[0])] * (len(groups.ORDER_CUTS) + 1),
            "risk_limits": limits or groups.risk_limits(features, probability, rhythm),
        }
        note = (
            f"the log of {end - self.known(end).first_day} days is too young for a label "
            "window of a week: everybody gets the same rate"
        )
        training = {**window_facts(self.known(end), end, clock, self.seed), "notes": [note]}
        bundle = bundle_of(churn, value, facts, features, training)
        gates = [
            GateDecision("return", churn.returns.member, BY_CUSTOMER, {}, note),
            GateDecision("value", value.value.member, BY_CUSTOMER, {}, note),
        ]
        return Fitted(bundle, gates, [note])
