"""What a client sends stays out of the log; errors of ours stay in it."""

import logging
import sys

from serving.web.bodies import PredictIn
from serving.web.quiet_log import BENTOML_LOGGER, is_ours, keep_bodies_out


def record_of(call):
    try:
        call()
    except (ValueError, ArithmeticError):
        return logging.LogRecord(
            "x", logging.ERROR, "", 0, "Exception on /predict", (), sys.exc_info()
        )
    raise AssertionError("the call did not fail")


def test_a_body_that_does_not_fit_is_not_logged():
    assert not is_ours(record_of(lambda: PredictIn.model_validate({"canary": 1})))


def test_an_error_of_ours_is_logged():
    assert is_ours(record_of(lambda: 1 / 0))
    assert is_ours(logging.LogRecord("x", logging.INFO, "", 0, "started", (), None))


def test_the_filter_is_added_once():
    keep_bodies_out()
    keep_bodies_out()
    assert logging.getLogger(BENTOML_LOGGER).filters.count(is_ours) == 1
