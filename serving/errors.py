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


class TokenError(ServeError):
    """A scope, a validity or a prefix of a token that does not exist."""

    exit_code = 2


class CursorError(ValueError):
    """A cursor that is malformed or belongs to another batch, sort or filter."""


class PredictRefused(ValueError):  # noqa: N818 - it names a state
    """Purchases that cannot be scored: the sentence names the field and the next step."""
