"""Contact caps over a contacts table."""

import pandas as pd
import pytest

from retention.lists.caps import ContactCap, at_cap, contacts_before

NOW = pd.Timestamp("2025-03-31 09:00")


def contacts(*rows):
    frame = pd.DataFrame(rows, columns=["customer_id", "contacted_at", "arm"])
    return frame.astype({"contacted_at": "datetime64[us]"})


ROWS = contacts(
    ("a", "2025-03-30", "contacted"),
    ("a", "2025-03-02", None),
    ("b", "2025-03-30", "held_out"),
    ("b", "2025-03-30", "contacted"),
    ("c", "2025-03-01 08:59", "contacted"),  # 30 days and a minute ago
    ("c", "2025-04-02", "contacted"),  # not yet
    ("d", "2025-03-31 09:00", "contacted"),
)


def test_only_contacts_that_were_made_within_the_days_count():
    assert contacts_before(ROWS, NOW, 30).to_dict() == {"a": 2, "b": 1, "d": 1}


def test_who_is_at_the_cap_is_barred():
    assert set(at_cap(ROWS, NOW, ContactCap(contacts=2, days=30))) == {"a"}
    assert set(at_cap(ROWS, NOW, ContactCap(contacts=1, days=30))) == {"a", "b", "d"}
    assert at_cap(ROWS, NOW, ContactCap(contacts=3, days=30)).empty


def test_no_contacts_bar_nobody():
    assert at_cap(contacts(), NOW, ContactCap(1, 30)).empty


def test_a_cap_of_none_is_refused():
    with pytest.raises(ValueError, match="at least one contact in at least one day, got 0 in 30"):
        ContactCap(0, 30)
    with pytest.raises(ValueError, match=r"contacts lack columns \['contacted_at'\]"):
        contacts_before(ROWS[["customer_id"]], NOW, 3)
