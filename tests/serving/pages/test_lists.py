"""The audience filter in the place of the contact lists."""


def test_an_audience_is_counted_without_a_script(visitor):
    text = visitor.get("/lists?risk_tier=high").text
    counted = visitor.get("/counts?risk_tier=high").text.strip()
    assert counted in text
    assert counted.startswith("<strong>")


def test_the_page_says_what_comes_next(visitor):
    assert "Costs, budget, hold-out and the readout of what a list earned come next" in (
        visitor.get("/lists").text
    )


def test_a_value_that_no_audience_has_is_named(visitor):
    answer = visitor.get("/lists?value_tier=best")
    assert answer.status_code == 422
    assert "There is no value tier “best”" in answer.text
