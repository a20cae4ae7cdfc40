"""Tables of the score store, in portable SQLAlchemy Core."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

from retention.dates import NEXT_ORDER, SILENCE

WORTH = ("historic_gross", "historic_refunds", "acquisition_cost")
# A table or a nullable column that is new needs no other version: it is added when a store is
# opened that lacks it.
SCHEMA_VERSION = 1

metadata = MetaData()
# Ids sort by their bytes on every database.
Id = String().with_variant(String(collation="C"), "postgresql")

store_info = Table(
    "store_info",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("schema_version", Integer, nullable=False),
    # Key of the hashes kept here, and the end of the audit trail's chain.
    Column("secret", String(64)),
    Column("audit_hash", String(64)),
)

batches = Table(
    "batches",
    metadata,
    Column("batch_id", String, primary_key=True),
    Column("as_of", String(10), nullable=False),
    Column("data_until", String(10), nullable=False),
    Column("model_version", String, nullable=False),
    Column("published_at", String(20), nullable=False),
    Column("customers", Integer, nullable=False),
    Column("cut_points", Text, nullable=False),
    Column("portfolio", Text, nullable=False),
    # Facts for the dashboard, see serving/details; null in batches of an earlier version.
    Column("details", Text),
    # Customers erased since publication; `customers` counts those who are left.
    Column("erased", Integer),
)

# as_of and model_version are the batch's: kept once there, joined to each row when it is read.
# Lists are made from `batch_columns`: indexes for their orders would double the time to publish.
scores = Table(
    "scores",
    metadata,
    Column("batch_id", String, ForeignKey("batches.batch_id"), primary_key=True),
    Column("customer_id", Id, primary_key=True),
    Column("score_status", String, nullable=False),
    Column("churn_horizon_days", Integer),
    Column("churn_probability", Float),
    Column("usual_churn_probability", Float),
    Column("churn_percentile", Integer),
    Column("risk_tier", String),
    Column("risk_change", String),
    Column("tier_since", String(10)),
    Column("value_horizon_days", Integer),
    Column("predicted_clv", Float),
    Column("clv_p10", Float),
    Column("clv_p50", Float),
    Column("clv_p90", Float),
    Column("predicted_number_of_orders", Float),
    Column("predicted_contribution", Float),
    *(Column(name, String(10)) for name in (*NEXT_ORDER, *SILENCE)),
    Column("historic_clv", Float),
    Column("total_clv", Float),
    Column("simple_clv", Float),
    Column("value_tier", String),
    Column("historic_number_of_orders", Integer),
    Column("average_order_value", Float),
    Column("average_days_between_orders", Float),
    Column("days_since_last", Integer),
    Column("value_at_risk", Float),
    Column("rfm_group", String),
    Column("lifecycle_status", String),
    Column("last_contacted_on", String(10)),
    Column("reachable_by", String),
    Column("reasons", Text, nullable=False),
    Column("missing", Text, nullable=False),
    # Risk by month of silence, see retention/silence.py; for a customer's page, never answered.
    Column("risk_ahead", Text),
    # Asked not to be contacted; for contact lists, never answered. Null: the shop does not say.
    Column("no_contact", Boolean),
    # What was bought and given back so far, and what winning the customer cost, in currency; for
    # one customer's value, never in a row that is answered. Null: not told, or an earlier version.
    *(Column(name, Float) for name in WORTH),
    # With SQLite's own row numbers: rows of two kilobytes in the key's tree make it deep and slow.
)

orders = Table(
    "orders",
    metadata,
    Column("customer_id", Id, primary_key=True),
    Column("order_number", Integer, primary_key=True, autoincrement=False),
    Column("ordered_on", String(10), nullable=False),
    Column("amount", Float, nullable=False),
    Column("items", Float),
    Column("lines", Integer, nullable=False),
    sqlite_with_rowid=False,
)

current = Table(
    "current",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("batch_id", String, ForeignKey("batches.batch_id"), nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("prefix", String, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("scopes", String, nullable=False),
    Column("created_at", String(20), nullable=False),
    Column("expires_at", String(20), nullable=False),
    Column("revoked", Boolean, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("token_prefix", String, ForeignKey("tokens.prefix"), nullable=False),
    Column("expires_at", String(20), nullable=False),
)

# Whom the dashboard shows this week, see serving/details/week.py.
week = Table(
    "week",
    metadata,
    Column("batch_id", String, ForeignKey("batches.batch_id"), primary_key=True),
    Column("kind", String, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("customer_id", Id, nullable=False),
    Column("last_ordered_on", String(10)),
    Column("last_amount", Float),
    Column("last_product", String),
    # Of a customer with room to grow, currency a year; null in the other lists.
    Column("value", Float),
    Column("potential", Float),
    Column("room", Float),
    Column("peers", String),
)

# Who looks after a customer, and until when.
tasks = Table(
    "tasks",
    metadata,
    Column("customer_id", Id, primary_key=True),
    Column("owner", String, nullable=False),
    Column("due_on", String(10)),
    Column("done_at", String(20)),
    Column("set_by", String, nullable=False),
    Column("set_at", String(20), nullable=False),
)

# Filters of the customer list that people keep under a name.
views = Table(
    "views",
    metadata,
    Column("name", String, primary_key=True),
    Column("query", Text, nullable=False),
    Column("created_by", String, nullable=False),
    Column("created_at", String(20), nullable=False),
)

# Customers that each token listed in a day (UTC).
usage = Table(
    "usage",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("token_prefix", String, primary_key=True),
    Column("rows", Integer, nullable=False),
)

ORDER_FIELDS = tuple(str(column.name) for column in orders.columns)
