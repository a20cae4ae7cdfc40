import pytest

from configs.first_settings import safe_name, write_settings
from configs.settings import SettingsError, load_settings

PURCHASES = {"source": "shop.csv", "columns": {"customer_id": "Kunde"}}


def write(folder, purchases=None, name="shop", horizon_days=None):
    return write_settings(folder, purchases or PURCHASES, name=name, horizon_days=horizon_days)


def test_what_is_written_loads_and_nothing_else_is_left(tmp_path):
    path = write(tmp_path / "new", horizon_days=30)
    settings = load_settings(path)
    assert settings.name == "shop"
    assert settings.horizons.churn_days == settings.horizons.value_days == 30
    assert settings.purchases.columns == {"customer_id": "Kunde"}
    assert settings.var == tmp_path / "new" / "var"
    assert [p.name for p in path.parent.iterdir()] == ["shop.yaml"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("50% off", "50__off"),
        ("Käufe März", "K_ufe_M_rz"),
        ("..a", "a"),
        ("", "shop"),
        ("x" * 99, "x" * 64),
    ],
)
def test_any_text_becomes_a_name_that_settings_take(tmp_path, text, name):
    assert safe_name(text) == name
    assert load_settings(write(tmp_path, name=text)).name == name


def test_edited_settings_are_kept(tmp_path):
    path = write(tmp_path)
    path.write_text(path.read_text() + "tiers: {medium_risk: 0.4, high_risk: 0.8}\n")
    before = path.read_bytes()
    assert write(tmp_path) == path
    assert path.read_bytes() == before


def test_settings_of_another_file_are_not_taken_over(tmp_path):
    write(tmp_path)
    with pytest.raises(SettingsError, match="about another file, shop.csv; choose another folder"):
        write(tmp_path, {"source": "other.csv"})


def test_another_horizon_than_the_written_one_is_not_passed_over_in_silence(tmp_path):
    write(tmp_path, horizon_days=30)
    assert write(tmp_path, horizon_days=30) == write(tmp_path)
    with pytest.raises(SettingsError, match="its horizons are not 60 days; edit them there"):
        write(tmp_path, horizon_days=60)


@pytest.mark.parametrize("text", ["[]", "{", "purchases: 3\n", "purchases: [a]\n", ""])
def test_a_settings_file_that_was_broken_is_named(tmp_path, text):
    path = write(tmp_path)
    path.write_text(text)
    with pytest.raises(SettingsError, match="shop.yaml"):
        write(tmp_path)


def test_a_folder_that_databases_cannot_stand_in_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(SettingsError, match="must not contain %"):
        write(tmp_path / "50% off")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be written.*--out"):
        write(tmp_path / "file")


def test_a_formula_is_written_as_it_is_read(tmp_path):
    purchases = {"source": "a.csv", "amount": "`Unit Price` * Qty", "columns": {"quantity": "Qty"}}
    path = write_settings(tmp_path, purchases, name="shop", horizon_days=None)
    assert load_settings(path).purchases.amount == "`Unit Price` * Qty"
