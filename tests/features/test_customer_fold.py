import numpy as np

from features.customer_fold import customer_folds


def test_a_customer_keeps_its_fold_whoever_else_is_there():
    ids = np.array([f"c{i}" for i in range(100)], object)
    whole = customer_folds(ids, 5)
    assert np.array_equal(customer_folds(ids[::-1], 5), whole[::-1])
    assert customer_folds(ids[7:8], 5) == whole[7]


def test_folds_are_about_equal():
    sizes = np.bincount(customer_folds(np.array([f"{i:05d}" for i in range(5000)], object), 5))
    # Binomial(5000, 1/5): mean 1000, sd 28.
    assert len(sizes) == 5
    assert (np.abs(sizes - 1000) < 120).all()
