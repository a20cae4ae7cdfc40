"""Contact lists in the OpenAPI document: operations and their examples."""

from typing import Any

from retention.lists.caps import CONTACTED, HELD_OUT
from serving.lists.request import LISTS_AT_ONCE, SLUG
from serving.web import list_examples
from serving.web.operations import Operation
from serving.web.query import CURSOR_PATTERN, DEFAULT_LIMIT, MAX_LIMIT
from serving.web.shapes import Schema
from serving.web.write_operations import IDEMPOTENCY_KEY

PATH = "/v1/lists"
ONE = f"{PATH}/{{list_id}}"
NAME: Schema = {
    "name": "list_id",
    "in": "path",
    "required": True,
    "description": "as POST /v1/lists answered it",
    "schema": {"type": "string", "pattern": SLUG},
    "example": list_examples.LIST_ID,
}


def list_operations() -> list[Operation]:
    """Return the operations on contact lists."""
    return [*_making(), *_reading(), *_telling()]


def _making() -> list[Operation]:
    found = {"list_id": "$response.body#/list_id"}
    links = {
        name: {"operationId": operation, "parameters": found}
        for name, operation in (("list", "getList"), ("readout", "getListReadout"))
    }
    return [
        Operation(
            PATH,
            "createList",
            "Make a contact list",
            "From the current batch: who of the audience it pays to contact, cut by the budget, "
            "with a part held out at random. A list is written whole and never changed; 409 where "
            "one of this name stands.",
            "ContactList",
            list_examples.LIST,
            method="post",
            status=201,
            errors=(409,),
            parameters=[IDEMPOTENCY_KEY],
            body="ListIn",
            body_example=list_examples.ASKED,
            links=links,
        ),
        Operation(
            f"{PATH}/preview",
            "previewList",
            "What a list would be",
            "Counts, cost, expected gain with its interval, hold-out and sensitivity; nothing is "
            "written.",
            "ListPreview",
            list_examples.PREVIEW,
            method="post",
            body="ListIn",
            body_example=list_examples.ASKED,
        ),
    ]


def _reading() -> list[Operation]:
    return [
        Operation(
            PATH,
            "getLists",
            "All contact lists",
            "Their heads, the newest first, a page at a time.",
            "ContactLists",
            list_examples.LISTS,
            errors=(404, 422),
            parameters=_page(("limit", "cursor"), LISTS_AT_ONCE),
        ),
        Operation(
            ONE,
            "getList",
            "One contact list",
            "What was declared, who was left out and why, what it promises, its hash and who is "
            "on it by age, sex, area and number of orders.",
            "ContactList",
            list_examples.LIST,
            errors=(404,),
            parameters=[NAME],
        ),
        Operation(
            f"{ONE}/members",
            "getListMembers",
            "Members of a list",
            "In the order of rank, a page at a time; with `format=csv`, or `Accept: text/csv`, "
            "all of them as one CSV, whose texts are guarded against formulas.",
            "ListMembers",
            list_examples.MEMBERS,
            errors=(404, 422),
            parameters=[NAME, *_page(("arm", "format", "limit", "cursor"), DEFAULT_LIMIT)],
            also_csv=True,
        ),
        Operation(
            f"{ONE}/readout",
            "getListReadout",
            "What a list earned",
            "Contacted against held out, by assignment. Preliminary, without intervals and "
            "verdict, until every day of the list is known.",
            "ListReadout",
            list_examples.READOUT,
            errors=(404,),
            parameters=[NAME],
        ),
    ]


def _telling() -> list[Operation]:
    return [
        Operation(
            f"{ONE}/outcomes",
            "createOutcomes",
            "Import what members bought",
            "Instead of the orders of the batch. Who is not in it has bought nothing; a row "
            "replaces an earlier one of the same customer.",
            "OutcomesRecorded",
            list_examples.OUTCOMES_ANSWER,
            method="post",
            errors=(404, 409),
            parameters=[NAME, IDEMPOTENCY_KEY],
            body="OutcomesIn",
            body_example=list_examples.OUTCOMES,
        ),
        Operation(
            "/v1/contacts",
            "createContacts",
            "Tell of contacts that were made",
            "One that is known already counts once. They count towards contact caps, give a "
            "readout its costs, and tell training whose returns a contact may have caused. 422, "
            "and nothing kept, where a row names a list that is not known, of which the customer "
            "is no member, or that begins later; those without a list come from other tools.",
            "ContactsRecorded",
            list_examples.CONTACTS_ANSWER,
            method="post",
            errors=(409,),
            parameters=[IDEMPOTENCY_KEY],
            body="ContactsIn",
            body_example=list_examples.CONTACTS,
        ),
    ]


def _page(names: tuple[str, ...], default: int) -> list[Schema]:
    limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": default}
    told: list[tuple[str, str, Schema, Any]] = [
        ("arm", "only of this arm", {"enum": [CONTACTED, HELD_OUT]}, CONTACTED),
        ("format", "default by the Accept header", {"enum": ["json", "csv"]}, "json"),
        ("limit", "rows of a page", limit, default),
        ("cursor", "next_cursor of the page before", {"pattern": CURSOR_PATTERN}, ""),
    ]
    return [
        {
            "name": name,
            "in": "query",
            "description": what,
            "schema": {"type": "string", **schema},
            "example": example,
        }
        for name, what, schema, example in told
        if name in names
    ]
