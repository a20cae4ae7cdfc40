"""How members of a backtest and measures are called where people read of them."""

from models.rules import BTYD_MODELS
from training.results import MODEL

MEASURES = {
    "auc": "AUC",
    "pr_auc": "PR-AUC",
    "log_loss": "log loss",
    "brier": "Brier",
    "ece": "ECE",
    "concordance": "concordance",
    "norm_gini": "norm. Gini",
    "bias": "bias",
    "decile_mape": "decile MAPE",
    "rmse": "RMSE",
    "mae_p50": "MAE of P50",
    "spearman": "Spearman",
}


def heading(member: str) -> str:
    """Name of a member in a table or picture."""
    name = short(member)
    return name[0].upper() + name[1:]


def short(member: str) -> str:
    """Name of a member in a list of them."""
    if member == MODEL:
        return "perennial's model"
    return BTYD_MODELS.get(member) or member.replace("_", " ").replace(" clv", " CLV")


def in_a_sentence(member: str) -> str:
    """Name of a member within a sentence."""
    if member == MODEL:
        return "perennial's model"
    if member in BTYD_MODELS:
        return f"the {BTYD_MODELS[member]} model"
    return f"the rule '{member.replace('_', ' ')}'"


def measure_heading(measure: str) -> str:
    """Name of a measure in a table, picture or sentence."""
    return MEASURES.get(measure, measure.replace("_", " "))
