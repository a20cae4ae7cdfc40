"""Which lists can teach uplift by now, told by their heads alone: quick enough for every look."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from configs.settings import Settings
from serving.lists.progress import FINAL, progress_of
from serving.lists.uplift_rows import LEAST_IN_AN_ARM, not_final, too_small
from serving.scores import ScoreStore
from serving.store.list_events import imports_of
from serving.store.list_rows import Head, every_list

ARMS = ("contacted", "held_out")


@dataclass(frozen=True)
class State:
    """Lists by what they can teach.

    Attributes
    ----------
    teaching : names of the lists whose readout is final, with enough customers in both arms
    left_out : `list_id`, `why` of the others, by the day they begin
    next_readout : first day on which a readout that is not final is, or was, due; None without
    basis : hash over what can be learned from, another one where anything of it is new
    """

    teaching: tuple[str, ...]
    left_out: tuple[dict[str, str], ...]
    next_readout: str | None
    basis: str


def state_of(store: ScoreStore, settings: Settings, now: datetime) -> State:
    """How far the lists of a store are. Members are not read, so a few may count too many."""
    batch = store.current()
    with store.database.read() as connection:
        heads = every_list(connection)
        states = progress_of(connection, heads, settings, batch, now)
        final = [head for head in heads if states[str(head["list_id"])] == FINAL]
        imports = sorted(imports_of(connection, [str(head["list_id"]) for head in final]), key=str)
    teaching: list[str] = []
    left: list[dict[str, str]] = []
    for head in sorted(heads, key=lambda h: (str(h["begins_on"]), int(h["number"]))):
        list_id = str(head["list_id"])
        why = _why_left_out(head, is_final=states[list_id] == FINAL)
        if why is None:
            teaching.append(list_id)
        else:
            left.append({"list_id": list_id, "why": why})
    ahead = [str(head["readout_on"]) for head in heads if states[str(head["list_id"])] != FINAL]
    made_from = [sorted((str(h["list_id"]), str(h["digest"])) for h in final), imports]
    basis = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()
    return State(tuple(teaching), tuple(left), min(ahead, default=None), basis)


def _why_left_out(head: Head, *, is_final: bool) -> str | None:
    """Why a list teaches nothing yet; None where it does."""
    if not is_final:
        return not_final(head)
    counts: Mapping[str, Any] = head["counts"]
    # The sample outside is drawn at random as well.
    least = min(int(counts.get(a, 0)) + int(counts.get(f"outside_{a}", 0)) for a in ARMS)
    return too_small(least) if least < LEAST_IN_AN_ARM else None
