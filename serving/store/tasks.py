"""Tasks: who looks after a customer, until when, and whether it is done. One for each customer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, select, update

from serving.store.batch import utc_text
from serving.store.database import Database
from serving.store.insert_new import insert_or_replace
from serving.store.tables import tasks

LONGEST_OWNER = 60
MOST_OPEN = 50


class TaskError(ValueError):
    """An owner or a day that a task cannot have; the sentence says why."""


@dataclass(frozen=True)
class Task:
    """Who looks after a customer.

    Attributes
    ----------
    due_on : YYYY-MM-DD, or None
    done_at : moment it was done, UTC, or None
    set_by : prefix of the token that set it last
    """

    customer_id: str
    owner: str
    due_on: str | None
    done_at: str | None
    set_by: str
    set_at: str


class Tasks:
    """Tasks of one shop.

    Parameters
    ----------
    database : the store's
    clock : gives the present moment, with a time zone
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self.database = database
        self.clock = clock

    def of(self, ids: Sequence[str]) -> dict[str, Task]:
        """Return the tasks of some customers, by customer id."""
        query = select(tasks).where(tasks.c.customer_id.in_(list(ids)))
        with self.database.read() as connection:
            found = connection.execute(query).mappings().all()
        return {row["customer_id"]: _task(dict(row)) for row in found}

    def open(self) -> list[Task]:
        """Return the tasks not done yet, the earliest due first, those without a day last."""
        query = (
            select(tasks)
            .where(tasks.c.done_at.is_(None))
            .order_by(tasks.c.due_on.is_(None), tasks.c.due_on, tasks.c.customer_id)
            .limit(MOST_OPEN)
        )
        with self.database.read() as connection:
            return [_task(dict(row)) for row in connection.execute(query).mappings()]

    def owners(self) -> list[str]:
        """Return everybody who has or had a task, by name."""
        with self.database.read() as connection:
            return sorted(connection.scalars(select(tasks.c.owner).distinct()), key=str.casefold)

    def assign(self, customer_id: str, owner: str, due_on: str, set_by: str) -> None:
        """Give a customer to an owner, in place of the one before; without an owner to nobody.

        Raises
        ------
        TaskError
            If the owner's name is too long or the day is none.
        """
        name, day = checked_owner(owner), checked_day(due_on)
        now = utc_text(self.clock())
        with self.database.write() as connection:
            if name:
                row = Task(customer_id, name, day, None, set_by, now)
                insert_or_replace(connection, tasks, vars(row))
            else:
                connection.execute(delete(tasks).where(tasks.c.customer_id == customer_id))

    def set_done(self, customer_id: str, set_by: str, *, is_done: bool) -> None:
        """Say that a task is done, or is not; nothing happens where there is none."""
        now = utc_text(self.clock())
        values = {"done_at": now if is_done else None, "set_by": set_by, "set_at": now}
        with self.database.write() as connection:
            this = update(tasks).where(tasks.c.customer_id == customer_id)
            connection.execute(this.values(**values))


def checked_owner(owner: str) -> str:
    """Return a name without space around it; empty for nobody.

    Raises
    ------
    TaskError
        If it is too long or holds signs that are not shown.
    """
    text = " ".join(owner.split())
    if len(text) > LONGEST_OWNER or not text.isprintable():
        raise TaskError(f"a name has at most {LONGEST_OWNER} characters, all of them shown")
    return text


def checked_day(text: str) -> str | None:
    """Return a day as YYYY-MM-DD, None for no day.

    Raises
    ------
    TaskError
        If the text is no day.
    """
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        raise TaskError("the due day must be written as in 2024-07-31") from None


def _task(row: dict[str, str | None]) -> Task:
    return Task(**{str(name): value for name, value in row.items()})  # type: ignore[arg-type]
