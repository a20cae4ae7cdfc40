import pytest

from configs.settings import Settings, SettingsError, load_settings

# One of everything that a file can say of its purchases.
WHOLE = """
purchases:
  source: log.txt
  format: {kind: text, widths: [6, 8, 9]}
  columns: {customer_id: Client, order_id: Invoice, refund_of: Takes back}
  amount: Quantity * `Unit Price`
  cancelled: {column: Invoice, starts_with: "C"}
  exclude:
    - {column: StockCode, matches: "^(POST|DOT)$", why: postage}
    - {column: StockCode, in: [M, D], why: manual}
    - {column: Client, equals: test, why: test order}
  currency: {column: currency, to: EUR, rates: rates.csv}
  refund_lag_days: 30
engine: spark
"""


@pytest.fixture
def shop(tmp_path):
    """Return a function that writes a settings file and loads it."""

    def load(text):
        path = tmp_path / "shop.yaml"
        path.write_text(text, encoding="utf-8")
        return load_settings(path)

    return load


def test_everything_that_can_be_said_of_purchases_is_read(shop):
    settings = shop(WHOLE)
    purchases = settings.purchases
    assert purchases.format.widths == [6, 8, 9]
    assert purchases.amount == "Quantity * `Unit Price`"
    assert purchases.cancelled.starts_with == "C"
    assert [rule.why for rule in purchases.exclude] == ["postage", "manual", "test order"]
    assert (purchases.currency.to, purchases.currency.rates) == ("EUR", "rates.csv")
    assert (purchases.refund_lag_days, settings.engine) == (30, "spark")
    # A list of values is `in` in what is dumped, as it is in the file.
    assert settings.model_dump()["purchases"]["exclude"][1]["in"] == ["M", "D"]
    assert Settings.model_validate_json(settings.model_dump_json()) == settings


def test_what_is_not_said_has_a_default(shop):
    purchases = shop("purchases: {source: a.csv}").purchases
    assert (purchases.table, purchases.query, purchases.amount) == (None, None, None)
    assert (purchases.cancelled, purchases.exclude, purchases.currency) == (None, [], None)
    assert purchases.refund_lag_days == "auto"


@pytest.mark.parametrize(
    "text",
    [
        "source: sqlite:////folder/shop.db\n  table: lines",
        "source: postgresql+psycopg://me:pw@db/shop\n  query: SELECT * FROM lines",
        "source: sqlite:///a.db\n  table: t\n  format: {date_format: '%Y%m%d'}",
    ],
)
def test_a_database_is_read_by_table_or_query(shop, text):
    assert shop(f"purchases:\n  {text}").purchases.source


DATABASE = "source: postgresql+psycopg://me:hunter2@db/shop"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("source: a.csv\n  table: t", "has `table` with a source that is no database; make"),
        ("source: a.csv\n  query: SELECT 1", "has `query` with a source that is no database"),
        (DATABASE, "has a database as source and none of `table` and `query`; give exactly one"),
        (f"{DATABASE}\n  table: t\n  query: q", "and both of `table` and `query`; give exactly"),
        (f"{DATABASE}\n  table: t\n  format: {{kind: csv}}", "leave all of `format` but"),
        ("source: a\n  format: {widths: [1, 2]}", "`purchases.format` .*has widths, which are for"),
        ("source: a\n  format: {kind: text, separator: ';', widths: [1]}", "has widths, which"),
        ("source: a\n  format: {kind: text, widths: [0]}", "must be greater than 0, got 0"),
        ("source: a\n  format: {kind: text, widths: 5}", "`purchases.format.widths`"),
        ("source: a\n  amount: ' '", "must be a formula of source columns, e.g. `Quantity"),
        ("source: a\n  amount: a*b\n  columns: {amount: c}", "the formula or the column"),
        ("source: a\n  cancelled: {column: c}", "has no tests on its column 'c'; give exactly"),
        ("source: a\n  cancelled: {column: c, equals: a, in: [b]}", "has 2 tests on its column"),
        ("source: a\n  cancelled: {column: c, equals: 5}", "got 5; put it in quotes"),
        ("source: a\n  cancelled: {column: c, in: []}", "`purchases.cancelled.in`"),
        ("source: a\n  cancelled: {equals: c}", "`purchases.cancelled.column` is missing"),
        ("source: a\n  cancelled: {column: c, matches: '('}", r"RE2 .* got '\(': missing \)"),
        (
            "source: a\n  cancelled: {column: c, matches: '(?=a)'}",
            "no look-around, .* invalid perl",
        ),
        ("source: a\n  cancelled: {column: c, starts: a}", "did you mean `starts_with`"),
        ("source: a\n  exclude: {column: c, equals: a}", "`purchases.exclude`"),
        ("source: a\n  exclude: [{column: c, equals: a}]", "`purchases.exclude.0.why` is missing"),
        ("source: a\n  exclude: [{colum: c, equals: a, why: w}]", "did you mean `column`"),
        ("source: a\n  currency: {column: c, to: eur, rates: r}", "three capitals, .* got 'eur'"),
        ("source: a\n  currency: {column: c, to: EUR}", "`purchases.currency.rates` is missing"),
        ("source: a\n  refund_lag_days: -1", "`auto` or a number of days from 0 to 3650, got -1"),
        ("source: a\n  refund_lag_days: soon", "`auto` or a number of days"),
        ("source: a\n  quantity_max: 5", "unknown key `purchases.quantity_max`"),
    ],
)
def test_a_wrong_purchases_setting_is_named_with_what_is_allowed(shop, text, sentence):
    with pytest.raises(SettingsError, match=sentence) as caught:
        shop(f"purchases:\n  {text}")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "purchases: postgresql://me:hunter2@db/shop",
        "purchases: {source: [postgresql://me:hunter2@db/shop]}",
        "mlflow: postgresql://me:hunter2@db/shop\npurchases: {source: a}",
    ],
)
def test_no_message_repeats_a_password(shop, text):
    with pytest.raises(SettingsError) as caught:
        shop(text)
    assert "hunter2" not in str(caught.value)


def test_what_the_environment_says_is_checked_like_what_the_file_says(shop):
    # HOME is set wherever tests run; it is a folder and no database.
    with pytest.raises(SettingsError, match="has `table` with a source that is no database"):
        shop("purchases: {source: '${HOME}/a.csv', table: t}")
