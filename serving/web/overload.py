"""Whether a worker keeps up: seen by a beat that comes late where there is too much to do.

A hiccup is no overload: only a worker that has been late for some time takes less in, and hardly
anything whenever it is late again, until it has been on time for a while.
"""

import time
from collections.abc import Callable

BEAT_SECONDS = 0.025
LATE_SECONDS = 0.1
# Late for so long without a break is too much work, and no hiccup.
OVERLOAD_SECONDS = 0.5
# On time for so long is in order again.
GUARD_SECONDS = 5.0
# Requests in work at a time: as a rule, and while there is too much to do.
MAX_IN_WORK = 512
GUARDED_IN_WORK = 64
# So few do not make a worker late; what does is something else, and turning them away is no help.
FEW_IN_WORK = 8


class Overload:
    """Tells from the beats of a worker how much it may take in.

    Parameters
    ----------
    most_in_work : requests in work at a time, as a rule
    clock : seconds that never run back
    """

    def __init__(
        self, most_in_work: int = MAX_IN_WORK, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.most_in_work = most_in_work
        self._clock = clock
        self._due: float | None = None
        self._late_since: float | None = None
        self._guarded_until = float("-inf")
        self.is_guarded = self.is_late = False

    def beat(self) -> None:
        """Note that a beat came; the next one is due after `BEAT_SECONDS`."""
        now = self._clock()
        self.is_late = self._due is not None and now - self._due > LATE_SECONDS
        self._due = now + BEAT_SECONDS
        if not self.is_late:
            self._late_since = None
        elif self._late_since is None:
            self._late_since = now
        elif now - self._late_since > OVERLOAD_SECONDS:
            self._guarded_until = now + GUARD_SECONDS
        if self.is_late and self.is_guarded:
            self._guarded_until = now + GUARD_SECONDS
        self.is_guarded = now < self._guarded_until

    def rest(self) -> None:
        """Forget when the next beat is due: none comes while nobody is connected."""
        self._due = None

    def takes(self, in_work: int) -> bool:
        """Tell whether one more request is let in."""
        if not self.is_guarded:
            return in_work < self.most_in_work
        most = FEW_IN_WORK if self.is_late else GUARDED_IN_WORK
        return in_work < min(self.most_in_work, most)
