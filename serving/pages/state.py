"""The parts of the service that pages use."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from starlette.requests import Request

from configs.settings import Settings
from serving.answers import Answers
from serving.holder import ChampionHolder
from serving.pages.words import Writing
from serving.scores import ScoreStore
from serving.store.tokens import Tokens


@dataclass(frozen=True)
class Parts:
    """What the app keeps in its state, with types."""

    settings: Settings
    store: ScoreStore
    tokens: Tokens
    answers: Answers
    holder: ChampionHolder
    clock: Callable[[], datetime]

    @property
    def writing(self) -> Writing:
        """How this shop writes numbers, days and money."""
        told = self.settings.dashboard
        return Writing(told.locale, told.currency)

    @classmethod
    def of(cls, request: Request) -> Self:
        """Return the parts of the app that a request came to."""
        state = request.app.state
        return cls(
            settings=state.settings,
            store=state.store,
            tokens=state.tokens,
            answers=state.answers,
            holder=state.holder,
            clock=state.clock,
        )
