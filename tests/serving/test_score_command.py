"""`score` prints and writes what was asked for first, and learns uplift last."""

import contextlib
import datetime as dt
import io
import json

import pandas as pd
import pytest

from serving.commands import score
from serving.scores import ScoreStore
from serving.store.list_rows import MEMBER_COLUMNS, newest_number, sealed, write_list
from tests.made_shop import call, trained_shop


@pytest.fixture
def shop(mlflow_template, tmp_path):
    """A trained shop of its own, without a batch."""
    return trained_shop(mlflow_template).copy_to(tmp_path)


def finished_without_terms(settings):
    """Two finished lists that uplift fails on: their terms do not say what was assumed."""
    store = ScoreStore(settings.store_url)
    batch = store.current()
    assert batch is not None
    members = pd.DataFrame(columns=list(MEMBER_COLUMNS))
    for name, begins in (("spring", "2023-03-01"), ("summer", "2023-05-01")):
        head = {
            "list_id": name,
            "batch_id": batch.batch_id,
            "as_of": batch.as_of,
            "model_version": batch.model_version,
            "begins_on": begins,
            "readout_on": "2023-06-01",
            "terms": {},
            "counts": {"contacted": 200, "held_out": 200},
            "outlay": 0.0,
            **{part: {} for part in ("gain", "holdout", "sensitivity")},
        }
        now = dt.datetime.now(dt.UTC)
        made = sealed(store.database.secret, head, members, who="abc", now=now)
        with store.database.write() as connection:
            number = newest_number(connection) + 1
            write_list(connection, {**made, "number": number}, members)
    store.close()


def test_what_fails_while_uplift_is_learned_costs_a_sentence_and_nothing_else(
    shop, tmp_path, capsys
):
    first = call("score", "-c", shop.config, "--json")
    assert "uplift" not in first.err
    finished_without_terms(shop.settings)
    done = call("score", "-c", shop.config, "--json")
    assert done.code == 0
    assert json.loads(done.out)["batch_id"] == json.loads(first.out)["batch_id"]
    assert "uplift was not learned: KeyError: 'assumed'; the batch stands" in done.err
    csv = tmp_path / "scores.csv"
    score(shop.settings, as_of=None, as_json=True, csv=csv)
    assert len(csv.read_text().splitlines()) - 1 == json.loads(capsys.readouterr().out)["customers"]
    # Printed first, learned last.
    both = io.StringIO()
    with contextlib.redirect_stdout(both), contextlib.redirect_stderr(both):
        score(shop.settings, as_of=None, as_json=False)
    *_, table_end, last = both.getvalue().splitlines()
    assert last.startswith("uplift was not learned")
    assert table_end.startswith("└")
