import pytest

from configs.settings import SettingsError, load_settings


@pytest.fixture
def shop(tmp_path):
    """Return a function that writes a settings file and loads it."""

    def load(text):
        path = tmp_path / "shop.yaml"
        path.write_text(f"purchases: {{source: log.csv}}\n{text}", encoding="utf-8")
        return load_settings(path)

    return load


def test_without_a_word_there_is_no_table_no_cost_and_no_margin(shop):
    settings = shop("")
    assert (settings.customers, settings.contacts, settings.surveys) == (None, None, None)
    assert (settings.costs.serving_per_order, settings.costs.retention_per_year) == (0, 0)
    assert (settings.money.annual_discount_rate, settings.money.margin) == (0.1, None)


def test_each_table_takes_source_format_and_columns(shop):
    settings = shop(
        "customers: {source: people.csv, format: {separator: ';'}, columns: {customer_id: kunde}}\n"
        "contacts: {source: 'sqlite:///a.db', table: contacts}\n"
        "surveys: {source: nps.parquet}\n"
        "costs: {serving_per_order: 3, retention_per_year: 4.5}\n"
        "money: {annual_discount_rate: 0.08, margin: 0.4}"
    )
    assert settings.customers.columns == {"customer_id": "kunde"}
    assert settings.customers.format.separator == ";"
    assert settings.contacts.table == "contacts"
    assert settings.surveys.source == "nps.parquet"
    assert settings.costs.retention_per_year == 4.5
    assert settings.money.margin == 0.4


def test_a_table_takes_its_source_from_the_environment(shop):
    assert shop("customers: {source: '${HOME}/a.csv'}").customers.source.endswith("/a.csv")
    with pytest.raises(SettingsError, match=r"`surveys.source` in .* variable NO_SUCH_FOLDER"):
        shop("surveys: {source: '${NO_SUCH_FOLDER}/a.csv'}")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("customers: {sorce: a}", "`customers.source` is missing.*did you mean `source`"),
        ("contacts: {source: a, columns: {armm: x}}", "did you mean `arm`"),
        ("surveys: {source: a, table: t}", "`table` with a source that is no database"),
        ("contacts: {source: 'sqlite:///a.db'}", "none of `table` and `query`; give exactly one"),
        ("money: {margin: 40}", "`money.margin` .* must be at most 1.0, got 40"),
        ("costs: {serving_per_order: -1}", "must be at least 0.0, got -1"),
        ("money: {discount: 1}", "unknown key `money.discount`"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(shop, text, sentence):
    with pytest.raises(SettingsError, match=sentence):
        shop(text)


def test_an_address_with_a_password_is_not_repeated(shop):
    with pytest.raises(SettingsError) as caught:
        shop("customers: {source: 'postgresql://me:hunter2@host/db', table: a, query: b}")
    assert "hunter2" not in str(caught.value)
