import pytest

from serving.pages import words


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (1234.5, "1,234.50"),
        (0, "0.00"),
        (-0.001, "0.00"),
        (-12.5, "−12.50"),
        (2_500_000, "2,500,000.00"),
        (None, "–"),
    ],
)
def test_money_has_two_decimals_and_separators(amount, text):
    assert words.money(amount) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(12_000, "12,000"), (3.52, "3.5"), (0.01, "0.01"), (-0.25, "−0.25"), (4.0, "4"), (None, "–")],
)
def test_a_number_has_no_needless_decimals(value, text):
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("share", "short", "long"),
    [
        (0.817, "82%", "82 of 100"),
        (0.999, ">99%", "more than 99 of 100"),
        (0.001, "<1%", "fewer than 1 of 100"),
        (0.0, "0%", "0 of 100"),
        (1.0, "100%", "100 of 100"),
    ],
)
def test_a_share_is_never_rounded_to_certainty(share, short, long):
    assert (words.percent(share), words.of_100(share)) == (short, long)


def test_a_day_and_a_moment_are_written_for_people():
    assert words.day("1998-07-01") == "1 Jul 1998"
    assert words.moment("2026-11-21T09:05:00Z") == "21 Nov 2026, 09:05 UTC"


def test_a_text_that_is_no_date_is_shown_as_it_is():
    assert words.day("soon") == "soon"
    assert words.moment("soon") == "soon"
    assert words.day(None) == "–"


def test_one_day_is_singular():
    assert (words.days(1), words.days(105)) == ("1 day", "105 days")


def test_a_long_text_keeps_both_ends():
    assert words.cut("short") == "short"
    shortened = words.cut("a" * 500 + "z", 20)
    assert len(shortened) == 20
    assert shortened.startswith("aaa")
    assert shortened.endswith("z")


@pytest.mark.parametrize(
    ("locale", "currency", "amount", "texts"),
    [
        ("en-US", "USD", 1234.5, ("$1,234.50", "$1,234", "$1,234", "12,000", "Jul 1, 1998")),
        (
            "de-DE",
            "EUR",
            1234.5,
            ("1.234,50\xa0€", "1.234\xa0€", "1.234\xa0€", "12.000", "01.07.1998"),
        ),
        ("en-GB", None, 1234567.0, ("1,234,567.00", "1,234,567", "1.2M", "12,000", "1 Jul 1998")),
        ("en-GB", "GBP", -2.0, ("−£2.00", "−£2", "−£2", "12,000", "1 Jul 1998")),
    ],
)
def test_a_shop_writes_in_its_locale_and_currency(locale, currency, amount, texts):
    with words.written_as(words.Writing(locale, currency)):
        found = (words.money(amount), words.whole_money(amount), words.short_money(amount))
        assert (*found, words.number(12_000), words.day("1998-07-01")) == texts
    assert words.money(1234.5) == "1,234.50"


def test_a_count_has_its_noun():
    assert words.count_of(1, "customer") == "1 customer"
    assert words.count_of(0, "customer") == "0 customers"
    assert words.month("1998-07-01") == "Jul 1998"
