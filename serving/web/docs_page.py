"""The OpenAPI document as one page of HTML, without a script or anything from elsewhere."""

import json
from functools import cache
from html import escape

from starlette.responses import HTMLResponse

from serving.web.openapi import openapi_document
from serving.web.rules import find
from serving.web.shapes import Schema

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def docs_page() -> HTMLResponse:
    """Return the page."""
    return HTMLResponse(_page(), headers={"content-security-policy": POLICY})


@cache
def _page() -> str:
    document = openapi_document()
    routes = "".join(
        _operation(path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    )
    schemas = "".join(
        f'<section id="{escape(name)}"><h3>{escape(name)}</h3>{_code(schema)}</section>'
        for name, schema in document["components"]["schemas"].items()
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<title>perennial: routes</title><link rel="icon" href="data:,">'
        '<link rel="stylesheet" href="/static/perennial.css"></head><body><main class="docs">'
        "<h1>Routes</h1><p>Send <code>Authorization: Bearer TOKEN</code>. The same as JSON: "
        '<a href="/openapi.json">/openapi.json</a>.</p>'
        f"{routes}<h2>Shapes</h2>{schemas}</main></body></html>"
    )


def _operation(path: str, method: str, operation: Schema) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(each['name'])}</code></td><td>{escape(each['in'])}</td>"
        f"<td><code>{escape(json.dumps(each['schema']))}</code></td></tr>"
        for each in operation.get("parameters", [])
    )
    parameters = f"<table><tr><th>name</th><th>in</th><th>what</th></tr>{rows}</table>"
    answers = "".join(
        f"<li><code>{escape(status)}</code> {escape(answer['description'])}{_shape(answer)}</li>"
        for status, answer in operation["responses"].items()
    )
    return (
        f"<section><h2><code>{escape(method.upper())} {escape(path)}</code></h2>"
        f"<p>{escape(operation['summary'])}. {_scope(method, path)}</p>"
        f"{parameters if rows else ''}{_shape(operation.get('requestBody', {}))}"
        f"<ul>{answers}</ul></section>"
    )


def _scope(method: str, path: str) -> str:
    rule = find(method.upper(), path.replace("{customer_id}", "1")).rule
    if rule is None or rule.is_open:
        return "Needs no token."
    return f"Scope <code>{escape(rule.scope)}</code>." if rule.scope else "Any valid token."


def _shape(part: Schema) -> str:
    for content in part.get("content", {}).values():
        name = content["schema"].get("$ref", "").rpartition("/")[2]
        example = content.get("example")
        link = f' <a href="#{escape(name)}">{escape(name)}</a>' if name else ""
        return link + (_code(example) if example is not None else "")
    return ""


def _code(content: Schema) -> str:
    return f"<pre><code>{escape(json.dumps(content, indent=2))}</code></pre>"
