"""Numbers as spreadsheets write them."""

import pytest

from serving.lists.csv_numbers import Ambiguous, decimal_sign, number_of


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12.5", 12.5), ("12,50", 12.5), ("1.234,50", 1234.5), ("1,234.50", 1234.5),
        ("1.234.567", 1234567), ("1,234,567", 1234567), ("1 234,5", 1234.5), ("1'234.5", 1234.5),
        ("0,125", 0.125), ("1234,567", 1234.567), ("-3,5", -3.5), ("\u22123.5", -3.5), ("7", 7),
        ("1\u202f234\u00a0567", 1234567), (",5", 0.5), ("1e3", 1000.0),
    ],
)  # fmt: skip
def test_a_number_that_shows_its_sign_is_read_by_it(text, number):
    assert number_of(text, None) == number


def test_a_number_that_can_be_read_in_two_ways_goes_by_the_sign_of_the_file_or_is_refused():
    assert number_of("1,234", ",") == 1.234
    assert number_of("1,234", ".") == 1234
    assert number_of("1.234", ",") == 1234
    for text in ("1,234", "1.234", "-12.500"):
        with pytest.raises(Ambiguous):
            number_of(text, None)


@pytest.mark.parametrize(
    "text", ["much", "", "12 50", "1_000", "inf", "nan", "1,2,3", "€5", "1.2,3.4"]
)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(ValueError):
        number_of(text, ".")


def test_a_default_holds_only_where_no_number_shows_a_sign():
    assert decimal_sign(["1,234", "7"], default=".") == "."
    assert decimal_sign(["12,50", "3.99"], default=".") is None


def test_the_sign_of_a_file_is_known_where_its_numbers_agree():
    assert decimal_sign(["1,234", "12,50", "7"]) == ","
    assert decimal_sign(["1.234", "0.5"]) == "."
    assert decimal_sign(["1.234", "7"]) is None
    assert decimal_sign(["0.5", "12,50"]) is None
