import pytest

from configs.settings import Dashboard
from configs.writing import currency_code, known_locale


@pytest.mark.parametrize("locale", ["en-GB", "en-US", "de-DE", "pt-BR", "zh-Hans-CN", "en"])
def test_a_known_locale_is_taken_as_it_is(locale):
    assert known_locale(locale) == locale


@pytest.mark.parametrize("locale", ["en_GB", "xx-XX", "deutsch", "", "en-gb", "../etc", "EN-GB"])
def test_an_unknown_locale_is_refused_with_an_example(locale):
    with pytest.raises(ValueError, match="as in en-GB, en-US or de-DE"):
        known_locale(locale)


@pytest.mark.parametrize("code", ["eur", "€", "EURO", ""])
def test_a_currency_is_three_capital_letters(code):
    with pytest.raises(ValueError, match="as in EUR or USD"):
        currency_code(code)


def test_without_a_word_the_dashboard_writes_plain_english():
    assert (Dashboard().locale, Dashboard().currency) == ("en-GB", None)
