"""What all tests share: slow ones wait for --run-slow, and no test takes more than two threads by default."""

import os
from importlib.util import find_spec

import cases  # noqa: F401  (its tables enter the references, of which tests build flows)
import numpy as np
import pytest
from hypothesis import settings

import nflows_np
from nflows_np._engine import VARIANTS, built, choice

# Fuzz is the same in every run, but for `--hypothesis-profile long`.
settings.register_profile("repeatable", max_examples=200, derandomize=True, deadline=None, database=None)
settings.register_profile("long", max_examples=20_000, deadline=None, print_blob=True)
settings.load_profile("repeatable")


def pytest_addoption(parser):
    parser.addoption("--run-slow", action="store_true", help="also run the tests marked slow")


def pytest_collection_modifyitems(config, items):
    reasons = {
        "slow": not config.getoption("--run-slow") and "takes minutes; runs with --run-slow",
        "hooks": not has_hooks() and "this build has no measuring hooks (NFLOWS_HOOKS=ON)",
        "every_engine": built() != list(VARIANTS)
        and f"this build has the engines {built()} (NFLOWS_ENGINES=all)",
    }
    if os.environ.get("NFLOWS_NP_TEST_ALL"):  # of a build that must have it all
        lacking = [reasons[name] for name in ("hooks", "every_engine") if reasons[name]]
        if lacking:
            raise pytest.UsageError("; ".join(lacking))
    for item in items:
        for name, reason in reasons.items():
            if reason and name in item.keywords:
                item.add_marker(pytest.mark.skip(reason=reason))


def has_hooks():
    return find_spec(f"nflows_np._engine._hooks_{choice()['isa']}") is not None


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
