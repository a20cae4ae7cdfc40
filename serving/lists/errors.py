"""What can be wrong with a list; `exit_code` is that of the command line."""

from serving.errors import ServeError, StoreDown


class ListRefused(ValueError):  # noqa: N818 - it names a state
    """Terms or rows that cannot be; `field` names the term, such as `margin`."""

    exit_code = 2

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class NobodyToContact(ListRefused):
    """A list that would contact nobody; the sentence says why and what to change."""

    exit_code = 3


class UnknownList(ServeError):  # noqa: N818 - it names a state
    """No list of this name."""

    exit_code = 2

    def __init__(self, list_id: str) -> None:
        super().__init__(
            f"there is no list {list_id!r}; `perennial list show` and `GET /v1/lists` name them"
        )


class ListExists(ServeError):  # noqa: N818 - it names a state
    """A list of this name stands already; lists are never changed."""

    exit_code = 3

    def __init__(self, list_id: str) -> None:
        super().__init__(
            f"a list {list_id!r} was made before and cannot be changed; choose another list_id"
        )


class Busy(StoreDown):
    """Other lists were made again and again while this one was drawn; nothing was written."""

    def __init__(self) -> None:
        super().__init__(
            "other lists are being made at this moment, and who may be on this one hangs on them; "
            "nothing was written, try again in a few seconds"
        )


class NothingPublished(ServeError):  # noqa: N818 - it names a state
    """There are no scores of which a list could be made."""

    exit_code = 3

    def __init__(self) -> None:
        super().__init__("no scores are published yet; run `perennial score` first")


class ListDamaged(ServeError):  # noqa: N818 - it names a state
    """What the store holds of a list is not what was written."""

    def __init__(self, list_id: str) -> None:
        super().__init__(
            f"list {list_id!r} in the store is not what was written: its hash differs; restore "
            "the store from a copy, and read nothing out of this list"
        )
