"""Rolling backtest: fit on what was known at past cutoffs, predict, compare with what came."""

from collections.abc import Callable, Iterator

from features.log.shop_log import ShopLog
from features.panel import labels_at, snapshot
from features.shop_clock import date_of
from training.recipe import Horizons, Recipe
from training.results import MODEL, FoldOutcome

FOLDS = 3


def backtest_cutoffs(first_day: int, end: int, horizons: Horizons) -> list[int]:
    """Up to three past cutoffs whose windows have closed by `end`, disjoint, newest first.

    Each has a history of at least as long as the longer horizon behind it.
    """
    span = max(horizons.churn_days, horizons.value_days)
    cutoffs = [end - span * (k + 1) for k in range(FOLDS)]
    return [c for c in cutoffs if c - first_day >= span + max(7, span // 2)]


def why_none(first_day: int, end: int, horizons: Horizons) -> str | None:
    """A sentence where only the longer horizon keeps the log from being backtested."""
    shorter = min(horizons.churn_days, horizons.value_days)
    if backtest_cutoffs(first_day, end, horizons):
        return None
    possible = len(backtest_cutoffs(first_day, end, Horizons(shorter, shorter)))
    if not possible:
        return None
    return (
        f"no backtest: no past window of {max(horizons.churn_days, horizons.value_days)} days has "
        f"closed with as much history before it; with both horizons at {shorter} days there would "
        f"be {possible} cutoffs"
    )


def backtest(
    recipe: Recipe,
    end: int,
    horizons: Horizons,
    *,
    progress: Callable[[str], None] = lambda text: None,
) -> list[FoldOutcome]:
    """Every member's predictions at past cutoffs, oldest first, beside what came."""
    full = recipe.known(end)
    closed = end - recipe.refund_lag(end)
    cutoffs = backtest_cutoffs(full.facts.first_known_day, closed, horizons)
    return list(_folds(recipe, full, cutoffs[::-1], horizons, progress))


def _folds(
    recipe: Recipe,
    full: ShopLog,
    cutoffs: list[int],
    horizons: Horizons,
    progress: Callable[[str], None],
) -> Iterator[FoldOutcome]:
    for cutoff in cutoffs:
        progress(f"backtest at {date_of(cutoff)}")
        churn_fit = recipe.fit(cutoff, horizons.churn_days)
        value_fit = recipe.fit(cutoff, horizons.value_days)
        if churn_fit is None or value_fit is None:
            continue
        shot = snapshot(full, cutoff)
        days = (horizons.churn_days, horizons.value_days)
        labels = labels_at(full, cutoff, days)
        churned = labels[horizons.churn_days]["churned"]
        value = labels[horizons.value_days]["future_value"]
        predicted = {n: h.predict(shot.features) for n, h in value_fit.values.items()}
        main = predicted.get(MODEL) or next(iter(predicted.values()))
        yield FoldOutcome(
            cutoff=date_of(cutoff),
            churn_horizon_days=horizons.churn_days,
            value_horizon_days=horizons.value_days,
            churned=churned.to_numpy(),
            future_value=value.to_numpy(),
            churn_probability={
                n: h.churn_probability(shot.features) for n, h in churn_fit.returns.items()
            },
            predicted_clv={n: p.mean for n, p in predicted.items()},
            clv_p10=main.p10,
            clv_p50=main.p50,
            clv_p90=main.p90,
        )
