"""Forms of the contact lists: longer than the others, and they need a published batch."""

from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from serving.pages.forms import forged, is_ours
from serving.pages.frame import published
from serving.pages.state import Parts
from serving.store.batch import Batch

MOST_FIELDS = 100
# Bytes of one field: a file that was chosen or pasted.
MOST_BYTES = 4 * 1024 * 1024

Action = Callable[[Request, Parts, Batch, FormData], Response]


def posted(action: Action) -> Callable[[Request], Awaitable[Response]]:
    """Let a form reach `action`, with the current batch, only from a page of the same session."""

    async def handler(request: Request) -> Response:
        limits = {"max_files": 0, "max_fields": MOST_FIELDS, "max_part_size": MOST_BYTES}
        async with request.form(**limits) as form:
            if not is_ours(request, form):
                return forged()

            def view(request: Request, parts: Parts, batch: Batch) -> Response:
                return action(request, parts, batch, form)

            return await run_in_threadpool(published(view), request)

    return handler
