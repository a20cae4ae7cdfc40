"""A small client of the service for Python programs; it needs nothing but the standard library.

client = Client("http://127.0.0.1:3000", token)
for row in client.customers(risk_tier=["high"], value_tier=["top"]):
    print(row["customer_id"], row["value_at_risk"])
"""

import hashlib
import http.client
import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack
from urllib.parse import quote, urlencode, urlsplit

Json = dict[str, Any]

AT_ONCE = 1000
ROWS_AT_ONCE = 10_000
WAITS = (429, 503)
LOOK_SECONDS = 1.0
BLOCK = 1024 * 1024


class ExportAsked(TypedDict, total=False):
    """What an export may be asked for; see docs/api.md."""

    format: Literal["csv", "parquet"]
    filter: Mapping[str, Any]
    changed_since: str
    fields: Sequence[str]
    preset: Literal["klaviyo", "braze", "hubspot", "salesforce", "segment"]
    hashed_email: bool


class ApiError(Exception):
    """The service answered with an error, or not at all.

    Attributes
    ----------
    status : HTTP status; None where no answer came
    problem : the problem object (RFC 9457): `title`, `detail`, `errors`
    """

    def __init__(self, status: int | None, problem: Mapping[str, Any]) -> None:
        self.status, self.problem = status, dict(problem)
        super().__init__(f"{status or 'no answer'}: {self.problem.get('detail', '')}")


@dataclass(frozen=True)
class Reply:
    """A good answer: its body, not yet read as anything."""

    status: int
    body: bytes

    def json(self) -> Json:
        """Return the body as a JSON object."""
        found: Json = json.loads(self.body)
        return found


class Client:
    """Calls the routes of one service.

    Parameters
    ----------
    address : `http://host:port` or `https://host`
    token : as `perennial token create` printed it
    timeout : seconds until a call without an answer is given up
    patience : seconds that answers 429 and 503 are waited for altogether, by their `Retry-After`
    pause : waits for some seconds

    Raises
    ------
    ValueError
        If the address is no http address.

    Every method raises `ApiError` where the service refuses or does not answer.
    """

    def __init__(
        self,
        address: str,
        token: str,
        *,
        timeout: float = 10.0,
        patience: float = 60.0,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"address must be http://HOST:PORT or https://HOST, got {address!r}")
        kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
        self._kind, self._host, self._port = kinds[parts.scheme], parts.hostname, parts.port
        self._base, self._token = parts.path.rstrip("/"), token
        self.timeout, self.patience, self._pause = timeout, patience, pause

    def customer(self, customer_id: str) -> Json:
        """Return one customer's score row."""
        answer = self._get(_one(customer_id))
        row: Json = answer["results"][0]
        return row

    def orders(self, customer_id: str) -> list[Json]:
        """Return one customer's orders, oldest first."""
        found: list[Json] = self._get(f"{_one(customer_id)}/orders")["orders"]
        return found

    def history(self, customer_id: str) -> list[Json]:
        """Return one customer's scores in every batch kept, oldest first."""
        found: list[Json] = self._get(f"{_one(customer_id)}/history")["history"]
        return found

    def value(self, customer_id: str) -> Json:
        """Return what one customer is worth: the steps, ratios, and why some cannot be given."""
        return self._get(f"{_one(customer_id)}/value")

    def scores(self, customer_ids: Sequence[str]) -> list[Json]:
        """Return a row for each id, in the order given; any number of ids."""
        rows: list[Json] = []
        for start in range(0, len(customer_ids), AT_ONCE):
            body = {"customer_ids": list(customer_ids[start : start + AT_ONCE])}
            rows += self._send("POST", "/v1/scores", body).json()["results"]
        return rows

    def customers(
        self,
        *,
        risk_tier: Sequence[str] = (),
        value_tier: Sequence[str] = (),
        lifecycle_status: Sequence[str] = (),
        risk_change: Sequence[str] = (),
        rfm_group: Sequence[str] = (),
        min_value_at_risk: float | None = None,
        min_churn_probability: float | None = None,
        q: str | None = None,
        sort: str | None = None,
        limit: int = 500,
    ) -> Iterator[Json]:
        """Give the rows of the filtered list, page by page; `limit` is the size of a page."""
        asked: dict[str, Any] = {
            "risk_tier": ",".join(risk_tier),
            "value_tier": ",".join(value_tier),
            "lifecycle_status": ",".join(lifecycle_status),
            "risk_change": ",".join(risk_change),
            "rfm_group": ",".join(rfm_group),
            "min_value_at_risk": min_value_at_risk,
            "min_churn_probability": min_churn_probability,
            "q": q,
            "sort": sort,
            "limit": limit,
        }
        query = {name: value for name, value in asked.items() if value not in (None, "")}
        while True:
            page = self._get(f"/v1/customers?{urlencode(query)}")
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            query["cursor"] = page["next_cursor"]

    def predict(self, as_of: str, purchases: Sequence[Mapping[str, Any]]) -> list[Json]:
        """Return the scores of the purchases given, a row for each customer in them."""
        body = {"as_of": as_of, "purchases": [dict(line) for line in purchases]}
        found: list[Json] = self._send("POST", "/predict", body).json()["results"]
        return found

    def portfolio(self, basis: str = "revenue") -> Json:
        """Return totals and rates of all customers, value as `revenue` or as `profit`."""
        return self._get(f"/v1/portfolio?{urlencode({'basis': basis})}")

    def model(self) -> Json:
        """Return the card of the model in use."""
        return self._get("/v1/model")

    def start_export(
        self, *, idempotency_key: str | None = None, **asked: Unpack[ExportAsked]
    ) -> Json:
        """Ask for an export; return its state."""
        return self._write("/v1/exports", dict(asked), idempotency_key)

    def export_state(self, export_id: str) -> Json:
        """Return how far an export is."""
        return self._get(f"/v1/exports/{quote(export_id, safe='')}")

    def export_file(self, export_id: str, path: Path) -> None:
        """Fetch the file of an export; `path` is written whole or not at all."""
        reply = self._send("GET", f"/v1/exports/{quote(export_id, safe='')}/file")
        draft = path.with_name(f".{path.name}.part")
        try:
            draft.write_bytes(reply.body)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def export(self, path: Path, *, seconds: float = 600.0, **asked: Unpack[ExportAsked]) -> Json:
        """Ask for an export, wait until it is done, fetch it, check its SHA-256; return its state.

        Raises
        ------
        ApiError
            If the export fails, is not done in time, or its file is not what the state says.
        """
        state = self.start_export(**asked)
        ends = time.monotonic() + seconds
        while state["status"] in ("queued", "running"):
            if time.monotonic() > ends:
                raise ApiError(None, {"detail": f"export {state['export_id']} is not done yet"})
            self._pause(LOOK_SECONDS)
            state = self.export_state(state["export_id"])
        if state["status"] != "done":
            why = state["error"] or state["status"]
            raise ApiError(None, {"detail": f"export {state['export_id']}: {why}"})
        self.export_file(state["export_id"], path)
        if _sha256(path) != state["sha256"]:
            path.unlink()
            raise ApiError(None, {"detail": "the file differs from what was written; try again"})
        return state

    def erase(self, customer_id: str, *, idempotency_key: str | None = None) -> Json:
        """Erase a customer; return the receipt."""
        return self._write("/v1/erasures", {"customer_id": customer_id}, idempotency_key)

    def preview_list(self, terms: Mapping[str, Any]) -> Json:
        """Return what a contact list would be; nothing is written. See docs/lists.md."""
        return self._send("POST", "/v1/lists/preview", dict(terms)).json()

    def make_list(self, terms: Mapping[str, Any], *, idempotency_key: str | None = None) -> Json:
        """Make a contact list; return all of it."""
        return self._write("/v1/lists", dict(terms), idempotency_key)

    def lists(self, *, limit: int = AT_ONCE) -> list[Json]:
        """Return the heads of all contact lists, the newest first; `limit` is that of a page."""
        return list(self._pages("/v1/lists", {"limit": limit}))

    def one_list(self, list_id: str) -> Json:
        """Return one contact list."""
        return self._get(_list(list_id))

    def list_members(
        self, list_id: str, *, arm: str | None = None, limit: int = 500
    ) -> Iterator[Json]:
        """Give the members of a list in the order of rank; `limit` is the size of a page."""
        query: dict[str, Any] = {"limit": limit, **({"arm": arm} if arm else {})}
        return self._pages(f"{_list(list_id)}/members", query)

    def readout(self, list_id: str) -> Json:
        """Return what a list earned, as far as it is known."""
        return self._get(f"{_list(list_id)}/readout")

    def uplift(self) -> Json:
        """Return whom contact moves, as the finished lists tell, or what is missing to tell it."""
        return self._get("/v1/uplift")

    def record_contacts(
        self, contacts: Sequence[Mapping[str, Any]], *, idempotency_key: str | None = None
    ) -> int:
        """Tell of contacts that were made, any number; return how many were new."""
        new = 0
        for start in range(0, len(contacts), ROWS_AT_ONCE):
            rows = [dict(each) for each in contacts[start : start + ROWS_AT_ONCE]]
            key = _part(idempotency_key, start)
            new += self._write("/v1/contacts", {"contacts": rows}, key)["recorded"]
        return new

    def record_outcomes(
        self,
        list_id: str,
        outcomes: Sequence[Mapping[str, Any]],
        *,
        replace: bool = False,
        idempotency_key: str | None = None,
    ) -> int:
        """Tell what members of a list bought; return how many rows are kept for the list.

        `replace` forgets what was told before.
        """
        kept = 0
        for start in range(0, len(outcomes), ROWS_AT_ONCE):
            rows = [dict(each) for each in outcomes[start : start + ROWS_AT_ONCE]]
            body = {"outcomes": rows, "replace": replace and start == 0}
            key = _part(idempotency_key, start)
            kept = self._write(f"{_list(list_id)}/outcomes", body, key)["outcomes"]
        return kept

    def _pages(self, path: str, query: Mapping[str, Any]) -> Iterator[Json]:
        """Give the items of all pages of an answer that has cursors."""
        asked = dict(query)
        while True:
            page = self._get(f"{path}?{urlencode(asked)}")
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            asked["cursor"] = page["next_cursor"]

    def _get(self, path: str) -> Json:
        return self._send("GET", path).json()

    def _write(self, path: str, body: Json, key: str | None) -> Json:
        # With a key of its own each call may be sent again, and is done once.
        return self._send("POST", path, body, {"Idempotency-Key": key or str(uuid.uuid4())}).json()

    def _send(
        self, method: str, path: str, body: Json | None = None, headers: Json | None = None
    ) -> Reply:
        waited = 0.0
        while True:
            status, retry_after, content = self._once(method, path, body, headers or {})
            if status < 300:
                return Reply(status, content)
            wait = float(retry_after) if retry_after and retry_after.isdigit() else None
            if status not in WAITS or wait is None or waited + wait > self.patience:
                raise ApiError(status, _problem(content))
            self._pause(wait)
            waited += max(wait, 0.1)

    def _once(
        self, method: str, path: str, body: Json | None, headers: Json
    ) -> tuple[int, str | None, bytes]:
        connection = self._kind(self._host, self._port, timeout=self.timeout)
        told = {"Authorization": f"Bearer {self._token}", **headers}
        content = None
        if body is not None:
            content, told["Content-Type"] = json.dumps(body).encode(), "application/json"
        try:
            connection.request(method, f"{self._base}{path}", content, told)
            response = connection.getresponse()
            return response.status, response.getheader("Retry-After"), response.read()
        except (OSError, http.client.HTTPException) as error:
            why = f"{self._host} does not answer: {error or type(error).__name__}"
            raise ApiError(None, {"detail": why}) from error
        finally:
            connection.close()


def _one(customer_id: str) -> str:
    return f"/v1/customers/{quote(customer_id, safe='')}"


def _part(key: str | None, start: int) -> str | None:
    """The key of a part of a write, which begins at a row."""
    return key if key is None or start == 0 else f"{key}-{start}"


def _list(list_id: str) -> str:
    return f"/v1/lists/{quote(list_id, safe='')}"


def _problem(content: bytes) -> Json:
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
