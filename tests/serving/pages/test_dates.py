import pytest

from retention.dates import NEXT_ORDER, SILENCE
from serving.pages.dates import next_order_sentence, silence_sentence

ABOVE, NEVER = "already_above", "not_within_365_days"


def dated(middle=None, early=None, late=None, code=None):
    missing = dict.fromkeys(NEXT_ORDER, code) if code else {}
    dates = dict(zip(NEXT_ORDER, (middle, early, late), strict=True))
    return next_order_sentence({"value_horizon_days": 91, "missing": missing, **dates})


def silent(medium=None, high=None):
    """Dates, or the codes of why there is none."""
    codes = (ABOVE, NEVER, "batch_only")
    given = dict(zip(SILENCE, (medium, high), strict=True))
    missing = {name: code for name, code in given.items() if code in codes}
    return silence_sentence({**given, **dict.fromkeys(missing), "missing": missing})


def test_a_next_order_has_its_middle_day_and_its_range():
    assert dated("2024-07-20", "2024-07-04", "2024-09-12") == (
        "If an order comes in the next 91 days, it is as likely by 20 Jul 2024 as later, "
        "and for 8 of 10 such customers between 4 Jul 2024 and 12 Sept 2024."
    )


def test_a_range_of_one_day_is_not_called_a_range():
    assert dated("2024-07-20", "2024-07-20", "2024-07-20").endswith("20 Jul 2024 as later.")


def test_without_a_day_the_reason_is_given():
    assert dated(code="return_unlikely") == (
        "An order in the next 91 days is less likely than not, so no day is given."
    )
    assert dated(code="too_few_returners").startswith("Too few customers of this shop")
    assert dated() == ""


@pytest.mark.parametrize(
    ("medium", "high", "words"),
    [
        ("2024-08-01", "2024-10-15", "medium on 1 Aug 2024 and high on 15 Oct 2024."),
        ("2024-08-01", "2024-08-01", "Without an order the risk becomes high on 1 Aug 2024."),
        ("2024-08-01", NEVER, "medium on 1 Aug 2024; it does not become high within"),
        (ABOVE, "2024-10-15", "is medium already; without an order it becomes high on 15 Oct"),
        (ABOVE, NEVER, "The risk is medium already; it does not become high within"),
        (ABOVE, ABOVE, "The risk is high already."),
        (NEVER, NEVER, "The risk stays low within the next 365 days, even without an order."),
    ],
)
def test_silence_is_told_in_words(medium, high, words):
    assert words in silent(medium, high)


def test_what_was_not_searched_for_is_not_told():
    assert silent() == silent("batch_only", "batch_only") == ""
