"""What became of every row of the log, and what the log covers; nothing of a person."""

from typing import Any

from features.shop_clock import date_of
from serving.details.publication import Publication

MOST_FILES = 50
MOST_NAMES = 100
MOST_TEXT = 300


def facts(publication: Publication) -> dict[str, Any]:
    """The data report of the load that the batch was made from.

    Returns
    -------
    dict
        rows, accepted, duplicate, anonymous, excluded, quarantined : account of the rows
        reasons, excluded_by : counts of quarantined and excluded rows by code and by rule
        cancelled : lines that count as refunds
        source, timezone, day_starts_at : where the log is, and how its days are told
        customers, orders, lines, first_day, last_day, days : what there is
        refund_lag_days, horizons : days until refunds have come, days looked ahead
        files : {file, rows, accepted, first_day, last_day}, the latest `MOST_FILES`
        unused_columns, columns : of the source that are ignored; of ours that are there
        notes : what was noticed while reading
        tables : what became of the rows of each optional table, by its name
        limits : what is too little for what, as the model's card tells it
    """
    loaded, log = publication.loaded, publication.loaded.log
    told = log.facts
    purchases, horizons = publication.settings.purchases, publication.settings.horizons
    lag = purchases.refund_lag_days
    return {
        **loaded.account.as_dict(),
        "cancelled": loaded.figures.get("cancelled", 0),
        "timezone": purchases.timezone,
        "day_starts_at": purchases.day_starts_at,
        "customers": told.customers,
        "orders": told.orders,
        "lines": told.lines,
        "first_day": str(date_of(told.first_day)),
        "last_day": str(date_of(told.last_day)),
        "days": told.last_day + 1 - told.first_day,
        "refund_lag_days": told.refund_lag_days if lag == "auto" else lag,
        "horizons": {"churn_days": horizons.churn_days, "value_days": horizons.value_days},
        "files": [_file(each) for each in loaded.figures.get("files", [])][-MOST_FILES:],
        "unused_columns": list(loaded.figures.get("unused", []))[:MOST_NAMES],
        "columns": sorted(log.columns),
        "notes": [str(note)[:MOST_TEXT] for note in loaded.notes][:MOST_NAMES],
        "tables": publication.told.accounts,
        "limits": [str(each) for each in publication.bundle.card.get("limits", [])],
    }


def _file(told: dict[str, Any]) -> dict[str, Any]:
    names = ("file", "rows", "accepted", "first_day", "last_day")
    return {name: told.get(name) for name in names}
