from serving.pages import terms
from serving.store import listing, portfolio


def test_the_pages_know_the_same_codes_as_the_answers():
    assert set(terms.SORTS) == set(listing.SORTS)
    assert terms.DEFAULT_SORT == listing.DEFAULT_SORT
    assert tuple(terms.LIFECYCLE_WORDS) == listing.LIFECYCLES
    assert set(terms.RISK_TIERS) == set(portfolio.RISK_TIERS)
    assert set(terms.VALUE_TIERS) == set(portfolio.VALUE_TIERS) == set(terms.VALUE_SHARES)


def test_every_term_names_the_horizon_it_speaks_of():
    meanings = terms.meanings(91, 365)
    assert "next 91 days" in meanings["risk"][1]
    assert "next 365 days" in meanings["value"][1]
    assert not [text for _, text in meanings.values() if "{" in text]
