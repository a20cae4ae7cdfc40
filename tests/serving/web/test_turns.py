import asyncio

import pytest

from serving.web.problem import Problem
from serving.web.turns import Turns


def test_four_at_once_and_the_others_in_the_order_they_came():
    async def asked():
        turns, done, running = Turns(seconds=5), [], []

        async def request(number):
            await turns.enter("a")
            running.append(number)
            assert len(running) <= 4
            await asyncio.sleep(0)
            running.remove(number)
            done.append(number)
            turns.leave("a")

        await asyncio.gather(*(request(n) for n in range(40)))
        return done

    assert asyncio.run(asked()) == list(range(40))


def test_r27_one_token_waits_and_another_does_not():
    async def asked():
        turns = Turns(seconds=0.05, waiting=2)
        for _ in range(4):
            await turns.enter("a")
        ended = await asyncio.gather(*(turns.enter("a") for _ in range(5)), return_exceptions=True)
        # Two waited for nothing, three found the line full.
        assert [type(each) for each in ended] == [Problem] * 5
        assert {each.status for each in ended if isinstance(each, Problem)} == {429}
        await turns.enter("b")
        turns.leave("a")
        await turns.enter("a")

    asyncio.run(asked())


def test_who_gives_up_in_line_loses_no_turn():
    async def asked():
        turns = Turns(at_once=lambda: 1, seconds=5)
        await turns.enter("a")
        waiting = [asyncio.ensure_future(turns.enter("a")) for _ in range(2)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting[0]
        turns.leave("a")
        await waiting[1]
        # Given the turn and cancelled in the same moment: the next one gets it.
        last = [asyncio.ensure_future(turns.enter("a")) for _ in range(2)]
        await asyncio.sleep(0)
        turns.leave("a")
        last[0].cancel()
        await asyncio.gather(last[0], return_exceptions=True)
        async with asyncio.timeout(1):
            await last[1]
        turns.leave("a")
        async with asyncio.timeout(1):
            await turns.enter("a")

    asyncio.run(asked())
