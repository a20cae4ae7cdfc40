"""The members of a list as a CSV file, for the tool that sends the letters."""

from starlette.requests import Request
from starlette.responses import Response

from serving.lists import service
from serving.lists.files import members_csv as csv_text
from serving.pages.frame import notice
from serving.pages.lists_missing import of_a_list
from serving.pages.lists_words import ARMS
from serving.pages.state import Parts
from serving.store.batch import Batch
from serving.web.patience import take_time
from serving.web.streamed import Streamed


@of_a_list
def members_csv(request: Request, parts: Parts, batch: Batch) -> Response:
    """Send the members of a list, of one arm if it is named, in the order of their rank."""
    list_id, who = request.path_params["list_id"], request.state.principal.prefix
    arm = request.query_params.get("arm", "")
    arm = arm if arm in ARMS else ""
    usage = request.app.state.runtime.usage
    wait = usage.seconds_to_wait(who)
    if wait is not None:
        return _over_quota(request, parts, list_id, wait)
    take_time(request.scope)
    count, rows = service.taken_members(
        parts.store, list_id, arm or None, who=who, now=parts.clock()
    )
    name = f"{list_id}-{arm.replace('_', '-')}" if arm else list_id
    return Streamed(
        csv_text(rows),
        begun=lambda: usage.add(who, count),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}.csv"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _over_quota(request: Request, parts: Parts, list_id: str, wait: int) -> Response:
    response = notice(
        request,
        parts,
        429,
        title="No more customers today",
        sentence="This token has listed the customers that it may in a day; go on after midnight "
        "(UTC), or have serve.rows_per_day raised.",
        link={"href": f"/lists/{list_id}", "text": "Back to the list"},
        here="lists",
    )
    response.headers["Retry-After"] = str(wait)
    return response
