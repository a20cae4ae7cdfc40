"""lifetimes' buy-till-you-die models with exact P(no purchase) and Gamma-Gamma.

Where lifetimes fails, gives infinities or does not end in time, perennial's own `models.btyd` takes
its place, so that the peer is there on every log; what failed is told.

P(no purchase within H more days | x, t_x, T) is the likelihood of (x, t_x, T + H) over that of
(x, t_x, T) for Pareto/NBD; for (M)BG/NBD it is 1 - P(alive) (1 - ((a + T) / (a + T + H))^(r + x)).
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.btyd.bg_nbd import fit_bg_nbd
from models.btyd.counts import Counts, counts_of
from models.btyd.errors import NotConverged
from models.btyd.history import HistoryModel
from models.btyd.mbg_nbd import fit_mbg_nbd
from models.btyd.pareto_nbd import fit_pareto_nbd

Float = NDArray[np.float64]

FITTERS = {
    "BG/NBD": "BetaGeoFitter",
    "MBG/NBD": "ModifiedBetaGeoFitter",
    "Pareto/NBD": "ParetoNBDFitter",
}
STAND_INS: dict[str, Callable[[Counts], HistoryModel]] = {
    "BG/NBD": fit_bg_nbd,
    "MBG/NBD": fit_mbg_nbd,
    "Pareto/NBD": fit_pareto_nbd,
}
PENALTIES = (0.0, 0.001, 0.01)
CPU_SECONDS = 20.0
WEEK = 7.0


@dataclass(frozen=True)
class Btyd:
    """What a model says of each customer, shape (n,) each.

    Attributes
    ----------
    nothing, orders : P(no purchase day) and expected purchase days within the horizon
    nothing_observed, orders_observed : the same within the length of the label windows
    alive : P(alive) at the cutoff
    value : expected spend within the horizon, with Gamma-Gamma
    """

    nothing: Float
    orders: Float
    nothing_observed: Float
    orders_observed: Float
    alive: Float
    value: Float


@dataclass(frozen=True)
class Fits:
    """Models by name, what they give for the rows, and why others failed."""

    found: dict[str, Btyd]
    mean_spend: Float | None
    failed: dict[str, str]

    def columns(self) -> pd.DataFrame:
        """The outputs as features: over the length of the label windows."""
        columns: dict[str, Float] = {}
        for name, one in self.found.items():
            short = name.split("/")[0].lower()
            columns[f"{short}_nothing"] = one.nothing_observed
            columns[f"{short}_orders"] = one.orders_observed
            columns[f"{short}_alive"] = one.alive
        if self.mean_spend is not None:
            columns["gamma_gamma_spend"] = self.mean_spend
            for name, one in self.found.items():
                spend = one.orders_observed * self.mean_spend
                columns[f"{name.split('/')[0].lower()}_value"] = spend
        return pd.DataFrame(columns)


def fit_btyd(
    features: pd.DataFrame, *, horizon_days: int, observed_days: int, failed: dict[str, str]
) -> Fits:
    """Fit each model to the customers of a snapshot.

    Parameters
    ----------
    failed : models that lifetimes failed on at another cutoff of the log, which are not tried
        again there
    """
    x = features["frequency"].fillna(0.0).to_numpy(float)
    t_x = features["recency"].fillna(0.0).to_numpy(float)
    tenure = np.maximum(features["T"].fillna(0.0).to_numpy(float), 1.0)
    failed = dict(failed)
    spend = _mean_spend(features, x, failed)
    found = {}
    for name in FITTERS:
        made = _lifetimes_or_own(name, x, t_x, tenure, (horizon_days, observed_days), failed)
        if made is not None:
            nothing, orders, nothing_observed, orders_observed, alive = made
            value = orders * (spend if spend is not None else np.full(len(x), np.nan))
            found[name] = Btyd(nothing, orders, nothing_observed, orders_observed, alive, value)
    return Fits(found, spend, failed)


def _lifetimes_or_own(
    name: str, x: Float, t_x: Float, tenure: Float, days: tuple[int, int], failed: dict[str, str]
) -> list[Float] | None:
    """Outputs of a model, None where neither gives any; what failed is noted in `failed`."""
    if name not in failed:
        made = _fitted(FITTERS[name], x, t_x / WEEK, tenure / WEEK, days)
        if not isinstance(made, str):
            return made
        failed[name] = made
    own = _stand_in(name, x, t_x, tenure, days)
    if not isinstance(own, str):
        return own
    failed[name] += f"; and its stand-in: {own}"
    return None


def _stand_in(
    name: str, x: Float, t_x: Float, tenure: Float, days: tuple[int, int]
) -> list[Float] | str:
    """The outputs by perennial's own model, or why there are none."""
    try:
        model = STAND_INS[name](counts_of(x, t_x, tenure))
    except NotConverged as error:
        return str(error)
    made: list[Float] = []
    for horizon in days:
        made.append(model.p_zero(x, t_x, tenure, horizon))
        made.append(model.expected_purchases(x, t_x, tenure, horizon))
    return [*made, model.p_alive(x, t_x, tenure)]


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raise TimeoutError after so much CPU time of this process."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"did not end within {seconds:g} s of CPU time")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _fitted(
    fitter: str, x: Float, t_x: Float, tenure: Float, days: tuple[int, int]
) -> list[Float] | str:
    """Outputs at the least penalty that works, or why none did."""
    why = ""
    for penalty in PENALTIES:
        try:
            with np.errstate(all="ignore"), _limited(CPU_SECONDS):
                model = getattr(import_module("lifetimes"), fitter)(penalizer_coef=penalty)
                model.fit(x, t_x, tenure)
                made = _outputs(model, x, t_x, tenure, days)
        except TimeoutError as error:
            return str(error)
        except (ArithmeticError, RuntimeError, ValueError, TypeError) as error:
            why = f"{type(error).__name__}: {str(error).strip()[:120]}"
            continue
        except import_module("lifetimes.utils").ConvergenceError as error:
            why = f"did not converge: {' '.join(str(error).split())[:120]}"
            continue
        if all(np.isfinite(column).all() for column in made):
            return made
        why = "its outputs are not finite for every customer"
    return f"{why} (penalties {', '.join(str(p) for p in PENALTIES)})"


def _outputs(model: Any, x: Float, t_x: Float, tenure: Float, days: tuple[int, int]) -> list[Float]:
    alive = np.asarray(model.conditional_probability_alive(x, t_x, tenure), float)
    made: list[Float] = []
    for horizon in days:
        ahead = horizon / WEEK
        expected = model.conditional_expected_number_of_purchases_up_to_time(ahead, x, t_x, tenure)
        made += [_nothing(model, x, t_x, tenure, ahead, alive), np.asarray(expected, float)]
    return [*made, alive]


def _nothing(model: Any, x: Float, t_x: Float, tenure: Float, ahead: float, alive: Float) -> Float:
    if hasattr(model, "_log_A_0"):
        values = model.params_.to_numpy(float)
        later = model._conditional_log_likelihood(values, x, t_x, tenure + ahead)
        now = model._conditional_log_likelihood(values, x, t_x, tenure)
        found = np.exp(later - now)
    else:
        alpha, r = model.params_["alpha"], model.params_["r"]
        found = 1 - alive * -np.expm1((r + x) * np.log((alpha + tenure) / (alpha + tenure + ahead)))
    nothing: Float = np.clip(np.asarray(found, float), 0.0, 1.0)
    return nothing


def _mean_spend(features: pd.DataFrame, x: Float, failed: dict[str, str]) -> Float | None:
    """Expected spend of a purchase day by Gamma-Gamma; None where it cannot be fitted."""
    mean = features["monetary_value"].to_numpy(float)
    good = (x > 0) & np.isfinite(mean) & (mean > 0)
    why = f"{int(good.sum())} customers have repeat spend above zero"
    for penalty in PENALTIES if good.sum() >= 20 else ():
        model = import_module("lifetimes").GammaGammaFitter(penalizer_coef=penalty)
        try:
            model.fit(x[good], mean[good])
        except (
            ArithmeticError,
            ValueError,
            import_module("lifetimes.utils").ConvergenceError,
        ) as e:
            why = " ".join(str(e).split())[:120]
            continue
        p, q, v = (float(model.params_[name]) for name in ("p", "q", "v"))
        if q <= 1:
            why = f"q is {q:.2f}, so the mean spend of the population is infinite"
            continue
        seen = np.where(good, x, 0.0)
        return np.asarray(p * (v + seen * np.where(good, mean, 0.0)) / (p * seen + q - 1), float)
    failed["Gamma-Gamma"] = why
    return None
