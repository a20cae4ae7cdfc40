"""Speed of the service against a bare app and MLflow's scoring server; see `make bench`.

Writes `benchmarks/results/serving.md`. A million customers are in the store. The load comes from
another process, and ours and its peer take turns, so that what else runs on the machine meets both.
"""

import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import peer_mlflow, serving_processes
from benchmarks.serving_load import Measured, Plan, load
from benchmarks.serving_page import Bar, page
from benchmarks.serving_store import (
    CUSTOMERS,
    Bench,
    made_id,
    prepared,
    publish_in_a_process,
    touch_champion,
)

RESULTS = Path(__file__).parent / "results" / "serving.md"
CONNECTIONS = (1, 8, 32)
TURNS = 5
SECONDS = 3.0
LONG_SECONDS = 10.0
SWAPS = 20
ASKED = 2_000


@dataclass
class Turns:
    """What each turn of a server measured."""

    found: list[Measured] = field(default_factory=list)

    def median(self, name: str) -> float:
        """Return the median of a measure."""
        return statistics.median(float(getattr(each, name)) for each in self.found)

    @property
    def bad(self) -> int:
        """Answers that were not 2xx."""
        return sum(sum(each.bad.values()) for each in self.found)


def interleaved(plans: dict[str, Plan], turns: int = TURNS) -> dict[str, Turns]:
    """Run the plans one after the other, several times over."""
    found = {name: Turns() for name in plans}
    for _ in range(turns):
        for name, plan in plans.items():
            found[name].found.append(load(plan))
    return found


@dataclass(frozen=True)
class Asked:
    """Plans of what is asked of our service."""

    port: int
    bench: Bench

    @property
    def tokens(self) -> list[str]:
        """The tokens that the connections take turns with."""
        return list(self.bench.tokens)

    def look_up(self, connections: int, seconds: float = SECONDS) -> Plan:
        """One customer's scores."""
        return Plan(
            self.port, connections, seconds, "/v1/customers/{}", ids(self.bench), None, self.tokens
        )

    def thousand(self) -> Plan:
        """Scores of 1,000 ids."""
        step = self.bench.customers // 1000
        listed = ", ".join(f'"{made_id(i * step)}"' for i in range(1000))
        body = f'{{"customer_ids": [{listed}]}}'
        return Plan(self.port, 1, SECONDS, "/v1/scores", [""], body, self.tokens)

    def predict(self, connections: int) -> Plan:
        """Score one customer with five purchases sent along."""
        days = ("1997-03-01", "1997-05-10", "1997-09-30", "1998-01-15", "1998-05-01")
        line = '{"customer_id": "new-{}", "ordered_at": "DAY", "amount": 20.0}'
        lines = ", ".join(line.replace("DAY", day) for day in days)
        body = f'{{"as_of": "1998-07-01", "purchases": [{lines}]}}'
        values = [str(number) for number in range(50)]
        return Plan(self.port, connections, SECONDS, "/predict", values, body, self.tokens)


def ids(bench: Bench) -> list[str]:
    """Return some ids from all over the store."""
    return [made_id(i * (bench.customers // ASKED)) for i in range(ASKED)]


def against_bare(bench: Bench, port: int) -> dict[int, dict[str, Turns]]:
    """Look-ups at each number of connections, ours and the bare app's."""
    asked, known = Asked(port, bench), ids(bench)
    with serving_processes.bare(bench.settings, known[0]) as peer:
        return {
            connections: interleaved(
                {
                    "perennial": asked.look_up(connections),
                    "bare": Plan(peer, connections, SECONDS, "/v1/customers/{}", known),
                }
            )
            for connections in CONNECTIONS
        }


def against_mlflow(bench: Bench, port: int) -> dict[str, Turns]:
    """Look-ups and `/predict` at 8 connections beside MLflow's server."""
    asked = Asked(port, bench)
    with tempfile.TemporaryDirectory() as place:
        model = Path(place) / "model"
        peer_mlflow.saved(model)
        with serving_processes.mlflow(model) as peer:
            invocations = Plan(peer, 8, SECONDS, "/invocations", [""], peer_mlflow.body())
            plans = {
                "look-up": asked.look_up(8),
                "predict": asked.predict(8),
                "mlflow": invocations,
            }
            return interleaved(plans, turns=3)


def under(work: Callable[[], object], asked: Asked) -> Measured:
    """Run look-ups at 8 connections, again and again, until something is done."""
    with ThreadPoolExecutor(1) as threads:
        done = threads.submit(work)
        found = [load(asked.look_up(8, LONG_SECONDS))]
        while not done.done():
            found.append(load(asked.look_up(8, LONG_SECONDS)))
        done.result()
    bad = sum((Counter(each.bad) for each in found), Counter())
    return Measured(
        rate=statistics.median(each.rate for each in found),
        p50=statistics.median(each.p50 for each in found),
        p99=statistics.median(each.p99 for each in found),
        worst=max(each.worst for each in found),
        answers=sum(each.answers for each in found),
        bad=dict(bad),
    )


def main() -> None:
    """Measure and write the page."""
    bench = prepared(int(sys.argv[1]) if len(sys.argv) > 1 else CUSTOMERS)
    with serving_processes.ours(bench.config) as port:
        asked = Asked(port, bench)
        bare = against_bare(bench, port)
        alone = interleaved({"thousand": asked.thousand(), "predict alone": asked.predict(1)})
        swapped = under(lambda: touch_champion(bench.settings, SWAPS), asked)
        published = under(lambda: publish_in_a_process(bench), asked)
        mlflow = against_mlflow(bench, port)
    bars = bars_of(bare, alone, mlflow, swapped, published)
    text = page(bench.customers, TURNS, bare, {**alone, **mlflow}, swapped, published, bars)
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


def bars_of(
    bare: dict[int, dict[str, Turns]],
    alone: dict[str, Turns],
    mlflow: dict[str, Turns],
    swapped: Measured,
    published: Measured,
) -> list[Bar]:
    """Return what was wanted and what was found."""
    bars = []
    for connections, found in bare.items():
        mine, peer = found["perennial"], found["bare"]
        rate = mine.median("rate") / peer.median("rate")
        late = mine.median("p99") / peer.median("p99")
        bars += [
            Bar(f"rate over the bare app's, {connections} connections", 0.8, rate),
            Bar(f"p99 over the bare app's, {connections} connections", 2, late, at_most=True),
        ]
    their = mlflow["mlflow"].median("rate")
    return [
        *bars,
        Bar("1,000 ids, ms (median)", 40, alone["thousand"].median("p50"), at_most=True),
        Bar(
            "`/predict` of one customer, ms (median)",
            12,
            alone["predict alone"].median("p50"),
            True,
        ),
        Bar("look-ups over MLflow's rate", 50, mlflow["look-up"].median("rate") / their),
        Bar("`/predict` over MLflow's rate", 3, mlflow["predict"].median("rate") / their),
        Bar("bad answers while the champion is swapped", 0, sum(swapped.bad.values()), True),
        Bar("bad answers while a batch is published", 0, sum(published.bad.values()), True),
    ]


if __name__ == "__main__":
    main()
