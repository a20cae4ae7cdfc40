"""Lists in made shops: against what an oracle would have listed, and after uplift has learned."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.retention_models import Scorer, fit_scorer
from benchmarks.retention_shop import ASSUMED, Outcome, Shop, candidates, happens
from retention.lists.build import build_list
from retention.lists.campaign_weights import campaign_weights
from retention.lists.caps import CONTACTED
from retention.lists.contact_value import contact_order, contact_terms
from retention.lists.outside import outside_sample
from retention.lists.plan import ListPlan
from retention.uplift.cross_fit import CrossFitted, cross_fit
from retention.uplift.rows import UpliftRows
from retention.uplift.switch import Switch, switch_test

Float = NDArray[np.float64]
Int = NDArray[np.int64]
DAY = dt.date(2025, 6, 1)
OUTSIDE = 0.05


@dataclass(frozen=True)
class Scale:
    """Size of a run: customers of a shop, and of a list."""

    customers: int = 50_000
    listed: int = 10_000


@dataclass(frozen=True)
class Randomised:
    """A list with its hold-out and the sample outside, and what came of it."""

    features: Float
    contacted: NDArray[np.bool_]
    outcome: Outcome
    p: Float
    spend: Float
    customer: Int

    @property
    def in_use(self) -> Float:
        """Expected profit of contact, by which the list was ranked."""
        return reranked(ASSUMED.save_rate.mean * (1 - self.p), self.p, self.spend)


def positions(names: Any) -> Int:
    """Rows of the customers of a list."""
    return np.asarray(names, str).astype(np.int64)


def listed(p: Float, spend: Float, most: int, list_id: str = "list") -> Int:
    """Whom perennial's list contacts, without a hold-out, best first."""
    plan = ListPlan(list_id, ASSUMED, DAY, max_contacts=most, holdout=0.0)
    return positions(build_list(candidates(p, spend), plan).members["customer_id"])


def reranked(effect: Float, p: Float, spend: Float) -> Float:
    """Expected profit of contact where the effect on the return rate is `effect`, shape (n,)."""
    terms = contact_terms(p, spend, ASSUMED)
    return effect * terms.gain - terms.waste - terms.cost


def first_of(score: Float, most: int) -> Int:
    """The best by a score above 0."""
    return contact_order(score, np.arange(len(score)))[:most]


def scored_shop(seed: int, scale: Scale, **more: Any) -> tuple[Shop, Scorer]:
    """A shop, and models fitted to an earlier day of it without contact."""
    shop = Shop(seed, scale.customers, **more)
    past = shop.period()
    nobody = np.zeros(scale.customers, bool)
    return shop, fit_scorer(past, happens(past, nobody, np.random.default_rng([seed, 1])))


def against_oracle(seed: int, scale: Scale, **more: Any) -> dict[str, float]:
    """Expected profit of the list, and of others of the same number of contacts."""
    shop, scorer = scored_shop(seed, scale, **more)
    now = shop.period()
    p, spend = scorer.of(now)
    profit, most = now.profit(), scale.listed
    return {
        "list": float(profit[listed(p, spend, most)].sum()),
        "oracle": float(profit[listed(now.p, now.spend, most)].sum()),
        "risk": float(profit[np.argsort(p, kind="stable")[:most]].sum()),
        "value": float(profit[np.argsort(-spend, kind="stable")[:most]].sum()),
    }


def randomised(shop: Shop, scorer: Scorer, scale: Scale, rng: Any, name: str) -> Randomised:
    """One list with half held out and the sample outside, carried out."""
    now = shop.period()
    p, spend = scorer.of(now)
    plan = ListPlan(name, ASSUMED, DAY, max_contacts=scale.listed // 2, holdout=0.5)
    frame = candidates(p, spend)
    members = build_list(frame, plan).members
    rest = frame["customer_id"][~frame["customer_id"].isin(members["customer_id"])]
    outside = outside_sample(name, list(rest), share=OUTSIDE)
    who = np.concatenate([positions(f["customer_id"]) for f in (members, outside)])
    arm = np.concatenate([f["arm"].to_numpy(object) for f in (members, outside)]) == CONTACTED
    outcome = happens(now.at(who), arm, rng)
    features = np.column_stack([now.features[who], p[who], spend[who]])
    return Randomised(features, arm, outcome, p[who], spend[who], who)


def uplift_rows(lists: list[Randomised], outcome: str) -> UpliftRows:
    """Rows of the lists, from which an effect is learned or tested."""
    return UpliftRows.of(
        np.concatenate([r.features for r in lists]),
        np.concatenate([r.contacted for r in lists]),
        np.concatenate([getattr(r.outcome, outcome) for r in lists]),
        0.5,
        customer=np.concatenate([r.customer for r in lists]),
        start=np.concatenate([1 - r.p for r in lists]),
    )


def after_three_lists(seed: int, scale: Scale, learner: str = "x") -> dict[str, float]:
    """Expected profit of a fourth list: as ranked, re-ranked by uplift, and by an oracle."""
    shop, scorer = scored_shop(seed, scale)
    rng = np.random.default_rng([seed, 2])
    lists = [randomised(shop, scorer, scale, rng, f"{seed} {k}") for k in range(3)]
    switch, expected = tested(lists, learner, seed)
    learned = cross_fit(uplift_rows(lists, "returned"), learner, seed=seed)
    now = shop.period()
    p, spend = scorer.of(now)
    told = learned.effect(np.column_stack([now.features, p, spend]), 1 - p)
    profit, most = now.profit(), scale.listed
    return {
        "list": float(profit[listed(p, spend, most)].sum()),
        "uplift": float(profit[first_of(reranked(told, p, spend), most)].sum()),
        "oracle": float(profit[first_of(reranked(now.told_effect, p, spend), most)].sum()),
        "switch_on": float(switch.on),
        "switch_gain": switch.gain,
        "switch_low": switch.low,
        "expected_on": float(expected.on),
        "expected_low": expected.low,
    }


def tested(lists: list[Randomised], learner: str, seed: int) -> tuple[Switch, Switch]:
    """The switch, fitted on all but the last list and tested on the last.

    Once with profits as they came, once with the spend of those who return as it was expected,
    which presumes that contact moves returns and not their spend.
    """
    learned: CrossFitted = cross_fit(uplift_rows(lists[:-1], "returned"), learner, seed=seed)
    last = lists[-1]
    effect = learned.effect(last.features, 1 - last.p)
    score = reranked(effect, last.p, last.spend)
    came = uplift_rows([last], "profit")
    # Revenue gives way to the return times the spend that was expected; costs stay as they came.
    surprise = last.outcome.revenue - last.outcome.returned * last.spend
    expected = replace(came, outcome=came.outcome - ASSUMED.margin * surprise)
    baseline = ASSUMED.margin * last.p * last.spend
    first, second = (
        switch_test(rows, last.in_use, score, baseline=baseline) for rows in (came, expected)
    )
    return first, second


def retrained(seed: int, scale: Scale, saves: float = 0.25) -> dict[str, float]:
    """Bias of untreated risk after a successful list, where it is corrected and where not.

    The list contacts four of five of its members and saves a quarter of those who would not
    return; the same day's outcomes are then learned from. Biases are of the mean predicted
    probability of no return, in points, on a later day, of all customers and of those whom a list
    would take; `untouched` is the same day without a list.
    """
    shop, scorer = scored_shop(seed, scale)
    rng = np.random.default_rng([seed, 3])
    now = shop.period()
    now = replace(now, saves=np.full(scale.customers, saves), repels=np.zeros(scale.customers))
    p, spend = scorer.of(now)
    plan = ListPlan("won", ASSUMED, DAY, max_contacts=int(0.8 * scale.listed), holdout=0.2)
    members = build_list(candidates(p, spend), plan).members
    contacted = np.zeros(scale.customers, bool)
    contacted[positions(members["customer_id"][members["arm"] == CONTACTED])] = True
    outcome = happens(now, contacted, rng)
    rows = candidates(p, spend)[["customer_id"]].assign(cutoff=np.datetime64("2025-05-01", "us"))
    assigned = members[["customer_id", "arm", "stratum"]].assign(
        list_id="won", contacted_at=np.datetime64("2025-05-01", "us")
    )
    weights = campaign_weights(rows, assigned, horizon_days=90, effect_days=90).weight
    later = shop.period()
    high = listed(*scorer.of(later), scale.listed)
    biases = {}
    untouched = happens(now, np.zeros(scale.customers, bool), rng)
    for name, day, weight in (
        ("untouched", untouched, None),
        ("plain", outcome, None),
        ("corrected", outcome, weights),
    ):
        told, _ = fit_scorer(now, day, weight).of(later)
        biases[f"{name}_all"] = 100 * float((later.p - told).mean())
        biases[f"{name}_listed"] = 100 * float((later.p - told)[high].mean())
    return biases
