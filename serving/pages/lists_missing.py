"""The pages for a name that no contact list has, and for a list that is not what was written."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from starlette.requests import Request
from starlette.responses import Response

from serving.lists.errors import ListDamaged, UnknownList
from serving.pages.frame import notice
from serving.pages.state import Parts

P = ParamSpec("P")
View = Callable[Concatenate[Request, Parts, P], Response]


def of_a_list(view: View[P]) -> View[P]:
    """Let a view answer with a page of its own where its list is unknown or damaged."""

    @wraps(view)
    def handler(request: Request, parts: Parts, /, *args: P.args, **kwargs: P.kwargs) -> Response:
        try:
            return view(request, parts, *args, **kwargs)
        except UnknownList:
            return notice(
                request,
                parts,
                404,
                title="No such list",
                sentence="There is no contact list of this name. Names are matched exactly.",
                link={"href": "/lists", "text": "All lists"},
                here="lists",
            )
        except ListDamaged as error:
            text = str(error)
            return notice(
                request,
                parts,
                500,
                title="This list cannot be trusted",
                sentence=f"{text[:1].upper()}{text[1:]}.",
                link={"href": "/lists", "text": "All lists"},
                here="lists",
            )

    return handler
