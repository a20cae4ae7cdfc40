"""Who can reach the service and the database, and who can read along."""

import ipaddress

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from serving.checkup.finding import Circumstances, Finding, advice, fine, refused

ENCRYPTED = ("require", "verify-ca", "verify-full")
LONGEST_STALE_HOURS = 8 * 24
# By so many, guessing a token of 256 bits stays hopeless, and no proxy's clients are shut out.
MOST_WRONG_TOKENS = 1000


def network_findings(seen: Circumstances) -> list[Finding]:
    """Look at the address of the service, its way to the store, and when scores count as stale."""
    return [_listening(seen), _store_link(seen), _stale_after(seen), _guesses(seen)]


def _guesses(seen: Circumstances) -> Finding:
    check, where = "limits", "serve.wrong_tokens_per_minute"
    most = seen.settings.serve.wrong_tokens_per_minute
    told = f"{most:,} wrong tokens from one address are let through in a minute"
    if most > MOST_WRONG_TOKENS:
        return refused(check, told, where, f"set it to {MOST_WRONG_TOKENS} or fewer, e.g. 10")
    return fine(check, told, where)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _listening(seen: Circumstances) -> Finding:
    host, where = seen.host, "serve.host"
    if is_loopback(host):
        return fine("address", f"{host} is reached from this machine only", where)
    if seen.settings.serve.behind_tls:
        return fine("address", f"{host} stands behind a proxy that ends TLS", "serve.behind_tls")
    return refused(
        "address",
        f"the service listens on {host}, where tokens and scores travel in the clear",
        where,
        "set serve.host to 127.0.0.1, or put a proxy that ends TLS in front and set "
        "serve.behind_tls to true",
    )


def _store_link(seen: Circumstances) -> Finding:
    try:
        url = make_url(seen.settings.store_url)
    except ArgumentError:
        return refused(
            "store link", "the URL cannot be read", "store", "write it as postgresql+psycopg://…"
        )
    if url.get_backend_name() == "sqlite":
        return fine("store link", "the store is a file of this machine", "store")
    if _is_near(url) or _mode(url, seen) in ENCRYPTED:
        return fine("store link", "nobody can read along between service and store", "store")
    return refused(
        "store link",
        f"scores travel to {url.host} without encryption being required",
        "store",
        "add ?sslmode=verify-full to the URL",
    )


def _is_near(url: URL) -> bool:
    return not url.host or url.host.startswith("/") or is_loopback(url.host)


def _mode(url: URL, seen: Circumstances) -> str:
    told = url.query.get("sslmode", seen.environment.get("PGSSLMODE", ""))
    return told if isinstance(told, str) else told[-1]


def _stale_after(seen: Circumstances) -> Finding:
    hours, where = seen.settings.serve.stale_after_hours, "serve.stale_after_hours"
    if hours > LONGEST_STALE_HOURS:
        return refused(
            "staleness",
            f"scores count as stale only after {hours:g} hours, so that a batch job that fails "
            "for days is not noticed",
            where,
            f"set it to the time between two batches and some spare, at most {LONGEST_STALE_HOURS}",
        )
    if hours < 1:
        return advice(
            "staleness",
            f"scores count as stale after {hours:g} hours already",
            where,
            "set it to the time between two batches and some spare",
        )
    return fine("staleness", f"scores count as stale after {hours:g} hours", where)
