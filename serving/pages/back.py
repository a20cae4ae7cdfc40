"""The way back from a customer's page to the list it was opened from, its filters kept."""

import re
from urllib.parse import urlsplit

from starlette.requests import Request

# Path of each page that lists customers, and what its link says.
LISTS = {
    "/": "This week",
    "/overview": "Overview",
    "/customers": "Customers",
    "/portfolio": "Portfolio",
    "/lists": "Lists",
}
ONE_LIST = re.compile(r"/lists/([a-z0-9][a-z0-9-]{0,62})")
LONGEST = 2000


def back_to(request: Request) -> dict[str, str]:
    """Address and name of the page to go back to: the list of customers unless one of ours."""
    given = request.query_params.get("back", "")
    path = own_path(given)
    if path is None:
        return {"href": "/customers", "text": LISTS["/customers"]}
    one = ONE_LIST.fullmatch(path)
    return {"href": given, "text": f"List {one[1]}" if one else LISTS[path]}


def own_path(address: str) -> str | None:
    """Path of an address on this service that lists customers; None for any other address."""
    if len(address) > LONGEST or any(ord(sign) < 0x21 or sign == "\\" for sign in address):
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if parts.scheme or parts.netloc or parts.fragment or address.startswith("//"):
        return None
    return parts.path if parts.path in LISTS or ONE_LIST.fullmatch(parts.path) else None
