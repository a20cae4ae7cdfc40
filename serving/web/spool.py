"""A long text as an answer of known length, of which little is in memory at a time.

Its length says that it is whole, and a slow reader is left the time that it takes.
"""

from collections.abc import Iterable, Iterator, Mapping
from tempfile import SpooledTemporaryFile

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

IN_MEMORY = 1 << 20
AT_ONCE = 1 << 16

File = SpooledTemporaryFile[bytes]


class Spooled(StreamingResponse):
    """An answer from a file, which is closed when it was sent, or could not be."""

    def __init__(self, file: File, *, media_type: str, headers: Mapping[str, str]) -> None:
        super().__init__(_read(file), media_type=media_type, headers=headers)
        self.file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.file.close()


def spooled(parts: Iterable[str], *, media_type: str, headers: Mapping[str, str]) -> Spooled:
    """An answer of these parts: those beyond a MiB wait on the disk, where nobody else finds them.

    Parameters
    ----------
    headers : beside those of the length and the type
    """
    file: File = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - it is read after this returns
    try:
        length = sum(file.write(part.encode()) for part in parts)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    told = {**headers, "Content-Length": str(length)}
    return Spooled(file, media_type=media_type, headers=told)


def _read(file: File) -> Iterator[bytes]:
    while part := file.read(AT_ONCE):
        yield part
