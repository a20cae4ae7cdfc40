"""Static files: style sheet, icon and script, each with headers that suit it."""

import re
from pathlib import Path
from typing import Any

from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

STATIC = Path(__file__).resolve().parent.parent / "static"
# A file whose name holds its version never changes.
VERSIONED = re.compile(r"-\d+\.\d+\.\d+(\.min)?\.js$")
FOREVER = b"private, max-age=31536000, immutable"
CHECKED = b"no-cache"


class Assets(StaticFiles):
    """Static files that browsers take for nothing but what they are."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a file with our headers added."""
        keep = FOREVER if VERSIONED.search(scope["path"]) else CHECKED

        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                found = keep if message["status"] in (200, 304) else CHECKED
                message["headers"] = [
                    *message["headers"],
                    (b"cache-control", found),
                    (b"x-content-type-options", b"nosniff"),
                ]
            await send(message)

        await super().__call__(scope, receive, with_headers)
