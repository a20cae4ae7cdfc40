"""Learned effects come back from their files as they were."""

import numpy as np
import pytest

from retention.uplift.cross_fit import cross_fit
from retention.uplift.files import load_effects, save_effects
from retention.uplift.learners import LEARNERS, UpliftParameters
from retention.uplift.rows import UpliftRows

QUICK = UpliftParameters(rounds=5, effect_rounds=5)


def made_rows(n=400):
    rng = np.random.default_rng(0)
    treated = rng.random(n) < 0.5
    y = rng.random(n) < 0.4 + 0.2 * treated
    return UpliftRows.of(rng.random((n, 2)), treated, y, 0.5, start=rng.random(n))


@pytest.mark.parametrize("learner", sorted(LEARNERS))
def test_effects_are_equal_after_loading(tmp_path, learner):
    rows = made_rows()
    fitted = cross_fit(rows, learner, folds=2, parameters=QUICK)
    save_effects(fitted, ["opens", "orders"], tmp_path / "effects")
    loaded, names = load_effects(tmp_path / "effects")
    assert names == ["opens", "orders"]
    assert loaded.learner == learner
    told = loaded.effect(rows.features, rows.start)
    assert (told == fitted.effect(rows.features, rows.start)).all()


def test_a_changed_file_is_refused_before_it_is_parsed(tmp_path):
    save_effects(cross_fit(made_rows(), "t", folds=2, parameters=QUICK), ["a", "b"], tmp_path)
    (tmp_path / "1_control.ubj").write_bytes(b"other")
    with pytest.raises(ValueError, match="1_control.ubj is not the file that was written"):
        load_effects(tmp_path)
    (tmp_path / "uplift.json").write_text('{"format": "other"}')
    with pytest.raises(ValueError, match="is no 'perennial uplift 1' file"):
        load_effects(tmp_path)
    with pytest.raises(ValueError, match="is missing; fit the learner again"):
        load_effects(tmp_path / "nowhere")
