"""What a training command starts from: the purchase log, and values of the settings."""

import datetime as dt

from configs.settings import Settings
from features.log_store import LoadedLog, load_log
from features.reading.source import PurchaseSource
from features.shop_clock import ShopClock
from training.recipe import Horizons


def source_of(settings: Settings) -> PurchaseSource:
    """Where and how the purchases of a shop are written."""
    return PurchaseSource.from_mapping(settings.purchases.model_dump())


def clock_of(settings: Settings) -> ShopClock:
    """Time zone and start of day of a shop."""
    return source_of(settings).clock


def load(settings: Settings) -> LoadedLog:
    """The purchase log of a shop, checked and sorted."""
    source = source_of(settings)
    latest = source.clock.latest(dt.datetime.now(dt.UTC))
    return load_log(source, settings.log_dir, settings.quarantine_dir, latest=latest)


def horizons_of(settings: Settings) -> Horizons:
    """Horizons of the settings."""
    return Horizons(settings.horizons.churn_days, settings.horizons.value_days)


def cutoffs_of(settings: Settings) -> int | None:
    """Number of training cutoffs; None where perennial chooses."""
    asked = settings.training.cutoffs
    return None if asked == "auto" else int(asked)


def limits_of(settings: Settings) -> list[float] | None:
    """Churn probabilities at which medium and high risk begin; None where perennial chooses."""
    tiers = settings.tiers
    return None if tiers == "auto" else [tiers.medium_risk, tiers.high_risk]
