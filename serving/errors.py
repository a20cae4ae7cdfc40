"""Errors of serving; each carries the exit code that the command line ends with."""


class ServeError(RuntimeError):
    """The service or the store cannot do what was asked; the sentence says what to do."""

    exit_code = 1


class StoreDown(ServeError):  # noqa: N818 - it names a state
    """The score store cannot be reached, is locked for too long, or is not one of ours."""


class BatchExists(ServeError):  # noqa: N818 - it names a state
    """A batch of this id stands in the store already; batches are immutable."""

    exit_code = 3


class BatchRefused(ServeError):  # noqa: N818 - it names a state
    """The rows do not fit the batch or the table; nothing was written."""

    exit_code = 3


class UnknownCustomer(ServeError):  # noqa: N818 - it names a state
    """No customer of this id in the current batch."""

    exit_code = 2

    def __init__(self, customer_id: str, batch_id: str) -> None:
        super().__init__(
            f"batch {batch_id} holds no customer {customer_id!r}; ids are matched exactly, leading "
            "zeros and capitals included"
        )


class TokenError(ServeError):
    """A scope, a validity or a prefix of a token that does not exist."""

    exit_code = 2


NO_CURSOR = "cursor is not one that this list gave; leave it out to start at the first page"


class CursorError(ValueError):
    """A cursor that is malformed or belongs to another batch, sort or filter."""


class UnknownCursor(CursorError):  # noqa: N818 - it names a state
    """A text that no list gave as a cursor."""

    def __init__(self) -> None:
        super().__init__(NO_CURSOR)


class PredictRefused(ValueError):  # noqa: N818 - it names a state
    """Purchases that cannot be scored: the sentence names the field and the next step."""


class KeyReused(ValueError):  # noqa: N818 - it names a state
    """An `Idempotency-Key` that came before with another body."""
