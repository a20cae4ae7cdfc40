"""The overview shows the portfolio answer."""

import re

from serving.pages.overview import cohort_name
from tests.serving.made import NOW, made_batch, publish
from tests.serving.pages.browsing import publish_with_facts, sign_in


def test_the_numbers_are_those_of_the_portfolio(visitor):
    portfolio = visitor.get("/v1/portfolio").json()
    text = visitor.get("/overview").text
    total = sum(cell["predicted_clv"] for cell in portfolio["tiers"])
    assert f'<p class="big-number">{total:,.0f}</p>' in text
    for cell in portfolio["tiers"]:
        words = (
            f"{cell['risk_tier']} risk, {cell['value_tier']} value: {cell['customers']} customer"
        )
        assert words in text
    for stage in portfolio["stages"]:
        assert f"{stage['predicted_clv']:,.0f}" in text
    assert "Jan 2024" in text
    assert "The trend begins with the second batch" in text
    assert "There is no earlier batch to compare with" in text
    assert "not known: no table of customers given" in text


def test_fields_of_the_map_lead_to_their_customers(visitor):
    text = visitor.get("/overview").text
    hrefs = re.findall(r'class="field" href="([^"]+)"', text)
    assert len(hrefs) == 12
    for href in hrefs[:3]:
        assert visitor.get(href.replace("&amp;", "&")).status_code == 200


def test_the_trend_and_the_moves_follow_the_batches(a_week_later, runtime):
    visitor, rows, old = a_week_later
    portfolio = visitor.get("/v1/portfolio").json()
    assert portfolio["migration"]["since"]["as_of"] == "2024-06-24"
    assert sum(cell["customers"] for cell in portfolio["migration"]["cells"]) == len(rows)
    text = visitor.get("/overview").text
    assert "Customers by their tier in the batch of 24 Jun 2024" in text
    same = ((rows["risk_tier"] == "low") & (old["risk_tier"] == "low")).sum()
    assert f'<td class="num unmoved">{same}</td>' in text
    later = made_batch("b2", published_at=NOW, as_of="2024-07-02")
    publish_with_facts(runtime.store, later)
    assert "Expected spend of 2 batches" in visitor.get("/overview").text
    trend = visitor.get("/v1/portfolio").json()["trend"]
    assert [batch["as_of"] for batch in trend] == ["2024-07-01", "2024-07-02"]


def test_a_batch_of_an_earlier_version_has_an_overview_too(runtime, bare):
    publish(runtime.store)
    sign_in(bare, runtime)
    answer = bare.get("/overview")
    assert answer.status_code == 200
    assert answer.text.count("Counted from the next batch on") == 2


def test_a_cohort_is_named_by_its_period():
    assert cohort_name("1998-04-01", "month") == "Apr 1998"
    assert cohort_name("1998-04-01", "quarter") == "1998 Q2"
    assert cohort_name("1998-01-01", "year") == "1998"
