"""Takes passwords and tokens out of what is shown or recorded."""

import re
from typing import Any

HIDDEN = "***"

_NAMES_OF_HIDDEN = (
    r"passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|credential"
)
_SECRET_KEY = re.compile(_NAMES_OF_HIDDEN, re.IGNORECASE)
# Greedy up to the last @, since a password may hold one that was not escaped.
_USER_OF_URL = re.compile(r"://[^\s\"']*@")
_ASSIGNED = re.compile(rf"(\w*(?:{_NAMES_OF_HIDDEN})\w*\s*=\s*)[^&;,\s\"']+", re.IGNORECASE)


def redact(value: Any) -> Any:
    """Copy settings, lists or text with every password and token replaced by `***`.

    Hidden are the user part of a URL, what is assigned to a secret's name within a text
    (`password=...`), and each text under a key with such a name.
    """
    if isinstance(value, dict):
        return {key: _redact_item(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact(item) for item in value]
    return redact_text(value) if isinstance(value, str) else value


def redact_text(text: str) -> str:
    """Hide the user part of URLs and what is assigned to a secret's name."""
    return _ASSIGNED.sub(rf"\g<1>{HIDDEN}", _USER_OF_URL.sub(f"://{HIDDEN}@", text))


def _redact_item(key: str, value: Any) -> Any:
    if isinstance(value, str) and value and _SECRET_KEY.search(key):
        return HIDDEN
    return redact(value)
