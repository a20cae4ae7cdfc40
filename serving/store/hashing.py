"""Keyed hashes of what must not be kept as it is: ids of erased customers, keys of writes."""

import hashlib
import hmac


def keyed(secret: bytes, *parts: str | bytes) -> str:
    """Return the HMAC-SHA256 of some parts as 64 hex digits; no two lists of parts share one."""
    content = b"".join(framed(part) for part in parts)
    return hmac.digest(secret, content, hashlib.sha256).hex()


def framed(part: str | bytes) -> bytes:
    """Return a part with its length before it, so that no two lists of parts look alike."""
    text = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
    return len(text).to_bytes(8, "big") + text
