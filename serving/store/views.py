"""Saved views: a filter of the customer list with its columns and order, under a name."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs

from sqlalchemy import Connection, delete, func, select, update

from serving.store.batch import utc_text
from serving.store.database import Database
from serving.store.insert_new import insert_or_replace
from serving.store.postgres import hold
from serving.store.tables import views

LONGEST_NAME = 60
LONGEST_QUERY = 2000
MOST_VIEWS = 100


class ViewError(ValueError):
    """A view that cannot be kept under this name; the sentence says why."""


@dataclass(frozen=True)
class View:
    """A list of customers that somebody kept.

    Attributes
    ----------
    query : query string of the list page
    created_by : prefix of the token that it was made with
    """

    name: str
    query: str
    created_by: str
    created_at: str


class Views:
    """Saved views of one shop.

    Parameters
    ----------
    database : the store's
    clock : gives the present moment, with a time zone
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self.database = database
        self.clock = clock

    def all(self) -> list[View]:
        """Return every view, by name."""
        with self.database.read() as connection:
            found = connection.execute(select(views)).mappings().all()
        each = [View(**{str(name): value for name, value in row.items()}) for row in found]
        return sorted(each, key=lambda view: view.name.casefold())

    def save(self, name: str, query: str, created_by: str) -> View:
        """Keep a list under a name; one of the same name is replaced.

        Raises
        ------
        ViewError
            If the name or the list is too long, or there are too many views.
        """
        view = View(checked_name(name), query, created_by, utc_text(self.clock()))
        if len(query) > LONGEST_QUERY:
            raise ViewError("this list has too many filters to be kept; use fewer")
        with self.database.write() as connection:
            # Two who save at once would each count the views before the other's.
            hold(connection, views)
            others = select(func.count()).select_from(views).where(views.c.name != view.name)
            if (connection.scalar(others) or 0) >= MOST_VIEWS:
                raise ViewError(f"{MOST_VIEWS} views are kept already; delete one first")
            insert_or_replace(connection, views, vars(view))
        return view

    def rename(self, name: str, new_name: str) -> str:
        """Give a view another name and return it.

        Raises
        ------
        ViewError
            If there is no such view, the new name is too long, or another view has it.
        """
        wanted = checked_name(new_name)
        if "\x00" in name:
            raise ViewError("this view is no longer there")
        with self.database.write() as connection:
            hold(connection, views)
            taken = select(views.c.name).where(views.c.name == wanted)
            if wanted != name and connection.scalar(taken) is not None:
                raise ViewError(f"another view is called “{wanted}”; choose another name")
            this = update(views).where(views.c.name == name).values(name=wanted)
            if not connection.execute(this).rowcount:
                raise ViewError("this view is no longer there")
        return wanted

    def remove(self, name: str) -> None:
        """Forget a view; nothing happens where there is none."""
        if "\x00" in name:  # no view is called so, and PostgreSQL takes no such text
            return
        with self.database.write() as connection:
            connection.execute(delete(views).where(views.c.name == name))


def forget_customer(connection: Connection, customer_id: str) -> None:
    """Remove the views that search for one customer or are named after one."""
    wanted = customer_id.casefold()
    for view in connection.execute(select(views.c.name, views.c.query)).mappings().all():
        sought = parse_qs(view["query"], errors="replace").get("q", [])
        if wanted in view["name"].casefold().split() or wanted in map(str.casefold, sought):
            connection.execute(delete(views).where(views.c.name == view["name"]))


def checked_name(name: str) -> str:
    """Return a name without space around it.

    Raises
    ------
    ViewError
        If it is empty, too long, or holds signs that are not shown.
    """
    text = " ".join(name.split())
    if not text:
        raise ViewError("a view needs a name")
    if len(text) > LONGEST_NAME:
        raise ViewError(f"a name of a view has at most {LONGEST_NAME} characters")
    if not text.isprintable():
        raise ViewError("a name of a view may hold only signs that are shown")
    return text
