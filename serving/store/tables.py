"""Tables of the score store, in portable SQLAlchemy Core."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

from retention.dates import NEXT_ORDER, SILENCE

# A table or a nullable column that is new needs no other version: it is added when a store is
# opened that lacks it.
SCHEMA_VERSION = 1

metadata = MetaData()

store_info = Table(
    "store_info",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("schema_version", Integer, nullable=False),
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
)

# as_of and model_version are the batch's: kept once there, joined to each row when it is read.
scores = Table(
    "scores",
    metadata,
    Column("batch_id", String, ForeignKey("batches.batch_id"), primary_key=True),
    Column("customer_id", String, primary_key=True),
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
    *(Column(name, String(10)) for name in (*NEXT_ORDER, *SILENCE)),
    Column("historic_clv", Float),
    Column("total_clv", Float),
    Column("value_tier", String),
    Column("historic_number_of_orders", Integer),
    Column("average_order_value", Float),
    Column("average_days_between_orders", Float),
    Column("days_since_last", Integer),
    Column("value_at_risk", Float),
    Column("lifecycle_status", String),
    Column("reasons", Text, nullable=False),
    Column("missing", Text, nullable=False),
    Index("scores_by_value_at_risk", "batch_id", "value_at_risk", "customer_id"),
    Index("scores_by_churn_probability", "batch_id", "churn_probability", "customer_id"),
    Index("scores_by_predicted_clv", "batch_id", "predicted_clv", "customer_id"),
    Index("scores_by_days_since_last", "batch_id", "days_since_last", "customer_id"),
    Index("scores_by_tiers", "batch_id", "risk_tier", "value_tier", "value_at_risk"),
    sqlite_with_rowid=False,
)

orders = Table(
    "orders",
    metadata,
    Column("customer_id", String, primary_key=True),
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

ORDER_FIELDS = tuple(str(column.name) for column in orders.columns)
