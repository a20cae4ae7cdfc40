"""The models by name: fit those that converge, keep them as numbers, make them from numbers."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import fields

from numpy.typing import ArrayLike

from models.btyd.bg_nbd import BgNbd, fit_bg_nbd
from models.btyd.counts import Counts, counts_of
from models.btyd.errors import NotConverged
from models.btyd.gamma_gamma import GammaGamma
from models.btyd.history import HistoryModel
from models.btyd.mbg_cnbd_k import MbgCnbdK, fit_mbg_cnbd_k
from models.btyd.mbg_nbd import MbgNbd, fit_mbg_nbd
from models.btyd.pareto_nbd import ParetoNbd, fit_pareto_nbd

Fit = Callable[[Counts], HistoryModel]
MODELS: dict[str, tuple[Fit, type[HistoryModel]]] = {
    "bg_nbd": (fit_bg_nbd, BgNbd),
    "mbg_nbd": (fit_mbg_nbd, MbgNbd),
    "pareto_nbd": (fit_pareto_nbd, ParetoNbd),
    "mbg_cnbd_k": (fit_mbg_cnbd_k, MbgCnbdK),
}
_CLASSES: dict[str, type[HistoryModel] | type[GammaGamma]] = {
    **{name: cls for name, (_, cls) in MODELS.items()},
    "gamma_gamma": GammaGamma,
}
_log = logging.getLogger(__name__)


def log_refusal(name: str, why: NotConverged) -> None:
    """Write to the log that a model was left out, and why."""
    _log.warning("%s is left out: %s", name, why)


def fit_all(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    on_refusal: Callable[[str, NotConverged], None] = log_refusal,
) -> dict[str, HistoryModel]:
    """Fit every model of `MODELS` to the same customers; those that do not converge are left out.

    Parameters
    ----------
    frequency, recency, T : arrays of shape (n_customers,), see `counts_of`
    on_refusal : told the name of each model that is left out, and why
    """
    counts = counts_of(frequency, recency, T)
    found = {}
    for name, (fit, _) in MODELS.items():
        try:
            found[name] = fit(counts)
        except NotConverged as why:
            on_refusal(name, why)
    return found


def to_spec(model: HistoryModel | GammaGamma) -> dict[str, float | str]:
    """Return the model's name under `model` and its parameters under theirs, for JSON."""
    name = next(name for name, cls in _CLASSES.items() if type(model) is cls)
    names = _parameters(type(model))
    return {"model": name, **{n: getattr(model, n) for n in names}}


def from_spec(spec: Mapping[str, float | str]) -> HistoryModel | GammaGamma:
    """Return the model that `to_spec` wrote down.

    Raises
    ------
    ValueError
        If the name is unknown, or a parameter is missing, unknown, or no number.
    """
    name = str(spec.get("model"))
    if name not in _CLASSES:
        raise ValueError(f"no model is called {name!r}; `model` must be one of {sorted(_CLASSES)}")
    cls = _CLASSES[name]
    kinds = _parameters(cls)
    given = set(spec) - {"model"}
    if set(kinds) != given:
        raise ValueError(f"{name} has the parameters {sorted(kinds)}, the spec {sorted(given)}")
    return cls(**{n: int(spec[n]) if t is int else float(spec[n]) for n, t in kinds.items()})


def _parameters(cls: type) -> dict[str, object]:
    """Return the types of a model's parameters by name."""
    return {f.name: f.type for f in fields(cls)}
