"""The promotion gate: a model is served only if it beats every simple rule."""

import numpy as np
from numpy.typing import NDArray

from models.intervals import simultaneous_bootstrap
from models.metrics import log_loss_rows, tweedie_deviance_rows
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
    return decide("return", losses, measure="log loss", method=method, seed=seed)


def gate_value(outcome: FoldOutcome, *, method: str, seed: int) -> GateDecision:
    """Decide what is served for value, by Tweedie deviance, which is least for the true mean."""
    truth = np.maximum(outcome.future_value, 0.0)
    losses = {
        member: tweedie_deviance_rows(truth, np.maximum(v, LEAST_PREDICTION))
        for member, v in outcome.predicted_clv.items()
    }
    return decide("value", losses, measure="Tweedie deviance", method=method, seed=seed)


def decide(
    target: str, losses: dict[str, Float], *, measure: str, method: str, seed: int
) -> GateDecision:
    """Serve the model if the interval of its gain over each rule lies above zero, else a rule.

    Parameters
    ----------
    losses : member -> loss of each customer, shape (n,); the rules, and "model" where there is one
    measure : name of the loss
    """
    rules = {name: loss for name, loss in losses.items() if name != MODEL}
    best = min(rules, key=lambda name: float(rules[name].mean()))
    if MODEL not in losses:
        return GateDecision(
            target, best, method, {}, f"too few customers to fit a model; the best rule is {best}"
        )
    versus = simultaneous_bootstrap(losses, MODEL, seed=seed)
    beaten = [name for name, gain in versus.items() if gain.above_zero]
    if len(beaten) == len(rules):
        nearest = min(versus, key=lambda name: versus[name].mean)
        reason = f"the model beats every simple rule by {measure}, the nearest of them {nearest}"
        return GateDecision(target, MODEL, method, versus, reason)
    unbeaten = ", ".join(sorted(set(rules) - set(beaten)))
    reason = f"the model is not shown to beat {unbeaten} by {measure}; the best rule is {best}"
    return GateDecision(target, best, method, versus, reason)
