"""The promotion gate: a model is served only if it beats every simple rule.

Buy-till-you-die models are judged beside the rules: one is served where it is shown to be better
than the model, or where the model does not pass and it is the best of what is left.
"""

import numpy as np
from numpy.typing import NDArray

from models.intervals import simultaneous_bootstrap
from models.metrics import log_loss_rows, tweedie_deviance_rows
from models.rules import BTYD_MODELS
from training.results import MODEL, FoldOutcome, GateDecision

Float = NDArray[np.float64]
BY_TIME = "by time"
BY_CUSTOMER = "by customer, not by time"
LEAST_PREDICTION = 1e-6


def gate_return(outcome: FoldOutcome, *, method: str, seed: int) -> GateDecision:
    """Decide what is served for return, by log loss."""
    losses = {
        member: log_loss_rows(outcome.churned, p) for member, p in outcome.churn_probability.items()
    }
    losses = by_customer(losses, outcome.customers)
    return decide("return", losses, measure="log loss", method=method, seed=seed)


def gate_value(outcome: FoldOutcome, *, method: str, seed: int) -> GateDecision:
    """Decide what is served for value, by Tweedie deviance, which is least for the true mean."""
    truth = np.maximum(outcome.future_value, 0.0)
    losses = {
        member: tweedie_deviance_rows(truth, np.maximum(v, LEAST_PREDICTION))
        for member, v in outcome.predicted_clv.items()
    }
    losses = by_customer(losses, outcome.customers)
    return decide("value", losses, measure="Tweedie deviance", method=method, seed=seed)


def by_customer(losses: dict[str, Float], customers: NDArray[np.int64]) -> dict[str, Float]:
    """Losses of rows as losses of customers, of the same mean.

    A customer held out of a list stands in several rows for those who were contacted; counted as
    several customers they would make intervals too narrow.

    Parameters
    ----------
    losses : member -> shape (n_rows,)
    customers : number of each row's customer; empty where each row is one
    """
    names, place = np.unique(customers, return_inverse=True)
    if len(names) == len(customers):
        return losses
    times = len(names) / len(customers)
    return {
        member: times * np.asarray(np.bincount(place, loss), np.float64)
        for member, loss in losses.items()
    }


def decide(
    target: str, losses: dict[str, Float], *, measure: str, method: str, seed: int
) -> GateDecision:
    """Serve the model if its gain over each rule is surely above zero, else the best of the others.

    Parameters
    ----------
    losses : member -> loss of each customer, shape (n,): rules, buy-till-you-die models, and
        "model" where there is one
    measure : name of the loss
    """
    others = {name: loss for name, loss in losses.items() if name != MODEL}
    best = min(others, key=lambda name: float(others[name].mean()))
    rules = {name: loss for name, loss in others.items() if name not in BTYD_MODELS}
    if MODEL not in losses:
        return GateDecision(
            target,
            best,
            method,
            {},
            f"too few customers to fit a model; the best without one is {best}",
        )
    versus = simultaneous_bootstrap({MODEL: losses[MODEL], **rules}, MODEL, seed=seed)
    models = {n: loss for n, loss in losses.items() if n not in rules}
    challenged = simultaneous_bootstrap(models, MODEL, seed=seed)
    beaten = [name for name, gain in versus.items() if gain.above_zero]
    behind = [name for name, gain in challenged.items() if gain.below_zero]
    versus = {**versus, **challenged}
    if len(beaten) == len(rules) and best in behind:
        reason = f"{best} is shown to have less {measure} than the model"
        return GateDecision(target, best, method, versus, reason)
    if len(beaten) == len(rules):
        nearest = min(rules, key=lambda name: versus[name].mean)
        reason = f"the model beats every simple rule by {measure}, the nearest of them {nearest}"
        return GateDecision(target, MODEL, method, versus, reason)
    unbeaten = ", ".join(sorted(set(rules) - set(beaten)))
    reason = (
        f"the model is not shown to beat {unbeaten} by {measure}; the best without it is {best}"
    )
    return GateDecision(target, best, method, versus, reason)
