"""SHA-256 of customers' e-mail addresses, from a file that the shop keeps; it is still personal."""

import csv
import hashlib
from pathlib import Path

from serving.errors import ServeError

COLUMNS = ("customer_id", "email")


def email_sha256(address: str) -> str:
    """Return the SHA-256 of an address, blanks taken off and in small letters, as 64 hex digits."""
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()


def hashed_emails(path: Path) -> dict[str, str]:
    """Return {customer_id: SHA-256 of the address}; who has no address is left out.

    Raises
    ------
    ServeError
        If the file cannot be read, or lacks a column.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            lacking = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
            if lacking:
                raise ServeError(
                    f"the file of `exports.emails` lacks the column {lacking[0]}; its first line "
                    "must name customer_id and email"
                )
            return {
                row["customer_id"]: email_sha256(row["email"])
                for row in rows
                if (row["email"] or "").strip()
            }
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ServeError(
            f"the file of `exports.emails` cannot be read ({type(error).__name__}); "
            "it must be a CSV in UTF-8 with the columns customer_id and email"
        ) from error
