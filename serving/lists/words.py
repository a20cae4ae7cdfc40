"""Contact lists in words, for a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from retention.lists.audience import LEFT_OUT
from retention.lists.verdict import money
from serving.lists.counted import counted

REASONS = {
    "not_scored": "without scores (inactive, refunds only, or asked not to be profiled)",
    "too_new": "too new",
    "no_contact": "asked not to be contacted",
    "unreachable": "not reachable, or not by this channel",
    "reach_unknown": "of whom it is not known whether this channel reaches them",
    "held_out_elsewhere": "held out by another list",
    "global_control": "in the standing control group",
    "contact_cap": "contacted often enough",
    "lapsed": "lapsed",
    "value_unknown": "without a known value",
    "filtered_out": "outside the audience asked for",
}
HEADS = (
    "list", "from", "readout on", "contacted", "held out", "expected gain", "status", "verdict",
)  # fmt: skip
OUTCOME_WORDS = {
    "return_rate": "return rate",
    "revenue": "revenue a customer",
    "profit": "profit a customer",
}

STATUS_WORDS = {
    "open": "nothing is known yet of what its members did",
    "preliminary": "some days are known, not all: means are shown, no interval and no verdict",
    "final": "all days until the readout are known, so it has its verdict",
}
OUTCOMES_FROM = {"orders": "orders", "imported": "imported outcomes"}

MINUS = "\N{MINUS SIGN}"
ADJUSTED = (
    "  differences are contacted less held out, adjusted for the return and the spend that were "
    "predicted of each customer: they are not just those of the two means"
)

Answer = Mapping[str, Any]


def list_text(found: Answer, *, made: bool) -> str:
    """A list, or the preview of one."""
    counts, gain, terms = found["counts"], found["gain"], found["terms"]
    assumed = terms["assumed"]
    rate = assumed["save_rate"]
    lines = [f"list {found['list_id']}" + ("" if made else " (a preview: nothing is written)")]
    everybody = counts["customers"]
    lines += [f"  {everybody:>9,} {'customer' if everybody == 1 else 'customers'}"]
    lines += [f"  {-counts[name]:>9,} {REASONS[name]}" for name in LEFT_OUT if counts.get(name)]
    lines += [
        f"  {counts['eligible']:>9,} eligible",
        f"  {counts['worth_contacting']:>9,} worth contacting",
        f"  {counts['contacted']:>9,} to be contacted, {counts['held_out']:,} held out",
    ]
    if counts.get("outside_contacted"):
        drawn = counts["outside_contacted"] + counts["outside_held_out"]
        lines += [f"  {drawn:>9,} drawn at random from outside the list, half held out"]
    if found.get("refusal"):
        return "\n".join([*lines, found["refusal"]])
    low, mean, high = (money(gain[name]) for name in ("low", "mean", "high"))
    lines += [
        (
            f"expected cost {money(found['outlay'])}, expected net gain {mean} "
            f"(95 % interval {low} to {high}), chance of a loss {gain['chance_of_loss']:.0%}"
        ),
        f"save rate {rate['mean']:.1%} ± {100 * rate['sd']:.1f} points ({rate['origin']})"
        + _break_even(gain["break_even_save_rate"])
        + f"; margin {assumed['margin']:.0%}, {money(assumed['contact_cost'])} a contact",
        found["holdout"]["sentence"],
        (
            f"from {terms['begins_on']}, readout on {terms['readout_on']} by "
            f"{OUTCOME_WORDS[terms['primary_outcome']]}"
        ),
    ]
    if made:
        lines += [status_line(found["status"]), f"sha256 {found['digest']}"]
        lines += [band["sentence"] for band in found["fairness"] or [] if band["differs"]]
    return "\n".join(lines)


def status_line(status: str) -> str:
    """A status and what it means."""
    return f"status {status}: {STATUS_WORDS[status]}"


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
        head["status"],
        head["verdict"] or "",
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
    adjusted = False
    for name, mean in found["means"].items():
        told = [_number(name, mean[arm]) for arm in ("contacted", "held_out")]
        line = f"  {OUTCOME_WORDS[name]}: {told[0]} contacted, {told[1]} held out"
        effect = found["effects"].get(name)
        if effect and effect["low"] is not None:
            line += f"; adjusted difference {_difference(name, effect)}"
            adjusted = True
        lines.append(line)
    if adjusted:
        lines.append(ADJUSTED)
    if found["status"] != "final":
        lines.append(status_line(found["status"]))
    if found["save_rate"]:
        rate = found["save_rate"]
        lines.append(
            f"save rate measured: {rate['mean']:.1%} ± {100 * rate['sd']:.1f} points; the next "
            "list weighs it with the readouts of other lists over the same days and the usual guess"
        )
    reached = found["contacts"]["held_out_reached"]
    if reached:
        were = "was" if reached == 1 else "were"
        lines.append(f"{reached:,} of the held out {were} contacted all the same")
    gone = sum(found["erased"].values())
    if gone:
        were = "was erased since and is" if gone == 1 else "were erased since and are"
        lines.append(f"{counted(gone, 'member')} {were} left out")
    return "\n".join(lines)


def contacts_text(found: Answer) -> str:
    """What became of contacts."""
    text = f"{counted(found['recorded'], 'contact')} recorded, {found['duplicate']:,} known already"
    if found["held_out_contacted"]:
        wrong = found["held_out_contacted"]
        text += (
            f"; {wrong:,} of them {'was' if wrong == 1 else 'were'} to be left alone: the readout "
            "counts them where they were assigned"
        )
    if found["held_out"]:
        rows = counted(found["held_out"], "row of a customer", "rows of customers")
        text += f"; {rows} held out left out, for they tell of no contact"
    if found["erased"]:
        rows = counted(found["erased"], "row of an erased customer", "rows of erased customers")
        text += f"; {rows} left out"
    return text


def outcomes_text(found: Answer) -> str:
    """What became of outcomes."""
    text = f"{counted(found['recorded'], 'outcome')} kept for list {found['list_id']}"
    if found["not_members"]:
        rows = counted(
            found["not_members"], "row of a customer who is", "rows of customers who are"
        )
        text += f"; {rows} not on it left out"
    return f"{text}; {found['outcomes']:,} altogether"


def _break_even(rate: float | None) -> str:
    return ", no break-even" if rate is None else f", break-even at {rate:.1%}"


def _difference(outcome: str, effect: Answer) -> str:
    """An effect with its 95 % interval; of rates in points."""
    values = [effect[part] for part in ("estimate", "low", "high")]
    if outcome == "return_rate":
        estimate, low, high = (f"{100 * v:+.1f}".replace("-", MINUS) for v in values)
        return f"{estimate} points (95 % interval {low} to {high})"
    estimate, low, high = (f"{'+' if v > 0 else ''}{money(v)}" for v in values)
    return f"{estimate} (95 % interval {low} to {high})"


def _number(outcome: str, value: float | None) -> str:
    if value is None:
        return "unknown"
    return f"{value:.1%}" if outcome == "return_rate" else money(value)
