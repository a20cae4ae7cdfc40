"""`perennial list programme`: what all contact lists together bring."""

import json

from configs.settings import Settings
from serving.lists.programme import programme
from serving.scores import ScoreStore


def show_programme(settings: Settings, *, as_json: bool) -> None:
    """Compare the standing control group with everybody else, and print it."""
    store = ScoreStore(settings.store_url)
    try:
        told = programme(store, settings)
    finally:
        store.close()
    print(json.dumps(told, allow_nan=False) if as_json else told["sentence"])
