"""What a token may be allowed to do."""

from collections.abc import Iterable

from serving.errors import TokenError

SCOPES = {
    "read:scores": "scores by customer id, and /predict",
    "list:scores": "filtered lists, the portfolio, the model card",
    "lists": "contact lists",
    "export": "exports",
    "export:emails": "hashed e-mail addresses in exports, with `export`",
    "publish": "publishing batches",
    "erase": "erasing a customer",
    "admin": "administration",
}


def checked(scopes: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes without repetition, in the order given.

    Raises
    ------
    TokenError
        If there is none, or one is unknown; the message lists those that exist.
    """
    given = tuple(dict.fromkeys(scopes))
    unknown = [scope for scope in given if scope not in SCOPES]
    known = ", ".join(SCOPES)
    if unknown:
        raise TokenError(f"unknown scope {unknown[0]!r}; the scopes are {known}")
    if not given:
        raise TokenError(f"a token needs at least one scope; the scopes are {known}")
    return given
