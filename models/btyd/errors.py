"""The error of a fit that has no answer worth serving."""


class NotConverged(ValueError):  # noqa: N818  (the name says what happened)
    """A model cannot be fitted to these customers; the message says why and what to do."""
