import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.running.orders import NAMES, first_purchases, order_states
from tests.features.made import QUICK
from tests.features.running.made_lines import LINES, arrays


def refs(keys, bought):
    """First purchase line of each line's order; of a refund without one, the line itself."""
    first: dict[str, int] = {}
    for i, key in enumerate(keys):
        if bought[i]:
            first.setdefault(key, i)
    return np.array([first.get(key, i) for i, key in enumerate(keys)], np.int64)


def states(lines, keys, discount=0, product=-1):
    starts, days, amount, bought = arrays(lines)
    n = len(amount)
    discounts = np.zeros(n, np.int64) + np.array(discount)
    products = np.zeros(n, np.int32) + np.array(product, np.int32)
    order = refs(keys, bought)
    found = order_states(starts, days, amount, bought, order, discounts, products)
    return {name: np.asarray(values).tolist() for name, values in zip(NAMES, found, strict=True)}


def test_an_order_interrupted_by_another_keeps_all_its_lines():
    found = states([(1, 10), (1, 5), (2, 7), (2, 100), (2, 3)], "aabcb")
    assert found["first_order_net"] == [10, 15, 15, 15, 15]
    assert found["last_order_net"] == [10, 15, 7, 100, 10]
    assert found["last_order_lines"] == [1, 2, 1, 1, 2]
    assert found["largest_order"] == [10, 15, 15, 100, 100]


def test_a_refund_of_an_earlier_order_leaves_the_latest_one():
    found = states([(1, 10), (5, 20), (9, -10)], "aba")
    assert found["first_order_net"] == [10, 10, 0]
    assert found["last_order_net"] == [10, 20, 20]
    assert found["refunded_orders"] == [0, 0, 1]
    assert found["returned_orders"] == [0, 0, 1]
    assert found["largest_order"] == [10, 20, 20]


def test_a_refund_of_no_known_order_counts_in_none():
    found = states([(1, -4), (1, 10), (2, -3)], ["x", "a", "y"])
    assert found["order_nets"] == [0, 10, 10]
    assert found["order_squares"] == [0, 100, 100]
    assert found["refunded_orders"] == [0, 0, 0]


def test_an_earlier_order_that_becomes_known_late_is_the_first():
    found = states([(10, 4), (3, 7)], "ab")
    assert found["first_order_net"] == [4, 7]
    assert found["last_order_net"] == [4, 4]


def test_an_order_of_nothing_is_one_until_it_comes_to_something():
    found = states([(1, 0), (1, 0), (1, 5), (2, 0)], "aaab")
    assert found["zero_orders"] == [1, 1, 0, 1]
    assert found["returned_orders"] == [0, 0, 0, 0]


def test_a_product_counts_where_it_is_bought_first():
    # Product 0 is seen first on a refund, which buys nothing.
    lines = [(1, -4), (1, 10), (1, 10), (1, 10), (2, 5)]
    found = states(lines, ["x", "a", "a", "a", "b"], product=[0, 1, 0, 0, 0])
    assert found["first_order_products"] == [0, 1, 2, 2, 2]


def test_discounts_count_with_their_order():
    found = states([(1, 10), (2, 10), (1, 10)], "aba", discount=[1, 2, 4])
    assert found["first_order_discount"] == [1, 1, 5]


@QUICK
@given(LINES, st.lists(st.sampled_from("xyz"), min_size=15, max_size=15))
def test_an_order_counts_once_at_its_first_purchase_line(lines, keys):
    _, _, _, bought = arrays(lines)
    order = refs(keys[: len(lines)], bought)
    found = first_purchases(order, bought)
    wanted = {min(i for i in np.flatnonzero(bought) if order[i] == ref) for ref in order[bought]}
    assert set(np.flatnonzero(found)) == wanted
