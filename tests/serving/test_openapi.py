import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from models.rules import BTYD_MODELS
from retention.dates import BATCH_ONLY, NEXT_ORDER, RETURN_UNLIKELY, SILENCE, TOO_FEW_RETURNERS
from retention.scores import SCORE_FIELDS
from retention.silence import ALREADY_ABOVE, NOT_WITHIN
from serving.runtime import Runtime
from serving.web.lookups import endpoints
from serving.web.openapi import openapi_document
from serving.web.routes import routes
from serving.web.rules import RULES, find
from serving.web.schemas import components

DOCUMENT = openapi_document()
OPERATIONS = [
    (method.upper(), path, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
]
BY_NAME = [f"{method} {path}" for method, path, _ in OPERATIONS]


def resolve(schema):
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def fits(schema, value):
    """Tell whether a value fits a schema: the few keywords that ours use."""
    schema = resolve(schema)
    if "anyOf" in schema:
        return any(fits(each, value) for each in schema["anyOf"])
    kinds: dict[str, Any] = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "null": type(None),
    }
    if "type" in schema and not isinstance(value, kinds[schema["type"]]):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if isinstance(value, list):
        return all(fits(schema.get("items", {}), each) for each in value)
    if isinstance(value, dict):
        known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        if not set(schema.get("required", [])) <= set(value):
            return False
        for name, each in value.items():
            if name not in known and others is False:
                return False
            further = others if isinstance(others, dict) else {}
            if not fits(known.get(name, further), each):
                return False
    return True


def test_every_json_route_is_in_the_document():
    ours = {
        re.sub(r":path}", "}", getattr(route, "path", "")) for route in routes(endpoints(Runtime()))
    }
    assert ours | {"/predict", "/livez", "/readyz"} == set(DOCUMENT["paths"])


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=BY_NAME)
def test_every_route_has_its_errors_and_its_lock(method, path, operation):
    rule = find(method, path.replace("{customer_id}", "1")).rule
    assert rule in RULES
    assert rule is not None
    assert (operation.get("security") == []) is rule.is_open
    if rule.is_open:
        return
    assert any(status.startswith("2") for status in operation["responses"])
    wanted = {"401", "500"} | ({"403"} if rule.scope else set())
    wanted |= {"413", "415", "422"} if method == "POST" else set()
    assert wanted <= set(operation["responses"])


def test_every_reference_leads_somewhere():
    text = str(DOCUMENT)
    for name in re.findall(r"#/components/schemas/(\w+)", text):
        assert name in DOCUMENT["components"]["schemas"]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/v1/customers", "/v1/customers?limit=300"),
        ("/v1/customers/{customer_id}", "/v1/customers/00004"),
        ("/v1/customers/{customer_id}/orders", "/v1/customers/00004/orders"),
        ("/v1/customers/{customer_id}/history", "/v1/customers/00004/history"),
        ("/v1/customers/{customer_id}/value", "/v1/customers/00004/value"),
        ("/v1/portfolio", "/v1/portfolio"),
    ],
)
def test_answers_fit_their_schemas(client, path, asked):
    response = DOCUMENT["paths"][path]["get"]["responses"]["200"]
    content = response["content"]["application/json"]
    assert fits(content["schema"], client.get(asked).json())
    refused = client.get(asked, headers={"Authorization": "Bearer x"}).json()
    assert fits(components()["Problem"], refused)


def test_many_scores_fit_their_schema(client):
    answer = client.post("/v1/scores", json={"customer_ids": ["00004", "00009", "nobody"]})
    assert fits(components()["Scores"], answer.json())
    assert not fits(components()["Scores"], {"results": []})


def test_the_examples_fit():
    for _, path, operation in OPERATIONS:
        good = next(a for s, a in operation["responses"].items() if s.startswith("2"))
        for content in good.get("content", {}).values():
            if "example" in content:
                assert fits(content["schema"], content["example"]), path


def test_the_row_of_the_document_has_the_score_fields():
    assert tuple(components()["ScoreRow"]["properties"]) == SCORE_FIELDS


def test_the_docs_name_every_field_and_every_code():
    page = (Path(__file__).parents[2] / "docs" / "scores.md").read_text(encoding="utf-8")
    codes = (RETURN_UNLIKELY, TOO_FEW_RETURNERS, BATCH_ONLY, ALREADY_ABOVE, NOT_WITHIN)
    for name in (*SCORE_FIELDS, *codes, *BTYD_MODELS):
        assert f"`{name}`" in page


def test_dates_ahead_are_days_with_a_meaning():
    row = components()["ScoreRow"]["properties"]
    for name in (*NEXT_ORDER, *SILENCE):
        assert row[name]["anyOf"][0] == {"type": "string", "format": "date"}
        assert row[name]["description"]
    for code in ("return_unlikely", "too_few_returners"):
        assert code in row["expected_date_of_next_order"]["description"]
    for code in ("already_above", "not_within_365_days", "batch_only"):
        assert code in row["medium_risk_on"]["description"]


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.links, self.names = set(), set(), set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links |= {value for name, value in attrs if name in ("href", "src")}
        self.names |= {f"#{value}" for name, value in attrs if name == "id"}


def test_the_page_has_every_route_and_nothing_from_elsewhere(client):
    answer = client.get("/docs")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    page = Links()
    page.feed(answer.text)
    for path in DOCUMENT["paths"]:
        assert path in answer.text
    assert not page.tags & {"script", "style", "iframe"}
    for link in page.links:
        assert link in page.names | {"data:,", "/static/perennial.css", "/openapi.json"}


def test_the_file_of_an_export_is_told_in_both_formats():
    told = DOCUMENT["paths"]["/v1/exports/{export_id}/file"]["get"]["responses"]["200"]
    assert set(told["content"]) == {"text/csv", "application/vnd.apache.parquet"}
