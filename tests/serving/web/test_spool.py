"""Long answers wait on the disk, whole, and are sent a part at a time."""

import tracemalloc

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from serving.web.spool import spooled

PART = "x" * 100_000


def test_an_answer_has_its_length_and_all_its_parts():
    def answer(request):
        return spooled(["a,", "é"], media_type="text/csv", headers={"X-Said": "yes"})

    with TestClient(Starlette(routes=[Route("/", answer)])) as client:
        found = client.get("/")
    assert (found.text, found.headers["content-length"], found.headers["x-said"]) == (
        "a,é", "4", "yes",
    )  # fmt: skip


def test_little_of_a_long_answer_is_in_memory():
    tracemalloc.start()
    try:
        spooled((PART for _ in range(300)), media_type="text/csv", headers={}).file.close()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 5_000_000


def test_what_fails_on_the_way_is_no_answer():
    def parts():
        yield PART
        raise OSError("the store is gone")

    with pytest.raises(OSError, match="the store is gone"):
        spooled(parts(), media_type="text/csv", headers={})
