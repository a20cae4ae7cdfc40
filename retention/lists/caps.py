"""Contact caps: nobody is contacted more than N times in D days."""

from dataclasses import dataclass

import pandas as pd

COLUMNS = ("customer_id", "contacted_at")
CONTACTED, HELD_OUT = "contacted", "held_out"


@dataclass(frozen=True)
class ContactCap:
    """At most `contacts` contacts of a customer within `days` days."""

    contacts: int
    days: int

    def __post_init__(self) -> None:
        if self.contacts < 1 or self.days < 1:
            raise ValueError(
                f"a contact cap needs at least one contact in at least one day, got "
                f"{self.contacts} in {self.days}; leave the cap out to allow any number"
            )


def contacts_before(contacts: pd.DataFrame, when: pd.Timestamp, days: int) -> pd.Series:
    """How often each customer was contacted in the `days` days before `when`.

    Parameters
    ----------
    contacts : DataFrame with `customer_id`, `contacted_at` (datetime64) and, if lists were
        randomised, `arm`; only rows of the arm `contacted` or of no arm are contacts
    when : moment of the next contact

    Returns
    -------
    Series of int by `customer_id`; customers without a contact are not in it
    """
    missing = sorted(set(COLUMNS) - set(contacts.columns))
    if missing:
        raise ValueError(f"contacts lack columns {missing}; they need {list(COLUMNS)}")
    at = contacts["contacted_at"]
    recent = (at > when - pd.Timedelta(days=days)) & (at <= when)
    if "arm" in contacts:
        recent &= contacts["arm"].isna() | (contacts["arm"] == CONTACTED)
    return contacts.loc[recent].groupby("customer_id").size()


def at_cap(contacts: pd.DataFrame, when: pd.Timestamp, cap: ContactCap) -> pd.Index:
    """Customers whom one more contact at `when` would bring above the cap, each once."""
    counts = contacts_before(contacts, when, cap.days)
    return counts.index[counts >= cap.contacts]
