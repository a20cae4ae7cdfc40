"""Templates to responses: one environment, autoescape always on, the same strict headers always."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from serving.pages import words
from serving.pages.query import customer_href

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self' data:",
        "script-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
PAGE_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def page(template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """Render a template of `serving/templates` with the headers every page carries."""
    text = environment().get_template(template).render(context)
    return HTMLResponse(text, status_code=status, headers=PAGE_HEADERS)


@cache
def environment() -> Environment:
    """Build the Jinja environment with our formatting as filters; an undefined name is an error."""
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(
        count_of=words.count_of,
        cut=words.cut,
        day=words.day,
        days=words.days,
        moment=words.moment,
        money=words.money,
        number=words.number,
        of_100=words.of_100,
        percent=words.percent,
        plain=words.plain,
        short_money=words.short_money,
        whole_money=words.whole_money,
        customer_href=customer_href,
        wide=lambda share: f"{share:.2f}%",
        px=lambda length: f"{length:.1f}",
    )
    return found
