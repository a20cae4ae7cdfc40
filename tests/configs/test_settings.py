from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from configs.settings import Settings, SettingsError, load_settings

ROOT = Path(__file__).parents[2]


@pytest.fixture
def shop(tmp_path):
    """Return a function that writes a settings file and loads it."""

    def load(text, name="shop.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return load_settings(path)

    return load


def test_only_the_source_is_required(shop):
    settings = shop("purchases: {source: log.csv}")
    assert settings.name == "shop"
    assert settings.var == Path("var/shop")
    assert settings.purchases.source == "log.csv"
    assert (settings.horizons.churn_days, settings.horizons.value_days) == (90, 365)
    assert settings.tiers == "auto"


def test_a_file_says_what_differs(shop):
    settings = shop(
        "name: mine\nvar: elsewhere\npurchases: {source: a, columns: {amount: paid}}\n"
        "tiers: {medium_risk: 0.5, high_risk: 0.75}\ntraining: {cutoffs: 3}"
    )
    assert (settings.name, settings.var) == ("mine", Path("elsewhere"))
    assert settings.purchases.columns == {"amount": "paid"}
    assert settings.tiers != "auto"
    assert (settings.tiers.medium_risk, settings.tiers.high_risk) == (0.5, 0.75)
    assert settings.training.cutoffs == 3


def test_settings_are_frozen_and_survive_json(shop):
    settings = shop("purchases: {source: a}\ntiers: {medium_risk: 0.5, high_risk: 0.75}")
    with pytest.raises(ValidationError, match="frozen"):
        settings.name = "other"
    assert Settings.model_validate_json(settings.model_dump_json()) == settings


def test_everything_made_stands_below_var(shop):
    settings = shop("var: here\npurchases: {source: a}")
    folders = [settings.log_dir, settings.models_dir, settings.quarantine_dir]
    assert folders == [Path("here/log"), Path("here/models"), Path("here/quarantine")]
    assert settings.artifact_dir == Path("here/mlflow/artifacts")
    assert settings.store_url == f"sqlite:///{Path.cwd()}/here/scores.db"
    assert settings.tracking_uri == f"sqlite:///{Path.cwd()}/here/mlflow/mlflow.db"


def test_stores_elsewhere_are_taken_as_given(shop):
    settings = shop(
        "purchases: {source: a}\nstore: postgresql+psycopg://db/scores\n"
        "mlflow: {tracking_uri: 'http://127.0.0.1:5000'}"
    )
    assert settings.store_url == "postgresql+psycopg://db/scores"
    assert settings.tracking_uri == "http://127.0.0.1:5000"


def test_a_source_takes_names_from_the_environment(shop):
    # HOME is set wherever tests run; nothing has to be changed in this process.
    assert shop("purchases: {source: '${HOME}/a.csv'}").purchases.source.endswith("/a.csv")
    with pytest.raises(SettingsError, match=r"variable NO_SUCH_FOLDER, which is not set; set it"):
        shop("purchases: {source: '${NO_SUCH_FOLDER}/a.csv'}")


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda p: p.stem)
def test_the_files_that_ship_are_valid(path):
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert Settings.model_validate(data).name == path.stem
    assert path.stem in {"cdnow", "complete_journey"}


def test_the_cdnow_settings_find_their_log():
    settings = load_settings(ROOT / "configs/cdnow.yaml")
    assert (ROOT / settings.purchases.source).is_file()
    assert (settings.horizons.churn_days, settings.horizons.value_days) == (91, 91)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("horizons: {chrun_days: 90}", r"unknown key `horizons.chrun_days` \(line 2\); did you"),
        ("churn_days: 90", "unknown key `churn_days` .*did you mean `horizons.churn_days`"),
        ("mony: {margin: 0.3}", "unknown key `mony` .*did you mean `money`"),
        ("sales: {margin: 0.3}", "unknown key `sales` .*the known ones are name, var, purchases"),
        ("horizons: {churn_days: 0}", "`horizons.churn_days` .* must be greater than 0, got 0"),
        ("horizons: {churn_days: '9'}", "must be a whole number, got '9'; write it without quotes"),
        ("horizons: 90", "`horizons` .* must be a group of `key: value` settings, got 90"),
        ("tiers: automatic", "must be `auto` or {medium_risk: ..., high_risk: ...}, got 'autom"),
        ("tiers: 3", "must be `auto` or {medium_risk: ..., high_risk: ...}, got 3"),
        ("tiers: {medium_risk: 0.8, high_risk: 0.5}", "0.8, not below high_risk 0.5; lower"),
        ("tiers: {medium_risk: 0.8}", "`tiers.high_risk` is missing"),
        ("training: {cutoffs: 0}", "must be `auto` or a whole number from 1, got 0"),
        ("training: {cutoffs: true}", "must be `auto` or a whole number from 1, got True"),
        ("serve: {port: 70000}", "`serve.port` .* must be at most 65535, got 70000"),
        ("serve: {stale_after_hours: .inf}", "must be a finite number"),
        ("serve: {production: 1}", "must be true or false, got 1"),
        ("engine: ray", "`engine` .* must be 'local' or 'spark', got 'ray'"),
        ("name: 2024", "`name` .* must be text, got 2024; put it in quotes"),
        ("name: ../up", "must be 1 to 64 letters .* got '../up'"),
        ("name: .hidden", "not beginning with a dot, got '.hidden'"),
        ("var: a#b", "must not contain # in its full path"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(shop, text, sentence):
    with pytest.raises(SettingsError, match=sentence) as caught:
        shop(f"purchases: {{source: log.csv}}\n{text}")
    assert "shop.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("sorce: a", "`purchases.source` is missing.*`purchases.sorce`.*did you mean `source`"),
        ("source: ''", "`purchases.source` .* must be text that is not empty"),
        ("source: a\n  columns: {custmer_id: x}", "did you mean `customer_id`"),
        ("source: a\n  columns: {amount: on}", "must be text, got true; put it in quotes"),
        ("source: a\n  columns: {amount: x, cost: x}", "names the source column 'x' twice"),
        ("source: a\n  timezone: Europe/Berln", "got 'Europe/Berln'; did you mean `Europe/Berlin"),
        ("source: a\n  timezone: ../etc/passwd", "must be a time zone of the IANA list"),
        ("source: a\n  timezone: America", "must be a time zone of the IANA list"),
        ("source: a\n  day_starts_at: 12:30", 'a time in quotes, e.g. "04:00", got 750'),
        ("source: a\n  day_starts_at: '24:00'", "a time in quotes"),
        ("source: a\n  max_bad_rows: 2", "must be at most 1.0, got 2"),
        ("source: a\n  format: {kind: xls}", "must be 'text', 'csv' or 'parquet', got 'xls'"),
        ("source: a\n  format: {date_format: ymd}", "must be a format with % signs"),
        ("source: a\n  format: {date_format: '%Q'}", "not %Q, got '%Q'"),
        ("source: a\n  format: {date_format: '%d/%m/%Y %'}", "must be a format with % signs"),
    ],
)
def test_a_wrong_purchases_setting_is_named(shop, text, sentence):
    with pytest.raises(SettingsError, match=sentence):
        shop(f"purchases:\n  {text}")


def test_all_faults_are_named_at_once(shop):
    with pytest.raises(SettingsError, match=r"3 settings are wrong: \(1\) .*\(2\) .*\(3\) "):
        shop("purchases: {source: a}\nhorizon: {}\nserve: {port: 0}\nengine: ray")


def test_an_address_with_a_password_is_not_repeated(shop):
    with pytest.raises(SettingsError, match="`store` .* must be a URL") as caught:
        shop("purchases: {source: a}\nstore: me:hunter2@db")
    assert "hunter2" not in str(caught.value)


def test_a_file_name_that_is_no_shop_name_asks_for_one(shop):
    with pytest.raises(SettingsError, match="got 'my shop' .*set `name`"):
        shop("purchases: {source: a}", name="my shop.yaml")
    assert shop("name: mine\npurchases: {source: a}", name="my shop.yaml").name == "mine"
