"""The shop's standing control group: the same customers in every batch, whom no list contacts."""

import threading

import numpy as np
from numpy.typing import NDArray

from configs.settings import Settings
from retention.lists.holdout import GLOBAL_SHARE, global_control
from serving.lists.rows import Rows
from serving.store.batch import Batch

Places = NDArray[np.int64]


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
        self._kept: tuple[tuple[object, ...], Places] | None = None

    def of(
        self, settings: Settings, batch: Batch, customers: Rows, *, asked: bool = False
    ) -> Places:
        """Places of the customers whom no list contacts, and no sample outside a list.

        Parameters
        ----------
        batch : whose customers these are
        customers : all of the batch
        asked : whether the list asks for a control group, whatever the settings say
        """
        share = share_of(settings, asked=asked)
        if share is None:
            return np.empty(0, np.int64)
        key = (settings.name, share, settings.store_url, batch.batch_id, batch.erased)
        with self._lock:
            if self._kept is None or self._kept[0] != key:
                inside = global_control(settings.name, customers.ids.to_pylist(), share)
                self._kept = key, np.flatnonzero(inside)
            return self._kept[1]


CONTROLS = Controls()
