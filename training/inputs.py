"""What a training command starts from: the purchase log, and values of the settings."""

import datetime as dt
import glob
from pathlib import Path

import pandas as pd

from configs.settings import Settings
from features.engine import engine_of
from features.log.shop_log import ShopLog
from features.log.store import LoadedLog, load_log
from features.reading.source import PurchaseSource
from features.shop_clock import ShopClock
from features.tables.contacts import CONTACTS, read_contacts
from features.tables.of_shop import ShopTables, read_tables
from features.tables.source import TableSource
from training.campaigns import Campaigns, lists_of
from training.recipe import Horizons, Recipe


def source_of(settings: Settings) -> PurchaseSource:
    """Where and how the purchases of a shop are written."""
    return PurchaseSource.from_mapping(settings.purchases.model_dump())


def clock_of(settings: Settings) -> ShopClock:
    """Time zone and start of day of a shop."""
    return source_of(settings).clock


def load(settings: Settings, *, refuse_odd: bool = False) -> LoadedLog:
    """The purchase log of a shop, checked and sorted.

    `refuse_odd` refuses a delivery that does not look like those before.
    """
    source = source_of(settings)
    return load_log(
        source,
        settings.log_dir,
        settings.quarantine_dir,
        latest=source.clock.latest(dt.datetime.now(dt.UTC)),
        refuse_odd=refuse_odd,
        engine=engine_of(settings.engine, source.clock, settings.spark_dir),
    )


def recipe_of(settings: Settings, log: ShopLog, campaigns: Campaigns | None = None) -> Recipe:
    """The recipe for a log, as the settings have it, and for the lists of `campaigns_of`."""
    return Recipe(
        log,
        seed=settings.training.seed,
        n_cutoffs=cutoffs_of(settings),
        trials=settings.training.trials,
        refund_lag_days=source_of(settings).refund_lag_days,
        campaigns=campaigns,
    )


def campaigns_of(settings: Settings) -> Campaigns | None:
    """Contact lists of the shop, perennial's own and those of its table; None where there is none.

    Raises
    ------
    DataError
        If the table of contacts, or the file of a list, cannot be read.
    """
    clock = clock_of(settings)
    # A list may begin on a day to come, so no date is too late here.
    own = _assignments(settings.contacts_dir, "[a-z0-9]*.csv", clock)
    other = _assignments(settings.contacts_dir, "_*.csv", clock)
    told = None
    if settings.contacts is not None:
        source = TableSource.of(CONTACTS, settings.contacts.model_dump(), clock)
        told = read_contacts(source, latest=clock.latest(dt.datetime.now(dt.UTC))).rows
    rest = [rows for rows in (told, other) if rows is not None]
    return lists_of(
        own,
        pd.concat(rest) if rest else None,
        effect_days=settings.horizons.churn_days,
        clock=clock,
    )


def tables_of(settings: Settings) -> ShopTables:
    """Optional tables of the shop.

    Raises
    ------
    DataError
        If one cannot be read, lacks a column, or has too many bad rows.
    """
    clock = clock_of(settings)
    parts = {name: getattr(settings, name) for name in ("customers", "contacts", "surveys")}
    told = {n: None if part is None else part.model_dump() for n, part in parts.items()}
    return read_tables(clock, **told, latest=clock.latest(dt.datetime.now(dt.UTC)))


def _assignments(folder: Path, names: str, clock: ShopClock) -> pd.DataFrame | None:
    """Rows of the files that lists leave for training; None where there is none."""
    if not any(folder.glob(names)):
        return None
    source = {"source": f"{glob.escape(str(folder))}/{names}"}
    return read_contacts(TableSource.of(CONTACTS, source, clock)).rows


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
