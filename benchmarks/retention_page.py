"""The page of results of `bench_retention.py`."""

import math
from typing import Any

import numpy as np
from scipy.stats import t as student

HEAD = """# Lists, readouts and uplift, where the truth is known

`python benchmarks/bench_retention.py`. Made shops of 50,000 customers (`retention_shop.py`):
contact saves a share of those who would not return and drives away a share of those who would,
both set by two features (share bought at a discount, share of newsletters opened), so that the
effect on the return rate lies between -3 and +12 points. Part of what a customer would do is told
by no feature. The shop's models are fitted on an earlier day; lists contact 10,000 at margin 40 %,
0.50 a contact, an incentive of 3, an assumed save rate of 5 %. Profit is the expectation under the
simulator's potential outcomes, with everybody on the list contacted. Shops 100 and on; the
learners' parameters were chosen on shops 0 to 3."""


def page(told: dict[str, Any]) -> str:
    """Return the page; parts that were not run are left out."""
    makers = {
        "lists": _lists,
        "uplift": _uplift,
        "readouts": _readouts,
        "intervals": _intervals,
        "retraining": _retraining,
        "hillstrom": _hillstrom,
    }
    parts = [HEAD, *(make(told[name]) for name, make in makers.items() if told.get(name))]
    return "\n\n".join(parts) + "\n"


def interval(values: list[float]) -> tuple[float, float, float]:
    """Mean over shops with its 95 % interval (Student's t)."""
    v = np.asarray(values, float)
    if len(v) < 2:
        return float(v.mean()), math.nan, math.nan
    half = float(student.ppf(0.975, len(v) - 1) * v.std(ddof=1) / np.sqrt(len(v)))
    return float(v.mean()), float(v.mean()) - half, float(v.mean()) + half


def _said(values: list[float], digits: int = 0) -> str:
    mean, low, high = interval(values)
    return f"{mean:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _lists(told: dict[str, Any]) -> str:
    rows = []
    for name, label in (("usual", "as above"), ("hidden", "more that no feature tells")):
        runs = told[name]
        ratio = [r["list"] / r["oracle"] for r in runs]
        whole = sum(r["list"] for r in runs) / sum(r["oracle"] for r in runs)
        rows.append(
            [
                label,
                str(len(runs)),
                f"{100 * whole:.1f} %",
                f"{100 * min(ratio):.1f} %",
                _said([r["list"] for r in runs]),
                _said([r["list"] - r["risk"] for r in runs]),
                _said([r["list"] - r["value"] for r in runs]),
            ]
        )
    head = ["shops", "runs", "of the oracle's profit", "worst shop", "profit"]
    head += ["above risk alone", "above value alone"]
    return (
        "## The list against an oracle\n\n"
        "The oracle knows every customer's true return probability and expected spend, the\n"
        "hidden part too, but not the individual effect; it makes as many contacts. Mean over\n"
        "shops, paired 95 % interval. Bar: 95 % of the oracle, intervals above 0. In the second\n"
        "row what no feature tells has twice and three times the spread.\n\n" + _table(head, rows)
    )


def _uplift(told: dict[str, Any]) -> str:
    rows = []
    for learner, runs in told.items():
        gained = [r["uplift"] - r["list"] for r in runs]
        way = [r["oracle"] - r["list"] for r in runs]
        each = [g / w for g, w in zip(gained, way, strict=True)]
        rows.append(
            [
                learner,
                str(len(runs)),
                f"{100 * sum(gained) / sum(way):.0f} %",
                _said([100 * e for e in each]) + " %",
                f"{100 * min(each):.0f} %",
                _said(gained),
                *(f"{sum(r[k] for r in runs):.0f}" for k in ("switch_on", "expected_on")),
            ]
        )
    head = ["learner", "runs", "of the way", "mean over shops", "worst", "profit gained"]
    head += ["switched on", "on, at expected spend"]
    return (
        "## Uplift after three randomised lists\n\n"
        "Three lists of 10,000 on three days, half held out, and 5 % of everybody else, half\n"
        "held out as well. A fourth list of 10,000 is re-ranked; the oracle knows\n"
        "E[effect | features]. Bar: 60 % of the way from the list to the oracle. The last\n"
        "columns count shops in which the rule would let uplift re-rank after the third list:\n"
        "fitted on the first two, one-sided 99.9 % lower bound of its profit on the third above\n"
        "0, with profits as they came, and with the spend of those who return as expected.\n\n"
        + _table(head, rows)
    )


def _readouts(told: dict[str, Any]) -> str:
    rows = [
        [
            f"+{points}",
            f"{r['count']:.0f}",
            f"{r['members']:,.0f}",
            f"{r['held_out']:,.0f}",
            *(f"{100 * r[f'covers_{n}']:.1f} %" for n in ("return_rate", "revenue", "profit")),
            f"{100 * r['none_shown']:.1f} %",
            f"{100 * r['shown']:.1f} %",
            f"{100 * r['stated']:.1f} %",
            f"{100 * r['paid']:.1f} %",
        ]
        for points, r in told.items()
    ]
    head = ["effect, points", "readouts", "customers", "held out", "covers return rate", "revenue"]
    head += ["profit", "no effect shown", "effect shown", "power stated", '"it paid"']
    return (
        "## Readouts of known effect\n\n"
        "Lists that contact 2,000 and hold out what `auto` takes for 5 points. Bars: coverage\n"
        '93 %, "no effect shown" 93 % without an effect, "effect shown" within 5 points of the\n'
        "power that was stated when the list was made.\n\n" + _table(head, rows)
    )


def _intervals(told: dict[str, Any]) -> str:
    kinds = ("robust", "percentile", "bootstrap_t")
    rows = [[size, *(f"{100 * r[kind]:.1f} %" for kind in kinds)] for size, r in told.items()]
    head = ["held out and contacted", "robust (HC2, Student's t)", "percentile bootstrap"]
    return (
        "## Which interval\n\n"
        "Share of made lists whose 95 % interval of the effect on profit holds the truth; three\n"
        "of ten return, log spend has a standard deviation of 1.2. The readout's is robust.\n\n"
        + _table([*head, "bootstrap-t"], rows)
    )


RETRAINED = {
    "untouched": "the same day without a list",
    "plain": "labels as they are",
    "corrected": "corrected",
}


def _retraining(told: dict[str, Any]) -> str:
    head = ["labels", "all customers", "those a list would take"]
    runs, full = told["shops"], told.get("in_full", [])
    page = (
        "## Retraining after a list that worked\n\n"
        "10,000 listed, a fifth held out, a quarter of those lost won back. Predicted less true\n"
        "risk of untouched customers on a later day, points, mean over "
        f"{len(runs)} shops. Bar: below 1 point.\n\n" + _table(head, _biases(runs))
    )
    if not full:
        return page
    return (
        page
        + "\n\nThe same by the training job's own path (`retention_retraining.py`: log, panel,\n"
        f"scores, calibration), {told['customers']:,} customers, three of ten listed, asked of as\n"
        "many others whom nobody contacts; what counts is the distance to the first row. Mean over "
        f"{len(full)} shops.\n\n" + _table(head, _biases(full))
    )


def _biases(runs: list[dict[str, float]]) -> list[list[str]]:
    rows = [
        [label, *(_said([r[f"{name}_{who}"] for r in runs], 2) for who in ("all", "listed"))]
        for name, label in RETRAINED.items()
    ]
    gaps = (
        [r[f"corrected_{who}"] - r[f"untouched_{who}"] for r in runs] for who in ("all", "listed")
    )
    return [*rows, ["corrected less without a list", *(_said(gap, 2) for gap in gaps)]]


def _hillstrom(told: dict[str, Any]) -> str:
    rows = []
    for learner, arms in told["halves"].items():
        for arm, both in arms.items():
            for half, r in both.items():
                points = [[100 * v for v in r[k]] for k in ("qini", "top")]
                said = [f"{m:.2f} ({low:.2f} to {high:.2f})" for m, low, high in points]
                rows.append([f"{learner}, {arm}, {half} half", *said, f"{100 * r['all']:.2f}"])
    head = ["learner, arm, tested on", "Qini, points", "effect in the top 30 %", "in all"]
    return (
        "## Hillstrom's e-mail test, outcome `visit`\n\n"
        "Fitted on one half, measured on the other, both ways. Qini is the area between the curve\n"
        "and the straight line, in points of the visit rate over all customers; 95 % bootstrap\n"
        "intervals.\n\n"
        + _table(head, rows)
        + f"\n\nWith shuffled arms uplift switched on in {told['shuffled_on']} of "
        f"{told['shuffles']} runs. Bar: at most 1 of 50."
    )
