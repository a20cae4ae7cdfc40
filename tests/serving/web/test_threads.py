import asyncio
import logging
import threading

import pytest

from serving.web.problem import Problem
from serving.web.threads import BoundedThreads
from tests.serving.made import until


@pytest.fixture
def threads():
    threads = BoundedThreads("made", threads=4, waiting=2)
    yield threads
    threads.close()


class Hung:
    """Work that hangs until it is let go, and counts how much of it runs."""

    def __init__(self):
        self.go = threading.Event()
        self.lock = threading.Lock()
        self.running = self.most = 0

    def work(self, fault=None):
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
        try:
            assert self.go.wait(20)
            if fault is not None:
                raise fault
        finally:
            with self.lock:
                self.running -= 1


def test_a_function_runs_in_a_thread_and_its_error_comes_back(threads):
    async def asked():
        assert await threads.run(lambda: threading.current_thread().name) == "made-0"
        with pytest.raises(KeyError):
            await threads.run(dict[str, int]().__getitem__, "no")

    asyncio.run(asked())
    until(lambda: threads.taken == 0, seconds=5)


def test_r29_four_hung_of_four_and_never_more(threads, caplog):
    hung = Hung()

    async def impatient(fault=None):
        async with asyncio.timeout(0.2):
            await threads.run(hung.work, fault)

    async def asked():
        first = [impatient(OSError(f"late {n}")) for n in range(4)]
        ended = await asyncio.gather(*first, return_exceptions=True)
        assert {type(each) for each in ended} == {TimeoutError}
        # Their requests have ended, they have not: nothing more is begun, only two may wait.
        traffic = [impatient() for _ in range(20)]
        ended = await asyncio.gather(*traffic, return_exceptions=True)
        kinds = [type(each) for each in ended]
        assert kinds.count(TimeoutError) == 2
        assert kinds.count(Problem) == 18
        assert {each.status for each in ended if isinstance(each, Problem)} == {503}
        assert hung.most == 4
        hung.go.set()
        async with asyncio.timeout(1):
            while threads.taken:
                await asyncio.sleep(0.01)
            assert await threads.run(lambda: "again") == "again"

    def late():
        told = [r.getMessage() for r in caplog.records]
        return sorted(text[-8:] for text in told if "after its request had ended" in text)

    with caplog.at_level(logging.ERROR):
        asyncio.run(asked())
        # A thread gives its place back before it says what was raised.
        until(lambda: len(late()) == 4, seconds=5)
    assert hung.most == 4
    assert late() == [f"late {n}')" for n in range(4)]


def test_what_is_given_up_in_the_queue_is_never_begun(threads):
    hung = Hung()
    begun: list[int] = []

    async def asked():
        holding = [asyncio.ensure_future(threads.run(hung.work)) for _ in range(4)]
        await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await threads.run(begun.append, 1)
        hung.go.set()
        await asyncio.gather(*holding)
        await threads.run(lambda: None)

    asyncio.run(asked())
    assert begun == []


def test_r26_who_would_wait_too_long_is_refused_at_once_and_room_comes_back():
    threads = BoundedThreads("made", threads=1, waiting=100, seconds=0.5)
    pause = threading.Event()

    async def asked():
        for _ in range(10):
            await threads.run(pause.wait, 0.2)
        assert not threads.is_full
        # Each takes 0.2 seconds or nearly: a few may wait half a second, no more.
        some = [asyncio.ensure_future(threads.run(pause.wait, 0.2)) for _ in range(20)]
        ended = await asyncio.gather(*some, return_exceptions=True)
        refused = [each for each in ended if isinstance(each, Problem)]
        assert 15 <= len(refused) <= 18
        assert refused[0].headers == {"retry-after": "1"}
        for _ in range(20):
            await threads.run(lambda: None)
        # What is done at once may wait in any number again.
        await asyncio.gather(*(threads.run(lambda: None) for _ in range(60)))

    asyncio.run(asked())
    threads.close()


def test_r26_half_full_comes_before_full_and_ends_with_the_line():
    threads = BoundedThreads("made", threads=2, waiting=4)
    hung = Hung()

    def found():
        return threads.is_half_full(), threads.is_full

    async def asked():
        # What is still being read counts like what waits.
        assert [threads.is_half_full(coming) for coming in (3, 4, 5)] == [False, True, True]
        some, seen = [], []
        for _ in range(6):
            some.append(asyncio.ensure_future(threads.run(hung.work)))
            await asyncio.sleep(0)
            seen.append(found())
        assert seen[2:] == [(False, False), (True, False), (True, False), (True, True)]
        hung.go.set()
        await asyncio.gather(*some)

    asyncio.run(asked())
    until(lambda: found() == (False, False), seconds=5)
    threads.close()
