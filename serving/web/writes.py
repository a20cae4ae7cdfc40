"""What all writes have in common: a body that fits its model, and `Idempotency-Key`."""

import re
from typing import Any, TypeVar, cast

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.datastructures import Headers
from starlette.requests import Request

from serving.store.idempotency import Key
from serving.store.tokens import Principal
from serving.web.problem import Problem, body_errors

HEADER = "Idempotency-Key"
KEY_PATTERN = r"^[!-~]{1,200}$"

Body = TypeVar("Body", bound=BaseModel)


class WriteBody(BaseModel):
    """A body closed to unknown fields; what was sent stands in no message."""

    model_config = ConfigDict(
        extra="forbid", strict=True, hide_input_in_errors=True, allow_inf_nan=False
    )


def read_body(model: type[Body], body: bytes) -> Body:
    """Return the body as the model has it.

    Raises
    ------
    Problem
        422 with every fault of the body.
    """
    try:
        return model.model_validate_json(body, strict=True)
    except ValidationError as error:
        faults = cast(Any, error.errors(include_input=False, include_context=False))
        raise Problem(
            422, "the body does not fit; /openapi.json has its shape", errors=body_errors(faults)
        ) from None


def key_of(request: Request, meaning: BaseModel) -> Key | None:
    """Return the key that a write came with, None without one.

    Raises
    ------
    Problem
        422 if it is not 1 to 200 visible characters of ASCII, or is given twice.
    """
    given = Headers(scope=request.scope).getlist(HEADER)
    if not given:
        return None
    if len(given) > 1 or not re.fullmatch(KEY_PATTERN, given[0]):
        raise Problem(
            422, f"{HEADER} must be given once, with 1 to 200 visible characters, e.g. a UUID"
        )
    body = orjson.dumps(meaning.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
    route = f"{request.method} {request.url.path}"
    return Key(given[0], principal_of(request).prefix, route, body)


def principal_of(request: Request) -> Principal:
    """Return who asks; the layer in front lets nobody else come here."""
    return cast(Principal, request.state.principal)
