import asyncio
import threading
from collections.abc import Sequence

import pytest

from serving.web.problem import Problem
from serving.web.threads import BoundedThreads
from serving.web.together import Together


@pytest.fixture
def threads():
    threads = BoundedThreads("made", threads=2, waiting=4)
    yield threads
    threads.close()


class Slow:
    """Doubles numbers when it is let go; keeps what it was asked at once."""

    def __init__(self):
        self.go = threading.Event()
        self.begun = threading.Event()
        self.asked = []

    def __call__(self, numbers):
        self.asked.append(list(numbers))
        self.begun.set()
        assert self.go.wait(20)
        return [2 * n if n >= 0 else ValueError(f"{n} is below 0") for n in numbers]


async def begun(slow):
    while not slow.begun.is_set():
        await asyncio.sleep(0)


def test_what_comes_while_others_are_in_work_is_answered_together(threads):
    async def asked():
        slow = Slow()
        together = Together(threads, slow)
        first = asyncio.ensure_future(together.run(1))
        await begun(slow)
        rest = [asyncio.ensure_future(together.run(n)) for n in (2, -3, 4)]
        await asyncio.sleep(0)
        slow.go.set()
        answers = await asyncio.gather(first, *rest, return_exceptions=True)
        assert [a for a in answers if not isinstance(a, Exception)] == [2, 4, 8]
        assert str(answers[2]) == "-3 is below 0"
        assert slow.asked == [[1], [2, -3, 4]]

    asyncio.run(asked())


def test_a_request_that_ended_is_not_worked_on(threads):
    async def asked():
        slow = Slow()
        together = Together(threads, slow)
        first = asyncio.ensure_future(together.run(1))
        await begun(slow)
        gone, there = (asyncio.ensure_future(together.run(n)) for n in (2, 3))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        slow.go.set()
        assert [await first, await there] == [2, 6]
        assert slow.asked == [[1], [3]]

    asyncio.run(asked())


def test_a_line_that_is_full_is_503_at_once(threads):
    async def asked():
        slow = Slow()
        together = Together(threads, slow)
        inside = [asyncio.ensure_future(together.run(0))]
        await begun(slow)
        inside += [asyncio.ensure_future(together.run(n)) for n in range(4)]
        await asyncio.sleep(0)
        with pytest.raises(Problem, match="too many requests") as caught:
            await together.run(9)
        assert caught.value.status == 503
        slow.go.set()
        assert await asyncio.gather(*inside) == [0, 0, 2, 4, 6]

    asyncio.run(asked())


def test_an_error_of_the_whole_call_is_the_answer_to_each(threads):
    def refuse(numbers):
        raise KeyError("nothing is published")

    async def asked():
        together = Together(threads, refuse)
        answers = await asyncio.gather(*(together.run(n) for n in range(3)), return_exceptions=True)
        assert all(isinstance(a, KeyError) for a in answers)

    asyncio.run(asked())


async def two_answered_together(together, slow):
    """One request, and two that come while it is in work."""
    first = asyncio.ensure_future(together.run(1))
    await begun(slow)
    rest = [asyncio.ensure_future(together.run(n)) for n in (2, 3)]
    await asyncio.sleep(0)
    slow.go.set()
    await asyncio.gather(first, *rest)


def test_who_was_answered_together_is_waited_for_the_next_time(threads):
    async def asked():
        slow = Slow()
        together = Together(threads, slow, gather=20.0)
        await two_answered_together(together, slow)
        # The second of the two comes a little later than the first, and finds it waiting.
        again = asyncio.ensure_future(together.run(4))
        for _ in range(5):
            await asyncio.sleep(0)
        assert slow.asked == [[1], [2, 3]]
        assert await together.run(5) == 10
        assert await again == 8
        assert slow.asked == [[1], [2, 3], [4, 5]]

    asyncio.run(asked())


def test_who_does_not_come_again_is_not_waited_for_long(threads):
    async def asked():
        slow = Slow()
        together = Together(threads, slow, gather=0.001)
        await two_answered_together(together, slow)
        assert await together.run(4) == 8
        assert slow.asked == [[1], [2, 3], [4]]

    asyncio.run(asked())


class AtOnce(BoundedThreads):
    """Does the work as soon as it is given to it, and in no thread."""

    async def run(self, function, *args, **kwargs):
        return function(*args, **kwargs)


def doubled(numbers: Sequence[int]) -> list[int | Exception]:
    return [2 * number for number in numbers]


def test_who_comes_as_the_last_call_ends_is_answered_too():
    async def asked():
        together = Together[int, int](AtOnce("made", threads=1, waiting=4), doubled)
        for number in range(50):
            first = asyncio.ensure_future(together.run(number))
            while not first.done():
                await asyncio.sleep(0)
            async with asyncio.timeout(20):
                assert await together.run(number + 1) == 2 * number + 2

    asyncio.run(asked())
