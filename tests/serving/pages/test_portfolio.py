"""The portfolio page shows the portfolio answer, on revenue or on profit."""

import html
import re

import pytest

from serving.pages.portfolio import bars, matrices, triangle
from tests.serving.pages.browsing import Links


def words(text):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)))


@pytest.mark.parametrize("basis", ["revenue", "profit"])
def test_the_page_says_what_the_answer_says(investor, basis):
    told = investor.get(f"/v1/portfolio?basis={basis}").json()
    text = investor.get(f"/portfolio?basis={basis}").text
    plain = words(text)
    for step in told["ladder"]["steps"]:
        assert f"{step['total']:,.0f}" in plain
    for group in (*told["worth"]["cohorts"][-12:], *told["worth"]["channels"]):
        assert f"{group['total_mean']:,.2f}" in plain
    assert told["worth"]["concentration"]["sentence"] in plain
    assert told["newcomers"]["sentence"] in plain
    for name in ("lifecycle_status", "rfm_group"):
        assert told["moves"][name]["sentence"] in plain
    assert f"Room to grow: {told['growth']['customers']} customers" in plain
    assert "The log has no column of discounts." in plain
    assert f'href="/portfolio?basis={basis}" aria-current="true"' in text


def test_a_basis_that_there_is_not_is_revenue_on_the_page_and_422_in_the_answer(investor):
    assert 'basis=revenue" aria-current' in investor.get("/portfolio?basis=sales").text
    for query in ("basis=sales", "basis=revenue&basis=profit", "basis="):
        answer = investor.get(f"/v1/portfolio?{query}")
        assert answer.status_code == 422
        assert "basis must be one of revenue, profit" in answer.json()["detail"]


def test_names_of_channels_are_text_and_links_lead_to_customers(investor):
    text = investor.get("/portfolio").text
    found = Links(text)
    assert "b" not in found.tags
    assert "&lt;b&gt;ads&lt;/b&gt;" in text
    [first, *_] = [href for href in found.hrefs if href.startswith("/customers/")]
    assert investor.get(html.unescape(first)).status_code == 200


def test_a_batch_that_tells_nothing_of_it_has_a_page_all_the_same(visitor):
    text = visitor.get("/portfolio").text
    assert "published by an earlier version" in text
    assert visitor.get("/v1/portfolio?basis=profit").json()["worth"]["cohorts"] == []


def test_cohorts_are_drawn_to_one_scale_and_named_as_people_do():
    groups = [
        {"group": name, "total_mean": total, "historic_mean": total - 5, "predicted_mean": 5.0}
        for name, total in (("2024-02", 10.0), ("2024-Q2", 20.0), ("2023", -3.0))
    ]
    drawn = bars(groups)
    assert [bar["name"] for bar in drawn] == ["Feb 2024", "2024 Q2", "2023"]
    assert [(bar["past"], bar["ahead"]) for bar in drawn] == [(25, 25), (75, 25), (0, 25)]


def test_a_triangle_has_a_row_for_each_year_of_beginning():
    cells = [
        {"cohort": 2021, "year": 2022, "customers": 5, "rate": 0.4},
        {"cohort": 2021, "year": 2023, "customers": 5, "rate": 0.2},
        {"cohort": 2022, "year": 2023, "customers": 7, "rate": 0.3},
    ]
    assert [(year, n, len(some)) for year, n, some in triangle(cells)] == [
        (2021, 5, 2),
        (2022, 7, 1),
    ]


def test_who_joined_or_left_stands_in_a_matrix_only_if_anybody_did():
    told = {"order": ["a", "b"], "cells": [], "joined": 1, "left": 0, "sentence": ""}
    [matrix] = matrices({"lifecycle_status": told, "rfm_group": None})
    assert (matrix.rows, matrix.columns) == (["a", "b", "joined"], ["a", "b"])


def test_the_data_page_accounts_for_the_rows_of_the_table_of_customers(investor):
    text = words(investor.get("/data").text)
    assert "Tables beside the log" in text
    assert re.search(r"customers 401 401 0 0 –", text)
