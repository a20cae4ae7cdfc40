"""Errors of reading purchases and of asking for features, each with the exit code of a command."""


class DataError(ValueError):
    """The purchases cannot be used as they are; the message says what, where and what to do."""

    exit_code = 3


class TooManyBadError(DataError):
    """More rows cannot be used than the settings allow; `bad` is their number."""

    def __init__(self, message: str, bad: int) -> None:
        """Keep the number beside the message."""
        super().__init__(message)
        self.bad = bad


class EmptyFileError(DataError):
    """A file holds no purchase line."""


class CutoffError(DataError):
    """The cutoff leaves no history to compute from."""


class UnreadableError(Exception):
    """A file cannot be read; the message says why, and whoever knows its name adds it."""
