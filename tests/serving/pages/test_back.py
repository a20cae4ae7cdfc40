import pytest
from starlette.requests import Request

from serving.pages.back import back_to, own_path


def asked(back):
    scope = {"type": "http", "query_string": back, "headers": [], "path": "/customers/1"}
    return back_to(Request(scope))


def test_the_way_back_keeps_the_filters():
    assert asked(b"back=%2Fcustomers%3Frisk_tier%3Dhigh%26q%3D7") == {
        "href": "/customers?risk_tier=high&q=7",
        "text": "Customers",
    }
    assert asked(b"back=%2F%3Fpage%3D2")["text"] == "This week"
    assert asked(b"back=%2Flists%2Fspring-1") == {
        "href": "/lists/spring-1",
        "text": "List spring-1",
    }
    assert asked(b"")["href"] == "/customers"


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/customers",
        "//example.com/customers",
        "/\\example.com",
        "\\\\example.com",
        "javascript:alert(1)",
        "/customers/../sign-out",
        "/sign-out",
        "/customers/00001",
        "/lists/a/readout",
        "/lists/../sign-out",
        "customers",
        " /customers",
        "/customers\n",
        "/customers#x",
        "http:///customers",
        "/customers?" + "a" * 3000,
        "",
        "//",
        "http://[",
    ],
)
def test_an_address_that_is_no_list_of_ours_is_not_followed(address):
    assert own_path(address) is None
