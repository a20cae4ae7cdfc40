"""The OpenAPI document of the whole service, BentoML's endpoint and the mounted routes."""

from functools import cache
from typing import Any

import orjson

from serving.store.listing import DEFAULT_SORT, SORTS
from serving.web.bodies import PredictIn, ScoresIn
from serving.web.problem import MEDIA_TYPE
from serving.web.query import CHOICES, DEFAULT_LIMIT, MAX_LIMIT, MAX_TEXT
from serving.web.rules import RULES
from serving.web.schemas import EXAMPLE_HEAD, EXAMPLE_ROW, TEXT, Schema, components

API_VERSION = "1"
REF = "#/components/schemas/{model}"
ONE = "/v1/customers/{customer_id}"
ERRORS = {
    401: "no token, or one that is unknown, expired or revoked",
    403: "the token lacks the scope",
    404: "no such customer or route",
    405: "the route has no such method",
    413: "the body is too long",
    415: "the body is not JSON",
    422: "a parameter or the body does not fit",
    500: "the service failed",
    503: "nothing is published yet, or the store does not answer",
}


@cache
def openapi_bytes() -> bytes:
    """Return the document as JSON."""
    return orjson.dumps(openapi_document(), option=orjson.OPT_INDENT_2)


def openapi_document() -> Schema:
    """Return the document: every route with its parameters, answers, errors and examples."""
    schemas = components()
    for body in (ScoresIn, PredictIn):
        schema = body.model_json_schema(ref_template=REF)
        schemas.update(schema.pop("$defs", {}))
        schemas[body.__name__] = schema
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "perennial",
            "version": API_VERSION,
            "description": "Who is about to stop buying, and what each customer will be worth.",
        },
        "security": [{"token": []}],
        "paths": _paths(),
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _paths() -> Schema:
    scored = {**EXAMPLE_HEAD, "results": [EXAMPLE_ROW]}
    listed = {**EXAMPLE_HEAD, "items": [EXAMPLE_ROW], "next_cursor": None}
    identity = [
        {"name": "customer_id", "in": "path", "required": True, "schema": TEXT, "example": "00001"}
    ]
    return {
        "/v1/customers": _get("The at-risk, high-value list", "CustomerList", listed, _filters()),
        ONE: _get("One customer's scores", "Scores", scored, identity),
        f"{ONE}/orders": _get("One customer's orders", "Orders", None, identity),
        f"{ONE}/history": _get("One customer's scores in every batch", "History", None, identity),
        "/v1/scores": _post(
            "/v1/scores", "Scores of many ids, in the order asked", "ScoresIn", scored
        ),
        "/predict": _post("/predict", "Score purchases sent with the request", "PredictIn", scored),
        "/v1/portfolio": _get("Totals by risk tier and value tier", "Portfolio", None),
        "/v1/model": _get("The card of the model in use", "ModelCard", None),
        "/metrics": _text("Metrics for Prometheus", "text/plain"),
        "/openapi.json": _text("This document", "application/json"),
        "/docs.json": _text("This document", "application/json"),
        "/docs": _text("This document as a page", "text/html"),
        "/livez": _probe("The process lives", (200,)),
        "/readyz": _probe("A batch is published and the store answers", (200, 503)),
    }


def _filters() -> list[Schema]:
    parameters: list[Schema] = [
        {
            "name": name,
            "in": "query",
            "description": "repeatable, or separated by commas",
            "schema": {"type": "array", "items": {"type": "string", "enum": list(values)}},
        }
        for name, values in CHOICES.items()
    ]
    singles: dict[str, Schema] = {
        "min_value_at_risk": {"type": "number"},
        "min_churn_probability": {"type": "number", "minimum": 0, "maximum": 1},
        "q": {"type": "string", "maxLength": MAX_TEXT, "description": "part of a customer id"},
        "sort": {"type": "string", "enum": list(SORTS), "default": DEFAULT_SORT},
        "limit": {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_LIMIT,
            "default": DEFAULT_LIMIT,
        },
        "cursor": {"type": "string", "description": "next_cursor of the page before"},
    }
    parameters += [{"name": n, "in": "query", "schema": s} for n, s in singles.items()]
    return parameters


def _get(summary: str, answer: str, example: Any, parameters: list[Schema] | None = None) -> Schema:
    named = [p["in"] for p in parameters or []]
    errors = [401, 403, *([404] if "path" in named else []), 405]
    errors += [*([422] if "query" in named else []), 500, 503]
    operation: Schema = {"summary": summary, "responses": _responses(answer, example, errors)}
    if parameters:
        operation["parameters"] = parameters
    return {"get": operation}


def _post(path: str, summary: str, body: str, example: Any) -> Schema:
    max_body = {rule.path: rule.max_body for rule in RULES}[path]
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{body}"}}}
    errors = [401, 403, 405, 413, 415, 422, 500, 503]
    return {
        "post": {
            "summary": summary,
            "description": f"A body of at most {max_body} bytes.",
            "requestBody": {"required": True, "content": content},
            "responses": _responses("Scores", example, errors),
        }
    }


def _text(summary: str, media_type: str) -> Schema:
    answer = {"description": summary, "content": {media_type: {"schema": {}}}}
    return {"get": {"summary": summary, "responses": {"200": answer, **_errors([401, 405, 500])}}}


def _probe(summary: str, statuses: tuple[int, ...]) -> Schema:
    answers = {str(status): {"description": "no content"} for status in statuses}
    return {"get": {"summary": summary, "security": [], "responses": answers}}


def _responses(answer: str, example: Any, errors: list[int]) -> Schema:
    content: Schema = {"schema": {"$ref": f"#/components/schemas/{answer}"}}
    if example is not None:
        content["example"] = example
    good = {"description": "done", "content": {"application/json": content}}
    return {"200": good, **_errors(errors)}


def _errors(statuses: list[int]) -> Schema:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {str(s): {"description": ERRORS[s], "content": content} for s in statuses}
