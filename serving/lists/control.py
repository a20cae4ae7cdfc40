"""The shop's standing control group: the same customers in every batch, whom no list contacts."""

import threading

import pandas as pd

from configs.settings import Settings
from retention.lists.holdout import GLOBAL_SHARE, global_control
from serving.store.batch import Batch

Ids = frozenset[str]


def share_of(settings: Settings, *, asked: bool = False) -> float | None:
    """Share of all customers who are in the control group; None where there is none.

    Parameters
    ----------
    asked : whether a list asks for the group though the settings name none
    """
    told = settings.lists.global_control
    return GLOBAL_SHARE if told is None and asked else told


class Controls:
    """Keeps the control group of one batch, until another is asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[tuple[object, ...], Ids] | None = None

    def of(
        self, settings: Settings, batch: Batch, customers: pd.DataFrame, *, asked: bool = False
    ) -> Ids:
        """Ids of the customers whom no list contacts, and no sample outside a list.

        Parameters
        ----------
        batch : whose customers these are
        customers : `customer_id`, all of the batch
        asked : whether the list asks for a control group, whatever the settings say
        """
        share = share_of(settings, asked=asked)
        if share is None:
            return frozenset()
        key = (settings.name, share, settings.store_url, batch.batch_id, batch.erased)
        with self._lock:
            if self._kept is None or self._kept[0] != key:
                ids = customers["customer_id"].tolist()
                inside = global_control(settings.name, ids, share)
                self._kept = key, frozenset(i for i, hit in zip(ids, inside, strict=True) if hit)
            return self._kept[1]


CONTROLS = Controls()
