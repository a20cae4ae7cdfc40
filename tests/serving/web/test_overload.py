from serving.web.overload import (
    BEAT_SECONDS,
    FEW_IN_WORK,
    GUARD_SECONDS,
    GUARDED_IN_WORK,
    LATE_SECONDS,
    MAX_IN_WORK,
    OVERLOAD_SECONDS,
    Overload,
)


class Beats:
    """An overload whose beats come when the test says."""

    def __init__(self):
        self.now = 0.0
        self.overload = Overload(clock=lambda: self.now)
        self.overload.beat()

    def beat(self, late=0.0, seconds=0.0):
        """One beat so much too late, and more of the same for so long."""
        end = self.now + seconds
        while True:
            self.now += BEAT_SECONDS + late
            self.overload.beat()
            if self.now >= end:
                return


def test_a_worker_on_time_takes_in_all_it_may():
    beats = Beats()
    beats.beat(late=LATE_SECONDS / 2, seconds=10)
    assert beats.overload.takes(MAX_IN_WORK - 1)
    assert not beats.overload.takes(MAX_IN_WORK)


def test_a_hiccup_is_no_overload():
    beats = Beats()
    beats.beat(late=3.0)
    assert beats.overload.takes(MAX_IN_WORK - 1)
    beats.beat(late=0.2)
    assert beats.overload.takes(MAX_IN_WORK - 1)
    beats.beat()
    beats.beat(late=0.2)
    assert beats.overload.takes(MAX_IN_WORK - 1)


def test_r26_a_worker_that_stays_late_takes_in_little_and_few_while_it_is_late():
    beats = Beats()
    beats.beat(late=0.2, seconds=OVERLOAD_SECONDS + 1)
    assert beats.overload.takes(FEW_IN_WORK - 1)
    assert not beats.overload.takes(FEW_IN_WORK)
    beats.beat()
    assert beats.overload.takes(GUARDED_IN_WORK - 1)
    assert not beats.overload.takes(GUARDED_IN_WORK)
    # While it is on its guard, late once is late enough.
    beats.beat(late=0.2)
    assert beats.overload.takes(FEW_IN_WORK - 1)
    assert not beats.overload.takes(FEW_IN_WORK)


def test_r26_on_time_for_a_while_it_takes_in_all_again():
    beats = Beats()
    beats.beat(late=0.2, seconds=OVERLOAD_SECONDS + 1)
    beats.beat(seconds=GUARD_SECONDS - 1)
    assert not beats.overload.takes(GUARDED_IN_WORK)
    beats.beat(seconds=2)
    assert beats.overload.takes(MAX_IN_WORK - 1)


def test_nobody_is_late_while_nobody_is_connected():
    beats = Beats()
    beats.overload.rest()
    beats.now += 3600
    beats.overload.beat()
    assert not beats.overload.is_late
