"""`/v1/customers/{customer_id}/value`: what one customer is worth."""

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from serving.customer_value import card_of, customer_value
from serving.runtime import Runtime
from serving.web.answer import read_messages
from serving.web.bodies import FORBIDDEN, MAX_ID
from serving.web.lookups import published
from serving.web.problem import Problem

# An id may hold slashes.
PATH = "/v1/customers/{customer_id:path}/value"


def value(request: Request) -> Response:
    """Answer a customer's value; 304 where the client has it already."""
    runtime: Runtime = request.app.state.runtime
    asked = str(request.path_params["customer_id"])
    if len(asked) > MAX_ID or FORBIDDEN.search(asked):
        raise Problem(
            422, f"a customer id has at most {MAX_ID} characters and no control characters"
        )
    batch = published(runtime.store.current())
    card = card_of(runtime.holder.champion, batch)
    told = customer_value(runtime.answers, runtime.settings, card, batch, asked, runtime.clock())
    if told is None:
        if runtime.store.erased([asked]):
            raise Problem(410, "this customer was erased; nothing is kept")
        raise Problem(404, "no customer of this id in the current batch")
    start, content = read_messages(request.scope, orjson.dumps(told))
    headers = {name.decode(): text.decode() for name, text in start["headers"]}
    return Response(content["body"], status_code=start["status"], headers=headers)


def routes() -> list[BaseRoute]:
    """Return the route."""
    return [Route(PATH, value)]
