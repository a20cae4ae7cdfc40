"""Forms that give a customer to an owner, and that say a task is done."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from serving.pages.back import own_path
from serving.pages.forms import changes
from serving.pages.frame import notice
from serving.pages.render import PAGE_HEADERS
from serving.pages.state import Parts
from serving.store.tasks import TaskError, Tasks


def assign(request: Request, parts: Parts, form: FormData) -> Response:
    """Give a customer to an owner until a day; without an owner to nobody."""
    customer_id = str(form.get("customer_id", ""))
    batch = parts.store.current()
    if batch is None or not parts.store.scores([customer_id], batch.batch_id):
        return _refused(request, parts, 404, "The current batch holds no such customer.")
    try:
        _tasks(parts).assign(
            customer_id,
            str(form.get("owner", "")),
            str(form.get("due_on", "")),
            request.state.principal.prefix,
        )
    except TaskError as error:
        text = str(error)
        return _refused(request, parts, 422, f"{text[:1].upper()}{text[1:]}.")
    return _back(form)


def done(request: Request, parts: Parts, form: FormData) -> Response:
    """Say that a customer's task is done, or take that back."""
    customer_id = str(form.get("customer_id", "")).replace("\x00", "")
    _tasks(parts).set_done(
        customer_id, request.state.principal.prefix, is_done=form.get("done") == "yes"
    )
    return _back(form)


assign_task, finish_task = changes(assign), changes(done)


def _tasks(parts: Parts) -> Tasks:
    return Tasks(parts.store.database, parts.clock)


def _back(form: FormData) -> Response:
    given = str(form.get("back", ""))
    href = given if own_path(given) is not None else "/"
    return RedirectResponse(href, status_code=303, headers=PAGE_HEADERS)


def _refused(request: Request, parts: Parts, status: int, sentence: str) -> Response:
    return notice(
        request,
        parts,
        status,
        title="The task was not kept",
        sentence=sentence,
        link={"href": "/", "text": "Back to this week"},
        here="week",
    )
