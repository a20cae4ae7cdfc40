"""The rows that a token may list in a day; see `serving.store.usage`."""

from starlette.types import ASGIApp, Receive, Scope, Send

from serving.runtime import Runtime
from serving.store.usage import LISTED
from serving.web.problem import Problem
from serving.web.rules import Rule

LISTS = "list:scores"
# Pages of another scope that list customers; files of members count their rows themselves.
ALSO = frozenset(("/lists/{list_id}",))


class QuotaMiddleware:
    """Stands behind `AuthMiddleware`: counts what lists answer with, refuses beyond the quota.

    Parameters
    ----------
    runtime : holds the counts
    """

    def __init__(self, app: ASGIApp, *, runtime: Runtime) -> None:
        self.app = app
        self.runtime = runtime

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = scope.get("state", {})
        rule, principal = state.get("rule"), state.get("principal")
        if rule is None or principal is None or not _lists(rule):
            await self.app(scope, receive, send)
            return
        usage = self.runtime.usage
        wait = usage.seconds_to_wait(principal.prefix)
        if wait is not None:
            raise Problem(
                429,
                f"this token has listed the {usage.rows_per_day} customers that it may in a day; "
                "go on after midnight (UTC), or raise serve.rows_per_day",
                headers={"retry-after": str(wait)},
            )
        listed = [0]
        before = LISTED.set(listed)
        try:
            await self.app(scope, receive, send)
        finally:
            LISTED.reset(before)
            usage.add(principal.prefix, listed[0])


def _lists(rule: Rule) -> bool:
    return rule.scope == LISTS or rule.path in ALSO
