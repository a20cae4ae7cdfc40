"""Numbers of a hash: equal in every process and on every machine, and of no meaning besides."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Unsigned = NDArray[np.uint64]


def hash_numbers(scope: str, name: str, customer_ids: Sequence[str]) -> Unsigned:
    """First 64 bits of SHA-256 over (scope, name, customer id), shape (n,).

    Parameters
    ----------
    scope : what is drawn, so that two draws have nothing to do with each other
    name : of the list or the shop
    """
    # Lengths stand before the texts, so that ("ab", "c") and ("a", "bc") differ.
    start = hashlib.sha256(_framed(scope) + _framed(name))
    made = bytearray()
    for customer_id in customer_ids:
        one = start.copy()
        one.update(_framed(str(customer_id)))
        made += one.digest()[:8]
    return np.frombuffer(bytes(made), dtype=">u8").astype(np.uint64)


def _framed(text: str) -> bytes:
    data = text.encode("utf-8")
    return len(data).to_bytes(8, "big") + data
