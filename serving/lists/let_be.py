"""Who of this week's customers is let be for a contact list that is not read out yet.

Lists are made after a batch is published, so this is asked whenever the page is shown.
"""

from datetime import date

import orjson
from sqlalchemy import Connection, select

from configs.settings import Settings
from retention.lists.caps import CONTACTED, HELD_OUT
from retention.lists.holdout import global_control
from serving.lists.control import share_of
from serving.scores import ScoreStore
from serving.store.list_tables import lists
from serving.store.week import week_arms, week_ids

CONTROL, LATELY = "global_control", "contacted_lately"


def let_be(
    store: ScoreStore, settings: Settings, batch_id: str, kind: str, today: date
) -> dict[str, str]:
    """Reason by customer id: `held_out`, `global_control`, or `contacted_lately` by such a list.

    Whoever is held out and contacted all the same tells nothing of no contact.

    Parameters
    ----------
    kind : as in `serving.details.week`
    today : a list is open until the day of its readout, which it is to begin or not
    """
    found: dict[str, str] = {}
    with store.database.read() as connection:
        arms = week_arms(connection, batch_id, kind, today.isoformat())
        found |= {each: LATELY for each, arm in arms if arm == CONTACTED}
        share = share_of(settings, asked=_has_control(connection, today))
        if share is not None:
            ids = week_ids(connection, batch_id, kind)
            inside = global_control(settings.name, ids, share)
            found |= {each: CONTROL for each, hit in zip(ids, inside, strict=True) if hit}
        found |= {each: HELD_OUT for each, arm in arms if arm == HELD_OUT}
    return found


def _has_control(connection: Connection, today: date) -> bool:
    """Whether an open list keeps off the standing control group."""
    query = select(lists.c.terms).where(lists.c.readout_on > today.isoformat())
    return any(orjson.loads(terms)["global_control"] for terms in connection.scalars(query))
