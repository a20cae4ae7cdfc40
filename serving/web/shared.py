"""What layers count and remember, where more than one of them needs it."""

from dataclasses import dataclass

from serving.runtime import Runtime
from serving.web.auth import Remembered
from serving.web.rates import Windows
from serving.web.turns import AT_ONCE, Turns


@dataclass(frozen=True)
class Shared:
    """Tokens checked lately, requests of the minute, requests in work."""

    tokens: Remembered
    windows: Windows
    turns: Turns


def shared_of(runtime: Runtime) -> Shared:
    """Return empty counts for the parts of a service."""
    return Shared(
        Remembered(lambda text: runtime.quickly(runtime.tokens.check, text)),
        Windows(),
        Turns(at_once=lambda: runtime.share(AT_ONCE)),
    )
