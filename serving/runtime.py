"""What the running service holds: settings, store, tokens, the champion bundle, the clock.

BentoML builds its middlewares when the module is imported and the service later, in each worker.
So they are given a `Runtime` that is filled when the worker opens it.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from configs.settings import Settings
from serving.answers import Answers
from serving.errors import ServeError
from serving.holder import ChampionHolder
from serving.scores import ScoreStore
from serving.store.tokens import Tokens

BUSY_SECONDS = 1.0


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


class Runtime:
    """Parts of the service that requests share; empty until `open`.

    Parameters
    ----------
    clock : gives the present moment, with a time zone
    """

    def __init__(self, clock: Callable[[], datetime] = utc_now) -> None:
        self.clock = clock
        self._settings: Settings | None = None

    def open(self, settings: Settings) -> None:
        """Connect to the store and begin to watch for the champion.

        Raises
        ------
        StoreDown
            If the store cannot be opened.
        """
        # Requests end after five seconds, so a call of the store may not wait as long.
        self.store = ScoreStore(settings.store_url, busy_seconds=BUSY_SECONDS)
        self.tokens = Tokens(self.store.database, self.clock)
        self.answers = Answers(self.store, stale_after_hours=settings.serve.stale_after_hours)
        self.holder = ChampionHolder(settings.models_dir)
        self._settings = settings
        self.holder.start()

    def close(self) -> None:
        """Stop watching and close the store; nothing happens where nothing is open."""
        if self._settings is not None:
            self.holder.stop()
            self.store.close()
            self._settings = None

    @property
    def settings(self) -> Settings:
        """The settings that the service runs with."""
        if self._settings is None:
            raise ServeError("the service is not open; call open(settings) before a request")
        return self._settings
