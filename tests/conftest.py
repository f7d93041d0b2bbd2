"""What all tests share: slow ones wait for --run-slow, and no test takes more than two threads by default."""

import numpy as np
import pytest
from hypothesis import settings

import nflows_np

# Fuzz is the same in every run, but for `--hypothesis-profile long`.
settings.register_profile("repeatable", max_examples=200, derandomize=True, deadline=None, database=None)
settings.register_profile("long", max_examples=20_000, deadline=None, print_blob=True)
settings.load_profile("repeatable")


def pytest_addoption(parser):
    parser.addoption("--run-slow", action="store_true", help="also run the tests marked slow")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--run-slow"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="takes minutes; runs with --run-slow"))


@pytest.fixture(autouse=True, scope="session")
def two_threads():
    """Tests run beside one another on machines with many cores; the engine's own pool need not be one of them."""
    with nflows_np.limit_threads(2):
        yield


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def banana():
    """400 rows of a bent Gaussian, in units far from 1."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=400)
    y = x**2 + 0.3 * rng.normal(size=400)
    return np.column_stack([1e4 + 20.0 * x, 1e-3 * y])
