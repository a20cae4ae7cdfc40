"""A transport that ends a connection without losing the answer that was just written."""

import asyncio
from collections.abc import Callable
from typing import Any


class LingeringTransport:
    """Passes all on to a transport; `close` leaves time for an answer to arrive.

    Where a client is still sending, closing at once would reset the connection, and the client
    might never see the answer that tells it why.

    Parameters
    ----------
    raw : the real transport
    unread : tells whether the client may still be sending
    linger : ends the connection with time for the answer
    """

    __slots__ = ("_linger", "_raw", "_unread", "is_over", "write")

    def __init__(
        self, raw: asyncio.Transport, unread: Callable[[], bool], linger: Callable[[], None]
    ) -> None:
        self._raw, self._unread, self._linger = raw, unread, linger
        self.write = raw.write
        self.is_over = False

    def close(self) -> None:
        """End the connection."""
        if self._unread():
            self._linger()
        else:
            self._raw.close()

    def is_closing(self) -> bool:
        """Tell whether nothing more is to be written or read."""
        return self.is_over or self._raw.is_closing()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)
