"""Purchases of SQLite and PostgreSQL, by table and by query, on real databases."""

import datetime as dt
import sqlite3
from decimal import Decimal

import pytest
import sqlalchemy as sa

from features.errors import DataError
from features.reading.read import read_purchases
from features.reading.source import PurchaseSource
from features.reading.staging import source_digests
from tests.postgres_server import running

ROWS = [
    ("c1", dt.datetime(2024, 1, 1, 10, 30), Decimal("12.50"), 1),  # noqa: DTZ001
    ("c2", dt.datetime(2024, 1, 2), Decimal("-3.10"), None),  # noqa: DTZ001
    ("c1", dt.datetime(2024, 2, 29, 23, 59, 59), Decimal("1234567.8901"), 3),  # noqa: DTZ001
    (None, dt.datetime(2024, 3, 1), Decimal("1"), 1),  # noqa: DTZ001
]
LINES = [("c1", 125_000, 1.0), ("c1", 12_345_678_901, 3.0), ("c2", -31_000, None)]
CREATE = "CREATE TABLE {} (customer_id text, ordered_at {}, amount {}, quantity integer)"


@pytest.fixture(scope="module")
def postgres():
    """URL of a server of our own on the loopback, gone after the tests."""
    with running() as server:
        yield server.url


@pytest.fixture
def sqlite(tmp_path):
    """URL of a database with the table `sales`."""
    with sqlite3.connect(tmp_path / "shop.db") as con:
        con.execute(CREATE.format("sales", "text", "numeric"))
        rows = [(c, d.isoformat(" "), float(a), q) for c, d, a, q in ROWS]
        con.executemany("INSERT INTO sales VALUES (?, ?, ?, ?)", rows)
    con.close()
    return f"sqlite:///{tmp_path / 'shop.db'}"


@pytest.fixture(scope="module")
def shop(postgres):
    """The URL, with the table `sales` in a schema of its own."""
    engine = sa.create_engine(postgres)
    with engine.begin() as con:
        con.execute(sa.text('CREATE SCHEMA "the shop"'))
        for name, stamp in (("sales", "timestamp"), ("moments", "timestamptz")):
            con.execute(sa.text(CREATE.format(f'"the shop".{name}', stamp, "numeric(14, 4)")))
            con.execute(
                sa.text(f'INSERT INTO "the shop".{name} VALUES (:c, :d, :a, :q)'),
                [dict(zip("cdaq", row, strict=True)) for row in ROWS],
            )
    engine.dispose()
    return postgres


def lines_of(read):
    table = read.lines
    return list(
        zip(*(table[c].to_pylist() for c in ("customer_id", "amount", "quantity")), strict=True)
    )


def test_a_table_of_sqlite_is_read(sqlite):
    with read_purchases(PurchaseSource(sqlite, table="sales")) as read:
        assert lines_of(read) == LINES
        assert read.lines["ordered_at"].to_pylist()[0] == ROWS[0][1]
        assert (read.account.rows, read.account.anonymous) == (4, 1)


def test_a_table_of_postgresql_is_read(shop):
    with read_purchases(PurchaseSource(shop, table="the shop.sales")) as read:
        assert lines_of(read) == LINES
        assert read.lines["ordered_at"].to_pylist() == [ROWS[i][1] for i in (0, 2, 1)]


def test_moments_of_postgresql_become_the_shops_time(shop):
    source = PurchaseSource(shop, query='SELECT * FROM "the shop".moments')
    with read_purchases(source) as read:
        assert lines_of(read) == LINES


def test_a_query_is_run_as_it_stands(sqlite, shop):
    query = (
        "SELECT customer_id, ordered_at, amount, ':x % ''%s''' AS note FROM {} "
        "WHERE customer_id LIKE 'c%' -- as it stands"
    )
    for url, table in ((sqlite, "sales"), (shop, '"the shop".sales')):
        with read_purchases(PurchaseSource(url, query=query.format(table))) as read:
            assert [
                (c, a)
                for c, a in zip(
                    read.lines["customer_id"].to_pylist(),
                    read.lines["amount"].to_pylist(),
                    strict=True,
                )
            ] == [(c, a) for c, a, _ in LINES]
            assert read.facts["unused"] == ["note"]


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM sales RETURNING *",
        "DROP TABLE sales",
        "INSERT INTO sales VALUES ('x', '2024-01-01', 1, 1) RETURNING *",
        "SELECT * FROM sales; DELETE FROM sales",
        "COMMIT; DELETE FROM sales",
    ],
)
def test_a_query_cannot_write(sqlite, shop, query):
    for url in (sqlite, shop):
        ours = query if url == sqlite else query.replace("sales", '"the shop".sales')
        with pytest.raises(DataError, match=r"cannot be read: .*; check purchases\.source"):
            read_purchases(PurchaseSource(url, query=ours))
    assert len(source_digests(PurchaseSource(sqlite, table="sales"))) == 1
    with read_purchases(PurchaseSource(sqlite, table="sales")) as read:
        assert read.account.rows == 4
    with read_purchases(PurchaseSource(shop, table="the shop.sales")) as read:
        assert read.account.rows == 4


def test_a_name_is_quoted_and_never_run(sqlite):
    with pytest.raises(DataError, match="no such table"):
        read_purchases(PurchaseSource(sqlite, table='sales"; DROP TABLE "sales'))
    with read_purchases(PurchaseSource(sqlite, table="main.sales")) as read:
        assert read.account.rows == 4


def test_a_missing_database_is_not_made(tmp_path):
    path = tmp_path / "none.db"
    with pytest.raises(DataError, match=r"no database at .*none\.db; set purchases\.source"):
        read_purchases(PurchaseSource(f"sqlite:///{path}", table="sales"))
    assert not path.exists()


def test_the_password_is_never_told(shop):
    url = shop.replace(":hunter2@", ":correct%20horse@").replace("/postgres", "/nowhere")
    with pytest.raises(DataError, match="cannot be read") as caught:
        read_purchases(PurchaseSource(url, table="sales"))
    for word in ("hunter2", "correct", "horse"):
        assert word not in str(caught.value)
    with read_purchases(PurchaseSource(shop, table="the shop.sales")) as read:
        assert all("hunter2" not in note for note in read.notes)
    [(name, _)] = source_digests(PurchaseSource(shop, table="the shop.sales"))
    assert "hunter2" not in name


@pytest.mark.parametrize("url", ["mysql://a:hunter2@b/c", "oracle://x", "sqlite+:///x"])
def test_other_databases_are_refused(url):
    with pytest.raises(DataError) as caught:
        read_purchases(PurchaseSource(url, table="sales"))
    assert "hunter2" not in str(caught.value)


def test_a_bad_row_of_a_database_is_counted_from_one(tmp_path):
    with sqlite3.connect(tmp_path / "shop.db") as con:
        con.execute("CREATE TABLE sales (customer_id, ordered_at, amount)")
        rows = [
            ("a", "2024-01-01", 1),
            ("a", "never", 2),
            (7, "2024-01-01", "3,50"),
            ("b", None, 1),
        ]
        con.executemany("INSERT INTO sales VALUES (?, ?, ?)", rows)
    con.close()
    source = PurchaseSource(f"sqlite:///{tmp_path / 'shop.db'}", table="sales", max_bad_rows=1.0)
    with read_purchases(source) as read:
        found = read.quarantine.to_numpy().tolist()
        assert [row[1:] for row in found] == [
            [2, "ordered_at", "bad_date"],
            [4, "ordered_at", "bad_date"],
        ]
        assert found[0][0] == f"{source.source} sales"
        assert read.lines["customer_id"].to_pylist() == ["7", "a"]


def test_the_digest_is_of_the_rows_whatever_their_order(tmp_path):
    def digest(name, rows):
        with sqlite3.connect(tmp_path / name) as con:
            con.execute("CREATE TABLE sales (customer_id, ordered_at, amount)")
            con.executemany("INSERT INTO sales VALUES (?, ?, ?)", rows)
        con.close()
        return source_digests(PurchaseSource(f"sqlite:///{tmp_path / name}", table="sales"))[0][1]

    rows = [("a", "2024-01-01", 1), ("b", "2024-01-01", 1), ("b", "2024-01-01", 1)]
    assert digest("1.db", rows) == digest("2.db", rows[::-1])
    assert digest("6.db", rows) != digest("3.db", rows[:2])
    assert digest("4.db", rows) != digest("5.db", [*rows[:2], ("b", "2024-01-01", 2)])


def test_an_empty_table_holds_no_lines(tmp_path):
    with sqlite3.connect(tmp_path / "shop.db") as con:
        con.execute("CREATE TABLE sales (customer_id, ordered_at, amount)")
    con.close()
    with pytest.raises(DataError, match="holds no purchase lines"):
        read_purchases(PurchaseSource(f"sqlite:///{tmp_path / 'shop.db'}", table="sales"))
