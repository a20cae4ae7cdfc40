"""Contact lists in words, for a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from retention.lists.audience import LEFT_OUT
from retention.lists.verdict import money

REASONS = {
    "not_scored": "without scores (inactive, refunds only, or asked not to be profiled)",
    "too_new": "too new",
    "no_contact": "asked not to be contacted",
    "unreachable": "not reachable",
    "held_out_elsewhere": "held out by another list",
    "global_control": "in the standing control group",
    "contact_cap": "contacted often enough",
    "lapsed": "lapsed",
    "value_unknown": "without a known value",
    "filtered_out": "outside the audience asked for",
}
OUTCOME_WORDS = {
    "return_rate": "return rate",
    "revenue": "revenue a customer",
    "profit": "profit a customer",
}

OUTCOMES_FROM = {"orders": "orders", "imported": "imported outcomes"}

Answer = Mapping[str, Any]


def list_text(found: Answer, *, made: bool) -> str:
    """A list, or the preview of one."""
    counts, gain, terms = found["counts"], found["gain"], found["terms"]
    assumed = terms["assumed"]
    rate = assumed["save_rate"]
    lines = [f"list {found['list_id']}" + ("" if made else " (a preview: nothing is written)")]
    lines += [f"  {counts['customers']:>9,} customers"]
    lines += [f"  {-counts[name]:>9,} {REASONS[name]}" for name in LEFT_OUT if counts[name]]
    lines += [
        f"  {counts['eligible']:>9,} eligible",
        f"  {counts['worth_contacting']:>9,} worth contacting",
        f"  {counts['contacted']:>9,} to be contacted, {counts['held_out']:,} held out",
    ]
    if counts.get("outside_contacted"):
        drawn = counts["outside_contacted"] + counts["outside_held_out"]
        lines += [f"  {drawn:>9,} drawn at random from outside the list, half held out"]
    low, mean, high = (money(gain[name]) for name in ("low", "mean", "high"))
    lines += [
        (
            f"expected cost {money(found['outlay'])}, expected net gain {mean} "
            f"(95 % interval {low} to {high}), chance of a loss {gain['chance_of_loss']:.0%}"
        ),
        f"save rate {rate['mean']:.1%} ± {rate['sd']:.1%} ({rate['origin']})"
        + _break_even(gain["break_even_save_rate"])
        + f"; margin {assumed['margin']:.0%}, {money(assumed['contact_cost'])} a contact",
        found["holdout"]["sentence"],
        (
            f"from {terms['begins_on']}, readout on {terms['readout_on']} by "
            f"{OUTCOME_WORDS[terms['primary_outcome']]}"
        ),
    ]
    if made:
        lines += [f"sha256 {found['digest']}"]
        lines += [band["sentence"] for band in found["fairness"] or [] if band["differs"]]
    return "\n".join(lines)


def head_cells(head: Answer) -> Sequence[Any]:
    """One list of the table of all."""
    counts = head["counts"]
    return (
        head["list_id"],
        head["begins_on"],
        head["readout_on"],
        f"{counts['contacted']:,}",
        f"{counts['held_out']:,}",
        money(head["gain"]["mean"]),
        head["verdict"] or head["status"],
    )


def readout_text(found: Answer) -> str:
    """A readout."""
    lines = [
        found["verdict"],
        (
            f"{found['contacted']:,} contacted, {found['held_out']:,} held out; "
            f"{OUTCOMES_FROM[found['outcomes_from']]} known before "
            f"{found['as_of'] or 'nothing yet'}"
        ),
    ]
    for name, mean in found["means"].items():
        told = [_number(name, mean[arm]) for arm in ("contacted", "held_out")]
        line = f"  {OUTCOME_WORDS[name]}: {told[0]} contacted, {told[1]} held out"
        effect = found["effects"].get(name)
        if effect and effect["low"] is not None:
            bounds = [_number(name, effect[part]) for part in ("estimate", "low", "high")]
            line += f"; difference {bounds[0]} ({bounds[1]} to {bounds[2]})"
        lines.append(line)
    if found["save_rate"]:
        rate = found["save_rate"]
        lines.append(
            f"save rate measured: {rate['mean']:.1%} ± {rate['sd']:.1%}; the next list goes by it"
        )
    reached = found["contacts"]["held_out_reached"]
    if reached:
        lines.append(f"{reached:,} of the held out were contacted all the same")
    gone = sum(found["erased"].values())
    if gone:
        lines.append(f"{gone:,} members were erased since and are left out")
    return "\n".join(lines)


def contacts_text(found: Answer) -> str:
    """What became of contacts."""
    text = f"{found['recorded']:,} contacts recorded, {found['duplicate']:,} known already"
    if found["held_out"]:
        text += f"; {found['held_out']:,} rows of customers held out are no contacts"
    if found["erased"]:
        text += f"; {found['erased']:,} rows of erased customers left out"
    if found["held_out_contacted"]:
        text += (
            f"; {found['held_out_contacted']:,} contacted customers are held out by their list: "
            "the readout counts them where they were assigned"
        )
    return text


def outcomes_text(found: Answer) -> str:
    """What became of outcomes."""
    text = f"{found['recorded']:,} outcomes kept for list {found['list_id']}"
    if found["not_members"]:
        text += f"; {found['not_members']:,} rows of customers who are not on it left out"
    return f"{text}; {found['outcomes']:,} altogether"


def added_up(parts: Sequence[Answer]) -> dict[str, Any]:
    """Answers to several parts of one file as one."""
    names = ("recorded", "duplicate", "held_out", "held_out_contacted", "erased")
    found: dict[str, Any] = {name: sum(part[name] for part in parts) for name in names}
    return {**found, "lists": sorted({name for part in parts for name in part["lists"]})}


def _break_even(rate: float | None) -> str:
    return ", no break-even" if rate is None else f", break-even at {rate:.1%}"


def _number(outcome: str, value: float | None) -> str:
    if value is None:
        return "unknown"
    return f"{value:.1%}" if outcome == "return_rate" else money(value)
