"""What every reader agrees on about a purchase line: money, aware stamps, order of ties."""

# Amounts are whole ten-thousandths of the currency unit: exact sums for every ISO 4217 currency.
AMOUNT_SCALE = 10_000
# Largest amount of a line, currency units: a customer's sum stays far within 64 bits.
MOST_AMOUNT = 10**12
# A discount or cost that the line does not give.
UNKNOWN_MONEY = -(2**63)
# A stamp with an offset: a time of day followed by Z or the name of a zone, or +hh, +hhmm, +hh:mm.
AWARE = r"\d{1,2}:\d{2}.*(?:[A-Za-z]|[+-]\d{2}(?::?\d{2})?)$"
# Ties in time are ordered by content, so the order of rows in a file never matters.
SORT_KEYS = (
    *("known_at", "ordered_at", "order_id", "amount", "quantity", "product_id", "category"),
    *("channel", "discount", "cost", "refund_of", "cancelled", "line_id"),
)
