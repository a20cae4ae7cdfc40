"""Tables of contact lists: their heads, members, contacts, outcomes, readouts, cards."""

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, String, Table, Text

from serving.store.tables import Id, metadata

# A list is written once, with its members, and never changed. Texts are JSON.
lists = Table(
    "lists",
    metadata,
    Column("list_id", String, primary_key=True),
    # The order in which lists were made; whoever makes one says which others it knew of.
    Column("number", Integer, nullable=False, unique=True),
    Column("created_at", String(20), nullable=False),
    Column("created_by", String, nullable=False),
    Column("batch_id", String, nullable=False),
    Column("as_of", String(10), nullable=False),
    Column("model_version", String, nullable=False),
    Column("begins_on", String(10), nullable=False),
    Column("readout_on", String(10), nullable=False),
    Column("terms", Text, nullable=False),
    Column("counts", Text, nullable=False),
    Column("outlay", Float, nullable=False),
    Column("gain", Text, nullable=False),
    Column("holdout", Text, nullable=False),
    Column("sensitivity", Text, nullable=False),
    Column("members", Integer, nullable=False),
    # sha256 that anybody can repeat from the list, and one over keyed hashes of the ids, which
    # still holds when a member was erased.
    Column("digest", String(64), nullable=False),
    Column("seal", String(64), nullable=False),
)

# An erased member's row keeps rank, arm and stratum; the id gives way to its keyed hash.
list_members = Table(
    "list_members",
    metadata,
    Column("list_id", String, ForeignKey("lists.list_id"), primary_key=True),
    Column("rank", Integer, primary_key=True, autoincrement=False),
    Column("customer_id", Id),
    Column("customer_hash", String(64)),
    Column("arm", String, nullable=False),
    Column("stratum", Integer, nullable=False),
    Column("return_probability", Float),
    Column("expected_spend", Float),
    Column("contact_cost", Float),
    Column("expected_outlay", Float),
    Column("expected_profit", Float),
    Column("break_even_save_rate", Float),
    Index("list_members_by_customer", "customer_id", "list_id"),
)

# Empty where a contact belongs to no list, or its channel is not told.
contacts = Table(
    "contacts",
    metadata,
    Column("customer_id", Id, primary_key=True),
    Column("contacted_at", String(19), primary_key=True),
    Column("list_id", String, primary_key=True),
    Column("channel", String, primary_key=True),
    Column("cost", Float),
    Column("recorded_at", String(20), nullable=False),
    Column("recorded_by", String, nullable=False),
    Index("contacts_by_list", "list_id"),
)

list_outcomes = Table(
    "list_outcomes",
    metadata,
    Column("list_id", String, ForeignKey("lists.list_id"), primary_key=True),
    Column("customer_id", Id, primary_key=True),
    Column("revenue", Float, nullable=False),
    Column("orders", Integer),
    Column("incentive_paid", Float),
    Column("recorded_at", String(20), nullable=False),
    # First day of which the row tells nothing; null: the shop's day on which it was recorded.
    Column("complete_until", String(10)),
)

# The final readout of each list, and who is on it by attribute; made from the rest.
list_readouts = Table(
    "list_readouts",
    metadata,
    Column("list_id", String, ForeignKey("lists.list_id"), primary_key=True),
    Column("made_at", String(20), nullable=False),
    Column("content", Text, nullable=False),
)
list_cards = Table(
    "list_cards",
    metadata,
    Column("list_id", String, ForeignKey("lists.list_id"), primary_key=True),
    Column("fairness", Text, nullable=False),
)
