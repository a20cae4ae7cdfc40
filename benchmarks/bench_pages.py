"""How long each page of the dashboard takes with a million customers in the store.

Writes `benchmarks/results/pages.md`. A second process signs in and asks one page after the other,
as people do; what is timed is from the request to the last byte of the answer.
"""

import dataclasses
import http.client
import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import serving_processes
from benchmarks.serving_store import CUSTOMERS, Bench, made_id, prepared, publish_in_a_process
from serving.lists.errors import ListExists
from serving.lists.request import ListIn
from serving.lists.service import create
from serving.scores import ScoreStore
from serving.store.tokens import Tokens

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "pages.md"
TIMES = 40
# A row that takes longer is cut short: its bar is missed anyway.
ROW_SECONDS = 15.0
BAR_MS = 300.0
SCOPES = ("read:scores", "list:scores", "lists", "export")
RISKS, VALUES = ("high", "medium", "low"), ("top", "high", "medium", "low")
STAGES = ("new", "developing", "active", "slipping", "lapsed", "won_back")
GROUPS = ("champions", "loyal", "new", "slipping", "dormant")
SORTS = ("-churn_probability", "predicted_clv", "-days_since_last", "customer_id")
TERMS = {
    "contact_cost": "0.5", "margin": "30", "save_rate": "10", "save_sd": "3", "incentive": "0",
    "redemption_saved": "100", "redemption_anyway": "100", "kappa": "100", "holdout": "auto",
    "detect": "3", "primary_outcome": "return_rate",
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """One request: a path, and the fields of a form where one is sent."""

    path: str
    form: dict[str, str] | None = None


@dataclass(frozen=True)
class Plan:
    """What the second process does: sign in, then ask the addresses of each row in turn."""

    port: int
    token: str
    rows: dict[str, list[Asked]]
    times: int
    server: list[int]


@dataclass(frozen=True)
class Row:
    """Milliseconds of one row's answers, in the order asked, and those that were not well.

    `worked` are the milliseconds of processor time that the server spent on each.
    """

    name: str
    taken: list[float]
    worked: list[float]
    bad: int

    @property
    def line(self) -> str:
        """The row of the table."""
        found = f"{at(self.taken, 0.5):,.0f} | {at(self.taken, 0.95):,.0f} | {max(self.taken):,.0f}"
        work = f"{at(self.worked, 0.5):,.0f} | {at(self.worked, 0.95):,.0f}"
        word = "met" if at(self.taken, 0.95) <= BAR_MS and not self.bad else "missed"
        return f"| {self.name} | {found} | {word} | {work} |"

    @property
    def is_missed(self) -> bool:
        """Whether the bar is."""
        return at(self.taken, 0.95) > BAR_MS or self.bad > 0


def at(values: list[float], share: float) -> float:
    """A quantile: of forty, the 95th percentile is the third longest."""
    return sorted(values)[int(share * (len(values) - 1))]


def customers_with(**fields: str) -> Asked:
    """The list of customers with filters."""
    return Asked(f"/customers?{urlencode(fields)}")


def builders(day: str) -> dict[str, list[Asked]]:
    """The builder and its live part: narrow and wide audiences, sliders moved, money and bars."""
    wide = {"include_lapsed": "yes", "contact_cost": "0"}
    kinds: dict[str, list[dict[str, str]]] = {
        "filters": [{"risk_tier": r, "value_tier": v} for r in RISKS for v in VALUES],
        "sliders: cost, rate, budget": [
            {"contact_cost": f"{c}", "save_rate": f"{s}", "budget": b}
            for c in (0.05, 0.2, 1) for s in (5, 15) for b in ("", "1000", "40000")
        ],
        "incentive, budget, the lapsed too": [
            {"include_lapsed": "yes", "incentive": f"{i}", "redemption_anyway": "50", "budget": b}
            for i in (1, 3) for b in ("", "20000", "200000")
        ],
        "everybody worth it": [wide | {"holdout": h} for h in ("auto", "10", "50")],
        "standing control, sample outside": [wide | {"global_control": "on", "outside_sample": o}
                                             for o in ("", "on")],
    }  # fmt: skip
    days = {"begins_on": day}
    return {
        "Builder, the page": [Asked(f"/lists/new?begins_on={day}&contact_cost={c}") for c in (0, 1)]
    } | {
        f"Preview: {name}": [Asked("/lists/preview", {**TERMS, **days, **each}) for each in forms]
        for name, forms in kinds.items()
    }


def pages(bench: Bench, made: Iterable[str], day: str) -> dict[str, list[Asked]]:
    """Every page, with what may be asked of it."""
    some = [made_id(i * (bench.customers // TIMES)) for i in range(TIMES)]
    searches = ("C000000001", "99", "000", "c0009", "none such", "7")
    later = [f"/customers?{urlencode({'sort': s})}" for s in ("-value_at_risk", *SORTS)]
    return {
        "This week": [Asked("/")],
        "Overview": [Asked("/overview")],
        "Customers": [Asked("/customers"), Asked("/customers?everybody=yes")],
        "Customers: risk x value": [
            customers_with(risk_tier=r, value_tier=v) for r in RISKS for v in VALUES
        ],
        "Customers: stage, change, group": [
            *(customers_with(lifecycle_status=s) for s in STAGES),
            *(customers_with(risk_change=c) for c in ("up", "down", "same")),
            *(customers_with(rfm_group=g) for g in GROUPS),
        ],
        "Customers: least value at risk": [
            customers_with(min_value_at_risk=f"{v}") for v in (0, 20, 40, 80, 160)
        ],
        "Customers: other orders": [customers_with(sort=s) for s in SORTS],
        "Customers: search": [customers_with(q=q) for q in searches],
        "Customers: later pages": [Asked(f"{path}#next") for path in later],
        "Customers: count of a filter": [Asked(f"/counts?risk_tier={r}&q=9") for r in RISKS],
        "Customers: a saved view": [customers_with(risk_tier="high", value_tier="top")],
        "Customer": [Asked(f"/customers/{each}") for each in some],
        "Lists": [Asked("/lists")],
        **builders(day),
        **{f"List of {name}": [Asked(f"/lists/{name}")] for name in made},
        **{f"Readout of {name}": [Asked(f"/lists/{name}/readout")] for name in made},
        "Portfolio": [Asked("/portfolio")],
        "Uplift": [Asked("/uplift")],
        "Model": [Asked("/model")],
        "Data": [Asked("/data")],
    }


def first_ones(day: str) -> dict[str, list[Asked]]:
    """What is asked first after a start and after a batch: nothing of it is in memory yet."""
    return {
        "Preview": [Asked("/lists/preview", {**TERMS, "begins_on": day})],
        "Customers: search": [customers_with(q="99")],
        "Customers": [Asked("/customers")],
        "This week": [Asked("/")],
        "Overview": [Asked("/overview")],
    }


class Browser:
    """A signed-in visitor with one connection."""

    def __init__(self, port: int, token: str, server: list[int]) -> None:
        self._server = server
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._headers: dict[str, str] = {}
        self._mark = ""
        _, _, head = self.ask(Asked("/sign-in", {"token": token}))
        cookie = str(head.get("set-cookie", "")).partition(";")[0]
        self._headers = {"Cookie": cookie}
        # The model's page has the form to sign out, and little else that is made from the store.
        _, text, _ = self.ask(Asked("/model"))
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', text)
        if found is None:
            raise RuntimeError("the sign-in failed; the model's page has no form")
        self._mark = found.group(1)

    def ask(self, asked: Asked) -> tuple[int, str, http.client.HTTPMessage]:
        """Return status, text and headers of an answer."""
        path, headers, body = asked.path, dict(self._headers), None
        if asked.form is not None:
            body = urlencode({**asked.form, "csrf": self._mark})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request("GET" if body is None else "POST", path, body, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers

    def settled(self, asked: Asked) -> Asked:
        """The address itself; of `#next`, that of the page behind."""
        path, _, later = asked.path.partition("#")
        if not later:
            return asked
        found = re.search(r'href="(/customers\?[^"]*cursor=[^"]*)"', self.ask(Asked(path))[1])
        return Asked(found.group(1).replace("&amp;", "&")) if found else Asked(path)

    def timed(self, asked: Asked) -> tuple[float, float, bool]:
        """Milliseconds to the whole answer, the server's work, and whether it was a good one."""
        before, started = processor_ms(self._server), time.perf_counter()
        status, text, _ = self.ask(asked)
        taken = 1000 * (time.perf_counter() - started)
        worked = processor_ms(self._server) - before
        return taken, worked, status == 200 and "Nothing can be foreseen" not in text


def processor_ms(processes: list[int]) -> float:
    """Processor time that processes have used, all their threads together; Linux counts it."""
    tasks = [task for each in processes for task in Path(f"/proc/{each}/task").glob("*/schedstat")]
    return sum(int(task.read_text(encoding="ascii").split()[0]) for task in tasks) / 1e6


def descendants(process: int) -> list[int]:
    """The processes that a process has started, and those that they have."""
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    children = [int(each) for task in tasks for each in task.read_text(encoding="ascii").split()]
    return [*children, *(one for child in children for one in descendants(child))]


def ask(plan: Plan) -> list[Row]:
    """Ask all rows of a plan in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.bench_pages", "--ask"],
        input=json.dumps(dataclasses.asdict(plan)),
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(
            f"the second process ended with {done.returncode}: {done.stderr[-1500:]}"
        )
    return [Row(**each) for each in json.loads(done.stdout)]


def answer(told: dict[str, Any]) -> list[dict[str, Any]]:
    """What the second process does: time the answers of each row."""
    browser = Browser(told["port"], told["token"], told["server"])
    rows = []
    for name, each in told["rows"].items():
        addresses = [browser.settled(Asked(**one)) for one in each]
        found, end = [], time.monotonic() + ROW_SECONDS
        for i in range(told["times"]):
            found.append(browser.timed(addresses[i % len(addresses)]))
            if time.monotonic() > end:
                break
        taken, worked, well = (list(each) for each in zip(*found, strict=True))
        rows.append(Row(name, taken, worked, well.count(False)))
    return [dataclasses.asdict(row) for row in rows]


def made_lists(bench: Bench, day: date) -> list[str]:
    """Names of two lists in the store, made now if they are not there: everybody, and some."""
    wanted: dict[str, dict[str, Any]] = {
        "a-million": {"contact_cost": 0.0, "audience": {"include_lapsed": True}},
        "ten-thousand": {"contact_cost": 0.5, "max_contacts": 10_000},
    }
    store = ScoreStore(bench.settings.store_url)
    now, rate = datetime.now(UTC), {"mean": 0.1, "sd": 0.03}
    try:
        for name, terms in wanted.items():
            told = {"list_id": name, "begins_on": day, "margin": 0.3, "save_rate": rate, **terms}
            try:
                create(store, bench.settings, now, ListIn.model_validate(told), "bench")
            except ListExists:
                continue
    finally:
        store.close()
    return list(wanted)


def token_of(bench: Bench) -> str:
    """A token that may see every page."""
    store = ScoreStore(bench.settings.store_url)
    try:
        return Tokens(store.database).create(SCOPES, name="bench pages", days=1)[0]
    finally:
        store.close()


def day_of(bench: Bench) -> date:
    """The day of the scores."""
    store = ScoreStore(bench.settings.store_url)
    try:
        batch = store.current()
        if batch is None:
            raise RuntimeError("the bench's store is empty; remove var/bench/serving")
        return date.fromisoformat(batch.as_of)
    finally:
        store.close()


HEAD = (
    "| page | p50, ms | p95, ms | longest, ms | p95 <= 300 ms | work p50, ms | work p95, ms |\n"
    "| --- | ---: | ---: | ---: | --- | ---: | ---: |"
)
FIRST = (
    "| what | after the start, ms | work, ms | after a batch, ms | work, ms | at most 300 ms |\n"
    "| --- | ---: | ---: | ---: | ---: | --- |"
)


def text_of(bench: Bench, rows: list[Row], started: list[Row], published: list[Row]) -> str:
    """The page of results."""
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    missed = ", ".join(row.name for row in rows if row.is_missed) or "none"
    firsts = []
    for one, other in zip(started, published, strict=True):
        a, b = one.taken[0], other.taken[0]
        word = "met" if max(a, b) <= BAR_MS and not one.bad + other.bad else "missed"
        found = f"{a:,.0f} | {one.worked[0]:,.0f} | {b:,.0f} | {other.worked[0]:,.0f}"
        firsts.append(f"| {one.name} | {found} | {word} |")
    return f"""# The dashboard: speed

{bench.customers:,} customers in an SQLite store; one worker of the real service. A second process
on the same cores signs in and asks every page {TIMES} times (no longer than {ROW_SECONDS:.0f} s),
one after another, each time with other filters where a page has any. The time is from the
request to the last byte of the answer; the work is the processor time of the server meanwhile,
which tells on a busy machine what the time would be on an idle one. This page is written by
`benchmarks/bench_pages.py`.

{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}. Load average at \
the end: {load}.

Rows that miss the bar: {missed}.

{HEAD}
{chr(10).join(row.line for row in rows)}

## The first ones

Asked once each, in this order: as soon as the service is ready, and as soon as the process that
published another batch of all customers has ended.

{FIRST}
{chr(10).join(firsts)}
"""


def main() -> None:
    """Measure and write the page."""
    bench = prepared(int(sys.argv[1]) if len(sys.argv) > 1 else CUSTOMERS)
    day, token = day_of(bench), token_of(bench)
    names = made_lists(bench, day)
    with serving_processes.ours(bench.config) as port:
        server = descendants(os.getpid())
        first = Plan(port, token, first_ones(day.isoformat()), 1, server)
        started = ask(first)
        rows = ask(Plan(port, token, pages(bench, names, day.isoformat()), TIMES, server))
        publish_in_a_process(bench)
        published = ask(first)
    text = text_of(bench, rows, started, published)
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    if "--ask" in sys.argv:
        print(json.dumps(answer(json.load(sys.stdin))))
    else:
        main()
