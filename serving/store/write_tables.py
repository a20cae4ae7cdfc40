"""Tables of what the API writes: answers to repeat, erasures, exports, the audit trail, lists."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from serving.store import list_tables
from serving.store.tables import metadata

# What a key was answered, so that a repeated write is answered the same and done once.
idempotency = Table(
    "idempotency",
    metadata,
    Column("key_hash", String(64), primary_key=True),
    Column("body_hash", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("answer", Text, nullable=False),
    Column("created_at", String(20), nullable=False),
    Index("idempotency_by_age", "created_at"),
)

# The id itself stands nowhere: its keyed hash keeps it out of later batches.
erasures = Table(
    "erasures",
    metadata,
    Column("customer_hash", String(64), primary_key=True),
    Column("erasure_id", String, nullable=False, unique=True),
    Column("erased_at", String(20), nullable=False),
)

exports = Table(
    "exports",
    metadata,
    Column("export_id", String, primary_key=True),
    Column("token_prefix", String, nullable=False),
    Column("batch_id", String, nullable=False),
    Column("asked", Text, nullable=False),
    Column("status", String, nullable=False),
    Column("created_at", String(20), nullable=False),
    Column("finished_at", String(20)),
    Column("owner", String),
    Column("seen_at", String(20)),
    Column("rows", Integer),
    Column("bytes", Integer),
    Column("sha256", String(64)),
    Column("error", String),
    Index("exports_by_status", "status", "created_at"),
    Index("exports_by_token", "token_prefix", "created_at"),
)

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", String(20), nullable=False),
    Column("who", String, nullable=False),
    Column("what", String, nullable=False),
    Column("count", Integer, nullable=False),
    Column("details", Text, nullable=False),
    Column("hash", String(64), nullable=False),
)

# The columns that lists filter and sort by, of the current batch, as one Arrow file.
batch_columns = Table(
    "batch_columns",
    metadata,
    Column("batch_id", String, ForeignKey("batches.batch_id"), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

# With these, those of `tables` and those of contact lists, all there are.
every_table = list_tables.lists.metadata
