"""What visitors do with contact lists: fill in the builder, send its form, import files."""

import re
from html import unescape
from typing import Any

from tests.serving.made import made_batch
from tests.serving.pages.browsing import csrf, publish_with_facts, sign_in

SCOPES = ("read:scores", "list:scores", "lists")
# A contact that pays for most of the made customers.
TERMS = {
    "contact_cost": "0.05",
    "margin": "40",
    "save_rate": "5",
    "save_sd": "2",
    "holdout": "30",
    "detect": "3",
    "primary_outcome": "return_rate",
}


def list_maker(runtime, client, rows=None):
    """A signed-in browser that may make lists, on a published batch."""
    publish_with_facts(runtime.store, made_batch(), rows)
    sign_in(client, runtime, SCOPES)
    return client


def post_form(client, path: str, **fields: Any):
    """Send a form with the mark of the session."""
    return client.post(path, data={"csrf": csrf(client, "/lists"), **fields})


def make_list(client, **fields: Any):
    """Send the builder's form as its button does; fields without a value are as in TERMS."""
    return post_form(client, "/lists/new", do="make", **{**TERMS, **fields})


def foresee(client, **fields: Any):
    """Ask for the part of the builder that follows what is filled in."""
    return post_form(client, "/lists/preview", **{**TERMS, **fields})


def words(text: str) -> str:
    """A page without its tags."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", text)))
