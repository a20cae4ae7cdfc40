"""The OpenAPI document of the whole service, BentoML's endpoint and the mounted routes."""

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import orjson

from serving.portfolio_value import BASES
from serving.store.listing import DEFAULT_SORT, SORTS
from serving.web import examples
from serving.web.bodies import MAX_ID, PredictIn, ScoresIn
from serving.web.list_operations import list_operations
from serving.web.list_schema import list_schemas
from serving.web.operations import Operation, described
from serving.web.query import CHOICES, CURSOR_PATTERN, DEFAULT_LIMIT, MAX_LIMIT, MAX_TEXT
from serving.web.schemas import ID_PATTERN, components
from serving.web.shapes import Schema
from serving.web.stamps import LOCAL, WITH_OFFSET, until
from serving.web.uplift_document import uplift_operations, uplift_schemas
from serving.web.value_document import value_operations, value_schemas
from serving.web.write_operations import write_operations, write_schemas

API_VERSION = "1"
REF = "#/components/schemas/{model}"
ONE = "/v1/customers/{customer_id}"
ANY_TEXT: Schema = {"type": "string"}


def openapi_bytes() -> bytes:
    """Return the document as JSON."""
    return _bytes(datetime.now(UTC).date())


@lru_cache(maxsize=2)
def _bytes(today: date) -> bytes:
    return orjson.dumps(openapi_document(today), option=orjson.OPT_INDENT_2)


def openapi_document(today: date | None = None) -> Schema:
    """Return the document: every route with its parameters, answers, errors and examples.

    Parameters
    ----------
    today : last day that `as_of` of /predict may be; default the present one in UTC
    """
    paths: Schema = {}
    for operation in operations():
        paths.setdefault(operation.path, {})[operation.method] = described(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "perennial",
            "version": API_VERSION,
            "description": "Who is about to stop buying, and what each customer will be worth.",
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": {
                **components(),
                **_bodies(today or datetime.now(UTC).date()),
                **write_schemas(),
                **list_schemas(),
                **uplift_schemas(),
                **value_schemas(),
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def operations() -> list[Operation]:
    """Return every operation, in the order of the page."""
    return [
        *_reads(),
        *value_operations(),
        *_writes(),
        *write_operations(),
        *list_operations(),
        *uplift_operations(),
        *_documents(),
        *_probes(),
    ]


def _reads() -> list[Operation]:
    asked = {
        "name": "customer_id",
        "in": "path",
        "required": True,
        "description": "as in the log; may hold slashes",
        "schema": _identity(),
        "example": examples.CUSTOMER,
    }
    # One customer's reads: the path's id may be unknown, erased, or no id at all.
    one: Schema = {"errors": (404, 410, 422), "parameters": [asked], "is_tagged": True}
    many: Schema = {"is_tagged": True}
    return [
        Operation(
            "/v1/customers",
            "listCustomers",
            "The at-risk, high-value list",
            "Customers of the current batch that pass the filters, a page at a time. Filters are "
            "joined by and, values of one filter by or.",
            "CustomerList",
            examples.CUSTOMER_LIST,
            errors=(404, 422),
            parameters=_filters(),
            links=_to_one("items/0/customer_id"),
            **many,
        ),
        Operation(
            ONE,
            "getCustomer",
            "One customer's scores",
            "The scores of the current batch, as one result.",
            "Scores",
            examples.SCORES,
            **one,
        ),
        Operation(
            f"{ONE}/orders",
            "getCustomerOrders",
            "One customer's orders",
            "All orders known when the current batch was published, oldest first; the amount of "
            "an order is net of its refunds.",
            "Orders",
            examples.ORDERS,
            **one,
        ),
        Operation(
            f"{ONE}/history",
            "getCustomerHistory",
            "One customer's scores in every batch",
            "The scores of each batch that is kept, oldest first.",
            "History",
            examples.HISTORY,
            **one,
        ),
        Operation(
            "/v1/portfolio",
            "getPortfolio",
            "All customers together",
            "Totals by risk tier and value tier, cohorts, rates, stages and moves, counted when "
            "the current batch was published.",
            "Portfolio",
            examples.PORTFOLIO,
            errors=(422,),
            parameters=[_basis()],
            **many,
        ),
        Operation(
            "/v1/model",
            "getModel",
            "The card of the model in use",
            "What is served and why, its measures with their intervals, and its curves.",
            "ModelCard",
            examples.MODEL,
            **many,
        ),
    ]


def _writes() -> list[Operation]:
    return [
        Operation(
            "/v1/scores",
            "getScores",
            "Scores of many ids",
            "In the order asked, with a status for each; an unknown id is no error.",
            "Scores",
            examples.SCORES,
            method="post",
            body="ScoresIn",
            body_example=examples.SCORES_BODY,
            links=_to_one("results/0/customer_id"),
        ),
        Operation(
            "/predict",
            "predict",
            "Score purchases sent with the request",
            "As the batch would have scored them at `as_of`; percentiles and value tiers by the "
            "cut points of the current batch.",
            "Scores",
            examples.PREDICTED,
            method="post",
            body="PredictIn",
            body_example=examples.PREDICT_BODY,
        ),
    ]


def _documents() -> list[Operation]:
    title = {"info": {"title": "perennial"}}
    return [
        Operation(
            "/metrics",
            "getMetrics",
            "Metrics for Prometheus",
            "Counts and times of requests by route, and the age of the batch.",
            ANY_TEXT,
            examples.METRICS,
            kind="text/plain",
        ),
        *(
            Operation(
                path,
                name,
                "This document",
                "OpenAPI 3.1.",
                {"type": "object"},
                title,
                is_tagged=True,
            )
            for path, name in (("/openapi.json", "getOpenapi"), ("/docs.json", "getDocsJson"))
        ),
        Operation(
            "/docs",
            "getDocs",
            "This document as a page",
            "HTML without a script.",
            ANY_TEXT,
            "<!doctype html>",
            kind="text/html",
        ),
    ]


def _probes() -> list[Operation]:
    return [
        Operation("/livez", "getLivez", "The process lives", "Always 200.", None),
        Operation(
            "/readyz",
            "getReadyz",
            "A batch is published and the store answers",
            "503 without a body until then.",
            None,
        ),
    ]


def _identity() -> Schema:
    return {"type": "string", "minLength": 1, "maxLength": MAX_ID, "pattern": ID_PATTERN}


def _to_one(place: str) -> Schema:
    found = {"customer_id": f"$response.body#/{place}"}
    names = {
        "scores": "getCustomer",
        "orders": "getCustomerOrders",
        "history": "getCustomerHistory",
    }
    return {
        key: {
            "operationId": name,
            "parameters": found,
            "description": f"the {key} of the first of them",
        }
        for key, name in names.items()
    }


def _basis() -> Schema:
    return {
        "name": "basis",
        "in": "query",
        "description": "of `worth` and `newcomers`: revenue net of refunds, or what is left of it",
        "schema": {"type": "string", "enum": list(BASES), "default": BASES[0]},
        "example": BASES[0],
    }


def _filters() -> list[Schema]:
    parameters: list[Schema] = [
        {
            "name": name,
            "in": "query",
            "description": "may be repeated; any of the values fits",
            "schema": {"type": "array", "items": {"type": "string", "enum": list(values)}},
            "example": [values[0]],
        }
        for name, values in CHOICES.items()
    ]
    singles: dict[str, tuple[str, Schema, Any]] = {
        "min_value_at_risk": ("least value at risk, currency", {"type": "number"}, 25),
        "min_churn_probability": (
            "least churn probability",
            {"type": "number", "minimum": 0, "maximum": 1},
            0.5,
        ),
        "q": (
            "part of a customer id",
            {"type": "string", "maxLength": MAX_TEXT, "pattern": "^[^\\x00]*$"},
            "0012",
        ),
        "sort": (
            "a leading minus: largest first",
            {"type": "string", "enum": list(SORTS), "default": DEFAULT_SORT},
            DEFAULT_SORT,
        ),
        "limit": (
            "rows of a page",
            {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
            DEFAULT_LIMIT,
        ),
    }
    parameters += [
        {"name": n, "in": "query", "description": what, "schema": s, "example": example}
        for n, (what, s, example) in singles.items()
    ]
    cursor = {"type": "string", "pattern": CURSOR_PATTERN}
    what = "next_cursor of the page before; 404 where no list gave it, 422 where another did"
    parameters.append({"name": "cursor", "in": "query", "description": what, "schema": cursor})
    return parameters


def _bodies(today: date) -> Schema:
    """Schemas of the bodies, the texts of days and moments told by their patterns."""
    schemas: Schema = {}
    for body in (ScoresIn, PredictIn):
        schema = body.model_json_schema(ref_template=REF)
        schemas.update(schema.pop("$defs", {}))
        schemas[body.__name__] = schema
    line = schemas.pop("PurchaseIn")
    schemas["PurchaseLocal"] = _with_stamps(line, LOCAL, "in the shop's time zone")
    schemas["PurchaseWithOffset"] = _with_stamps(line, WITH_OFFSET, "with its offset from UTC")
    asked = schemas["PredictIn"]["properties"]
    asked["as_of"] = {**asked["as_of"], "pattern": until(today)}
    lists = [
        {"type": "array", "minItems": 1, "items": {"$ref": REF.format(model=name)}}
        for name in ("PurchaseLocal", "PurchaseWithOffset")
    ]
    asked["purchases"] = {
        "anyOf": lists,
        "description": "moments all without an offset, or all with one; of at most 1000 customers",
    }
    return schemas


def _with_stamps(line: Schema, pattern: str, what: str) -> Schema:
    stamp = {"type": "string", "pattern": pattern, "description": f"ISO 8601, {what}"}
    properties = {
        **line["properties"],
        "ordered_at": stamp,
        "known_at": {
            "anyOf": [stamp, {"type": "null"}],
            "default": None,
            "description": "when the line became known; default ordered_at",
        },
    }
    return {**line, "title": f"Purchase {what}", "properties": properties}
