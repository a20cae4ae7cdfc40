"""Two bundles on the same customers, slice by slice: ranking and calibration."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.metrics import churn_metrics, expected_calibration_error

Float = NDArray[np.float64]

LOWER_PR_AUC = 0.03
HIGHER_ECE = 0.02
LEAST_CUSTOMERS = 1_000
EVERYBODY = "all customers"
DRAWS = 400


@dataclass(frozen=True)
class Predictions:
    """What one bundle says of the customers, arrays of shape (n_customers,)."""

    churn_probability: Float
    predicted_clv: Float


@dataclass(frozen=True)
class Truth:
    """What came, and what the slices are cut by, arrays of shape (n_customers,).

    `value_tier` holds names, from what was known at the cutoff; `tenure_days` is `T`. `customers`
    are numbers in the log, of whom one may stand in several rows; empty where each row is one.
    """

    churned: Float
    future_value: Float
    n_orders: Float
    tenure_days: Float
    value_tier: NDArray[np.object_]
    customers: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))


@dataclass(frozen=True)
class SliceFigures:
    """Both bundles' measures on some of the customers; NaN where one is not defined.

    Slices of fewer than `LEAST_CUSTOMERS` are shown and not judged.
    """

    slice: str
    customers: int
    pr_auc: float
    champion_pr_auc: float
    ece: float
    champion_ece: float
    log_loss: float
    champion_log_loss: float


def slices_of(truth: Truth) -> dict[str, NDArray[np.bool_]]:
    """Name of a slice -> its customers: all, by orders, by tenure, by value tier."""
    orders, tenure = truth.n_orders, truth.tenure_days
    tiers = {str(tier): truth.value_tier == tier for tier in dict.fromkeys(truth.value_tier)}
    return {
        EVERYBODY: np.ones(len(orders), bool),
        "customers with 1 order": orders <= 1,
        "customers with 2 to 4 orders": (orders > 1) & (orders < 5),
        "customers with 5 or more orders": orders >= 5,
        "customers of less than 90 days": tenure < 90,
        "customers of 90 to 364 days": (tenure >= 90) & (tenure < 365),
        "customers of 365 days or more": tenure >= 365,
        **{f"customers of value tier {tier}": tiers[tier] for tier in sorted(tiers)},
    }


def slice_figures(
    name: str,
    rows: NDArray[np.bool_],
    challenger: Predictions,
    champion: Predictions,
    truth: Truth,
) -> SliceFigures:
    """Measures of both bundles on the customers of one slice."""
    ours, usual = (
        churn_metrics(truth.churned[rows], p.churn_probability[rows])
        for p in (challenger, champion)
    )
    return SliceFigures(
        slice=name,
        customers=int(rows.sum()),
        pr_auc=ours["pr_auc"],
        champion_pr_auc=usual["pr_auc"],
        ece=ours["ece"],
        champion_ece=usual["ece"],
        log_loss=ours["log_loss"],
        champion_log_loss=usual["log_loss"],
    )


def worse_in(figures: SliceFigures) -> list[str]:
    """Sentences on what is worse in one slice; none where it has too few customers."""
    if figures.customers < LEAST_CUSTOMERS:
        return []
    worse = []
    if figures.champion_pr_auc - figures.pr_auc > LOWER_PR_AUC:
        worse.append(
            f"PR-AUC {figures.pr_auc:.3f} against the champion's {figures.champion_pr_auc:.3f} "
            f"for {figures.slice} ({figures.customers:,}), more than {LOWER_PR_AUC} lower"
        )
    return worse + _higher_ece(figures)


def _higher_ece(figures: SliceFigures) -> list[str]:
    if not figures.ece - figures.champion_ece > HIGHER_ECE:
        return []
    sentence = (
        f"calibration error {figures.ece:.3f} against the champion's {figures.champion_ece:.3f} "
        f"for {figures.slice} ({figures.customers:,}), more than {HIGHER_ECE} higher"
    )
    return [sentence]


def worse_calibrated(
    figures: SliceFigures,
    challenger: Predictions,
    champion: Predictions,
    truth: Truth,
    seed: int,
) -> list[str]:
    """A sentence where few customers show a higher calibration error, and not by chance."""
    sentences = _higher_ece(figures)
    if not sentences:
        return []
    draw, n = np.random.default_rng(seed), len(truth.churned)
    gaps = []
    for rows in draw.integers(0, n, (DRAWS, n)):
        ours, usual = (
            expected_calibration_error(truth.churned[rows], p.churn_probability[rows])
            for p in (challenger, champion)
        )
        gaps.append(ours - usual)
    return sentences if np.quantile(gaps, 0.025) > 0 else []
