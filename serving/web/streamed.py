"""A long text as an answer that is sent while it is made, of which little is in memory at a time.

Nobody knows its length before, so it comes in chunks: one that breaks off lacks the last of them.
"""

from collections.abc import Callable, Iterable, Mapping

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from serving.web.patience import is_over


class Streamed(StreamingResponse):
    """An answer of some parts, each made in a thread when the one before has been sent.

    Parameters
    ----------
    parts : of the text
    begun : called right before the answer begins, and never where its deadline has passed
    """

    def __init__(
        self,
        parts: Iterable[str],
        *,
        begun: Callable[[], None],
        media_type: str,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(parts, media_type=media_type, headers=headers)
        self.begun = begun

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if is_over(scope):
            return
        self.begun()
        await super().__call__(scope, receive, send)
