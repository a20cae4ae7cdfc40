"""One operation of the OpenAPI document: parameters, body, answers, errors and their headers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from serving.web.examples import problem
from serving.web.problem import MEDIA_TYPE
from serving.web.rules import Rule, find
from serving.web.shapes import Schema

JSON, CSV = "application/json", "text/csv"
PARQUET = "application/vnd.apache.parquet"
ERRORS = {
    400: "this is no HTTP/1.1 request",
    401: "no token, or one that is unknown, expired or revoked",
    403: "the token lacks the scope",
    404: "no such customer, page or route",
    405: "the route has no such method",
    408: "the request did not arrive in time",
    409: "the Idempotency-Key was used with another body, or this cannot be done just now",
    410: "the customer was erased",
    413: "the body is too long",
    415: "the body is not JSON",
    416: "the file has no such range",
    422: "a parameter or the body does not fit",
    429: "too many requests of this token, or too many wrong tokens",
    431: "the headers are too long",
    500: "the service failed",
    503: "nothing is published yet, the store does not answer, or too much is in work",
}
ALWAYS = (400, 405, 408, 429, 431, 500, 503)
WITH_BODY = (413, 415, 422)


@dataclass(frozen=True)
class Operation:
    """What one method of one route does.

    Attributes
    ----------
    path : template, with `{name}` for its parameters
    name : its `operationId`
    summary, description : what it answers, and what is to be known about it
    answer : name of the answer's schema, or the schema itself
    example : of the answer
    errors : statuses besides those that every operation may answer
    kind : media type of the answer
    status : of the answer
    parameters : of path and query
    body, body_example : name of the body's schema
    is_tagged : the answer has an ETag, and may be 304
    is_write : takes an Idempotency-Key
    also_csv, also_parquet : may answer a CSV, or Parquet, instead
    links : by name, to other operations
    """

    path: str
    name: str
    summary: str
    description: str
    answer: str | Schema | None
    example: Any = None
    method: str = "get"
    errors: Sequence[int] = ()
    kind: str = JSON
    status: int = 200
    parameters: Sequence[Schema] = ()
    body: str | None = None
    body_example: Any = None
    is_tagged: bool = False
    is_write: bool = False
    also_csv: bool = False
    also_parquet: bool = False
    links: Schema = field(default_factory=dict)


def described(operation: Operation) -> Schema:
    """Return the operation as the document has it."""
    rule = _rule(operation)
    described: Schema = {
        "operationId": operation.name,
        "tags": [operation.path.strip("/").removeprefix("v1/").partition("/")[0]],
        "summary": operation.summary,
        "description": f"{operation.description} {_allowed(rule)}",
        "responses": _responses(operation, rule),
    }
    parameters = [*operation.parameters]
    parameters += [IF_NONE_MATCH] if operation.is_tagged else []
    parameters += [IDEMPOTENCY_KEY] if operation.is_write else []
    if parameters:
        described["parameters"] = parameters
    if rule.is_open:
        described["security"] = []
    if operation.body:
        described["description"] += f" The body has at most {rule.max_body} bytes."
        content = {"schema": _reference(operation.body), "example": operation.body_example}
        described["requestBody"] = {"required": True, "content": {JSON: content}}
    return described


def _rule(operation: Operation) -> Rule:
    rule = find(operation.method.upper(), operation.path.replace("{", "").replace("}", "")).rule
    if rule is None:
        raise ValueError(f"{operation.path} has no rule; add one in serving/web/rules.py")
    return rule


def _allowed(rule: Rule) -> str:
    if rule.is_open:
        return "Needs no token."
    return f"Needs the scope `{rule.scope}`." if rule.scope else "Needs any valid token."


def _responses(operation: Operation, rule: Rule) -> Schema:
    headers = {} if rule.is_open else dict(RATES)
    good: Schema = {"description": operation.summary, "headers": headers}
    if operation.answer is not None:
        shape = operation.answer
        schema = _reference(shape) if isinstance(shape, str) else shape
        good["content"] = {operation.kind: {"schema": schema, "example": operation.example}}
    if operation.also_csv:
        good["content"][CSV] = {"schema": {"type": "string"}}
    if operation.also_parquet:
        good["content"][PARQUET] = {"schema": {"type": "string", "format": "binary"}}
    if operation.is_tagged:
        good["headers"] = {**headers, "ETag": ETAG}
    if operation.links:
        good["links"] = operation.links
    responses = {str(operation.status): good}
    if operation.is_tagged:
        told = {"ETag": ETAG, **RATES}
        responses["304"] = {"description": "the client's copy still holds", "headers": told}
    return {**responses, **errors(_statuses(operation, rule))}


def _statuses(operation: Operation, rule: Rule) -> set[int]:
    statuses = {*ALWAYS, *operation.errors}
    if not rule.is_open:
        statuses |= {401}
    if rule.scope is not None:
        statuses |= {403}
    if operation.body:
        statuses |= {*WITH_BODY}
    if operation.is_write:
        statuses |= {409}
    return statuses


def errors(statuses: set[int]) -> Schema:
    """Return the error answers of these statuses."""
    return {str(status): _error(status) for status in sorted(statuses)}


def _error(status: int) -> Schema:
    detail = ERRORS[status]
    example = problem(status, HTTPStatus(status).phrase, detail)
    found: Schema = {
        "description": detail,
        "content": {MEDIA_TYPE: {"schema": _reference("Problem"), "example": example}},
    }
    if status in (429, 503):
        found["headers"] = {"Retry-After": RETRY_AFTER}
    if status == 401:
        found["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    if status == 405:
        found["headers"] = {"Allow": {"schema": {"type": "string"}}}
    return found


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _count(description: str) -> Schema:
    return {"description": description, "schema": {"type": "integer", "minimum": 0}}


RETRY_AFTER = _count("seconds after which to try again")
RATES = {
    "RateLimit-Limit": _count("requests that the token may send in a minute"),
    "RateLimit-Remaining": _count("requests that are left of them"),
    "RateLimit-Reset": _count("seconds until the count begins anew"),
}
ETAG: Schema = {
    "description": "tag of this answer; sent back in If-None-Match, 304 says that it still holds",
    "schema": {"type": "string"},
    "example": '"5f0c1b0d3f7c5d7e0f6c5a1b2c3d4e5f"',
}
IF_NONE_MATCH: Schema = {
    "name": "If-None-Match",
    "in": "header",
    "description": "ETag of the copy that the client has",
    "schema": {"type": "string"},
    "example": '"0"',
}
IDEMPOTENCY_KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "the same key with the same body gets the same answer for at least 24 hours",
    "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
    "example": "0f8fad5b-d9cb-469f-a165-70867728950e",
}
