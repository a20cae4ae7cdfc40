"""The known formula beside what is served: how far each was off at the cutoffs of the backtest."""

from collections.abc import Mapping, Sequence
from typing import Any

from training.fold_checks import member_of
from training.formula import formula_measures
from training.member_names import in_a_sentence
from training.results import MODEL, FoldOutcome


def formula(
    folds: Sequence[FoldOutcome], served: Mapping[str, str], seed: int
) -> list[dict[str, Any]]:
    """Measures at each cutoff, oldest first, on the customers and days that judge the model.

    Parameters
    ----------
    folds : of the backtest
    served : member by "return" and "value"; the model where it is not told or not in the fold
    seed : of the resampling that makes the interval

    Returns
    -------
    list of {cutoff, member, customers, horizon_days, true_total, formula_total, model_total,
    formula_bias, model_bias, formula_concordance, model_concordance, extra_error: {mean, low,
    high}, sentence}, see `retention.clv.formula.FormulaBias`; what is called the model there is the
    member that is served
    """
    found = []
    for fold in sorted(folds, key=lambda f: f.cutoff):
        if len(fold.formula) != len(fold.future_value):
            continue
        member = member_of(fold.predicted_clv, served.get("value", MODEL))
        told = formula_measures(
            fold.formula,
            fold.predicted_clv[member],
            fold.future_value,
            horizon_days=fold.value_horizon_days,
            seed=seed,
        )
        if told is None:
            continue
        if member != MODEL:
            served_as = f", {in_a_sentence(member)} to "
            told["sentence"] = told["sentence"].replace(", the model to ", served_as)
        found.append({"cutoff": fold.cutoff.isoformat(), "member": member, **told})
    return found
