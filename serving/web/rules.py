"""Which routes there are and who may use them; a path without a rule is never served."""

from collections.abc import Mapping
from dataclasses import dataclass
from re import Pattern

from starlette.routing import compile_path

KIB, MIB = 1024, 1024 * 1024


@dataclass(frozen=True)
class Rule:
    """Who may use a route.

    Parameters
    ----------
    path : template, as in Starlette's routes; it labels the metrics
    methods : allowed; GET includes HEAD
    scope : scope that the token needs; None lets any valid token pass
    is_open : needs no token at all
    is_page : a page for people: without a session it leads to the sign-in page
    by_cookie : a dashboard session is good enough
    form : the body is an HTML form, not JSON
    max_body : bytes
    """

    path: str
    methods: tuple[str, ...] = ("GET",)
    scope: str | None = None
    is_open: bool = False
    is_page: bool = False
    by_cookie: bool = True
    form: bool = False
    max_body: int = MIB

    def allows(self, method: str) -> bool:
        """Tell whether the route has this method."""
        return method in self.methods or (method == "HEAD" and "GET" in self.methods)


def _post(path: str, scope: str, max_body: int = MIB) -> Rule:
    return Rule(path, ("POST",), scope=scope, by_cookie=False, max_body=max_body)


def _form(path: str) -> Rule:
    return Rule(path, ("POST",), scope="list:scores", is_page=True, form=True, max_body=16 * KIB)


def _list_form(path: str, max_body: int = 64 * KIB) -> Rule:
    return Rule(path, ("POST",), scope="lists", is_page=True, form=True, max_body=max_body)


# The first rule whose path and method fit is taken; a customer id may hold slashes.
RULES: tuple[Rule, ...] = (
    Rule("/livez", is_open=True),
    Rule("/readyz", is_open=True),
    Rule("/sign-in", ("GET", "POST"), is_open=True, is_page=True, form=True, max_body=16 * KIB),
    Rule("/static/perennial.css", is_open=True),
    Rule("/static/{path:path}"),
    Rule("/", scope="list:scores", is_page=True),
    Rule("/overview", scope="list:scores", is_page=True),
    Rule("/portfolio", scope="list:scores", is_page=True),
    Rule("/customers", scope="list:scores", is_page=True),
    Rule("/customers.csv", scope="export", is_page=True),
    Rule("/lists", scope="list:scores", is_page=True),
    Rule("/lists/new", scope="lists", is_page=True),
    _list_form("/lists/new"),
    Rule("/lists/preview", ("POST",), scope="lists", form=True, max_body=64 * KIB),
    Rule("/lists/{list_id}", scope="lists", is_page=True),
    Rule("/lists/{list_id}/readout", scope="lists", is_page=True),
    Rule("/lists/{list_id}/members.csv", scope="lists", is_page=True),
    _list_form("/lists/{list_id}/contacts", 4 * MIB),
    _list_form("/lists/{list_id}/outcomes", 4 * MIB),
    Rule("/uplift", scope="lists", is_page=True),
    Rule("/model", scope="list:scores", is_page=True),
    Rule("/data", scope="list:scores", is_page=True),
    Rule("/counts", scope="list:scores"),
    _form("/views/save"),
    _form("/views/rename"),
    _form("/views/remove"),
    _form("/tasks/assign"),
    _form("/tasks/done"),
    Rule("/customers/{customer_id:path}", scope="read:scores", is_page=True),
    Rule("/sign-out", ("POST",), is_page=True, form=True, max_body=16 * KIB),
    Rule("/v1/customers", scope="list:scores"),
    Rule("/v1/customers/{customer_id:path}/orders", scope="read:scores"),
    Rule("/v1/customers/{customer_id:path}/history", scope="read:scores"),
    Rule("/v1/customers/{customer_id:path}/value", scope="read:scores"),
    Rule("/v1/customers/{customer_id:path}", scope="read:scores"),
    _post("/v1/scores", "read:scores"),
    _post("/predict", "read:scores", 16 * MIB),
    Rule("/v1/portfolio", scope="list:scores"),
    Rule("/v1/model", scope="list:scores"),
    Rule("/metrics"),
    Rule("/openapi.json"),
    Rule("/docs.json"),
    Rule("/docs"),
    _post("/v1/erasures", "erase", 16 * KIB),
    _post("/v1/exports", "export", 64 * KIB),
    Rule("/v1/exports/{export_id}/file", scope="export"),
    Rule("/v1/exports/{export_id}", scope="export"),
    Rule("/v1/lists", scope="lists"),
    _post("/v1/lists", "lists", 64 * KIB),
    _post("/v1/lists/preview", "lists", 64 * KIB),
    Rule("/v1/lists/{list_id}", scope="lists"),
    Rule("/v1/lists/{list_id}/members", scope="lists"),
    Rule("/v1/lists/{list_id}/readout", scope="lists"),
    _post("/v1/lists/{list_id}/outcomes", "lists", 4 * MIB),
    Rule("/v1/uplift", scope="lists"),
    _post("/v1/contacts", "lists", 4 * MIB),
)


@dataclass(frozen=True)
class Found:
    """Outcome of a look at the rules: the rule, or the methods that the path does have."""

    rule: Rule | None
    path_params: Mapping[str, str]
    allowed: tuple[str, ...]


def find(method: str, path: str, rules: tuple["Compiled", ...] | None = None) -> Found:
    """Return the rule of a method and path; `allowed` is empty where no rule has the path.

    The first template that fits a path is the path's own: `/v1/lists/preview` is no list.
    """
    allowed: list[str] = []
    template = ""
    for compiled in COMPILED if rules is None else rules:
        # Most rules are told apart by how their path begins.
        if not path.startswith(compiled.begins):
            continue
        match = compiled.pattern.match(path)
        if match is None:
            continue
        template = template or compiled.rule.path
        if compiled.rule.path != template:
            continue
        if compiled.rule.allows(method):
            return Found(compiled.rule, match.groupdict(), compiled.rule.methods)
        allowed += [each for each in compiled.rule.methods if each not in allowed]
    return Found(None, {}, tuple(allowed))


@dataclass(frozen=True)
class Compiled:
    """A rule with the pattern of its path, and what comes before the first parameter."""

    rule: Rule
    pattern: Pattern[str]
    begins: str = ""


COMPILED = tuple(
    Compiled(rule, compile_path(rule.path)[0], rule.path.partition("{")[0]) for rule in RULES
)
