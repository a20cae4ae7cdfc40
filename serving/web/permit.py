"""Whether who asks may use the route, and whether there is one; see `serving.web.rules`."""

from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from serving.pages.refused import refused_page
from serving.web.auth import CHALLENGE, SIGN_IN
from serving.web.problem import Problem
from serving.web.rules import Rule


class PermitMiddleware:
    """Stands behind `RateMiddleware`, so that a refusal counts and tells what is left."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = scope.get("state", {})
        principal = state.get("principal")
        if principal is None:
            await self.app(scope, receive, send)
            return
        rule: Rule | None = state["rule"]
        if rule is None:
            raise _no_route(state["allowed"])
        if rule.scope is None or rule.scope in principal.scopes:
            await self.app(scope, receive, send)
        elif rule.is_page:
            sentence = f"this page needs a token with the scope {rule.scope}"
            link = (SIGN_IN, "Sign in with another token")
            await refused_page(403, sentence, link=link)(scope, receive, send)
        else:
            raise _lacks(rule.scope)


def _no_route(allowed: Sequence[str]) -> Problem:
    if not allowed:
        return Problem(404, "no such route; /openapi.json lists them")
    allow = ", ".join(allowed)
    return Problem(405, f"this route takes {allow} only", headers={"allow": allow})


def _lacks(scope: str) -> Problem:
    challenge = f'{CHALLENGE["www-authenticate"]}, error="insufficient_scope"'
    return Problem(
        403,
        f"this token lacks the scope {scope}; create one that has it",
        headers={"www-authenticate": challenge},
    )
