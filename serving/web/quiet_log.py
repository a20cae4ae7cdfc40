"""Keep what clients send out of the log: a request refused for its content is no error of ours."""

import logging

from pydantic import ValidationError

BENTOML_LOGGER = "bentoml._internal.server.http_app"


def is_ours(record: logging.LogRecord) -> bool:
    """False for BentoML's record of a body that does not fit: it repeats names from the body."""
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    while error is not None:
        if isinstance(error, ValidationError | UnicodeDecodeError):
            return False
        error = error.__cause__ or error.__context__
    return True


def keep_bodies_out() -> None:
    """Filter BentoML's logger, once a process."""
    logger = logging.getLogger(BENTOML_LOGGER)
    if is_ours not in logger.filters:
        logger.addFilter(is_ours)
