"""Noise by a counter: Philox and Box-Muller as their papers have them, the same numbers wherever they are made."""

import numpy as np
import pytest
from engine_flows import ISAS, every_dtype, random_flow
from nflows_np._stream import CounterNormal
from scipy import stats

from nflows_np import FlowDensity
from nflows_np._engine import EngineError, device
from nflows_np.specs import Affine, Autoregressive
from nflows_np.testing import from_panels

WORD = 2**32


def philox(counter, key):
    """Philox4x32-10 in Python's integers."""
    for step in range(10):
        a, b = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        low, high = (key + step * 0x9E3779B9) % WORD, (key // WORD + step * 0xBB67AE85) % WORD
        counter = [b // WORD ^ counter[1] ^ low, b % WORD, a // WORD ^ counter[3] ^ high, a % WORD]
    return counter


def numbers(key, first_row, n, n_features, dtype="float64"):
    noise = CounterNormal(key, first_row, n, n_features, np.dtype(dtype))
    return from_panels(noise.move(np.empty(noise.shape, dtype)), n)


def test_philox_is_the_published_one():
    """The known answers of Random123's `kat_vectors`."""
    assert philox([0, 0, 0, 0], 0) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    assert philox([WORD - 1] * 4, 2**64 - 1) == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]


@pytest.mark.parametrize("key", [0, 7, 2**64 - 1])
@pytest.mark.parametrize("first_row", [0, 2**32 - 5])
def test_numbers_are_those_of_their_places(key, first_row):
    found, expected = numbers(key, first_row, 20, 6), np.empty((20, 8))
    for i in range(20):
        row = first_row + i
        for block in range(2):
            words = philox([row % WORD, row // WORD, block, 0], key)
            for pair in (0, 2):
                radius = np.sqrt(-2 * np.log((words[pair] + 0.5) / WORD))
                angle = 2 * np.pi * words[pair + 1] / WORD
                expected[i, 4 * block + pair : 4 * block + pair + 2] = (
                    radius * np.cos(angle),
                    radius * np.sin(angle),
                )
    np.testing.assert_allclose(found, expected[:, :6], rtol=0, atol=1e-13)
    np.testing.assert_array_equal(numbers(key, first_row, 20, 6, "float32"), found.astype(np.float32))


def test_numbers_are_normal_and_independent():
    x = numbers(5, 0, 50_000, 3)
    assert stats.kstest(x.ravel(), "norm").pvalue > 1e-3
    assert np.abs(np.corrcoef(x.T) - np.eye(3)).max() < 0.02
    assert np.abs(np.corrcoef(x[1:, 0], x[:-1, 0])[0, 1]) < 0.02


@pytest.mark.hooks
@every_dtype
def test_a_device_makes_the_same_numbers(dtype):
    try:
        device("host")
    except EngineError as error:
        pytest.skip(str(error))
    layers = [Autoregressive(Affine(), hidden_units=(8,))]
    results = []
    for isa in ("host", ISAS[-1]):
        flow = random_flow(layers, 5, isa=isa, dtype=dtype, scale=0.2)[0]
        noise = CounterNormal(3, 10**10, 70_001, 5, np.dtype(dtype))  # two pieces of a device's work
        results.append(flow.inverse(noise, 70_001))
    for found, expected in zip(*results, strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol={"float64": 1e-11, "float32": 1e-4}[dtype])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_samples():
    rows = np.random.default_rng(0).standard_normal((300, 3))
    flow = FlowDensity("maf", max_iter=2, random_state=0).fit(rows)
    sample = flow.sample(1000, random_state=1, noise="counter")
    np.testing.assert_array_equal(flow.sample(100, random_state=1, noise="counter"), sample[:100])
    assert not np.array_equal(flow.sample(1000, random_state=1), sample)
    assert not np.array_equal(flow.sample(1000, random_state=2, noise="counter"), sample)
    generator = np.random.default_rng(4)
    first, second = (flow.sample(10, random_state=generator, noise="counter") for _ in range(2))
    assert not np.array_equal(first, second)
    assert np.abs(sample.mean(axis=0) - rows.mean(axis=0)).max() < 0.2
    np.testing.assert_allclose(np.cov(sample.T), np.cov(rows.T), rtol=0, atol=0.3)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_what_cannot_be():
    rows = np.random.default_rng(0).standard_normal((300, 3))
    flow = FlowDensity("linear", base="student_t", max_iter=1, random_state=0).fit(rows)
    with pytest.raises(
        ValueError, match="noise='counter' makes latents of the standard normal base alone, not of"
    ):
        flow.sample(3, noise="counter")
    with pytest.raises(ValueError, match="noise must be 'numpy' or 'counter', got 'philox'"):
        flow.sample(3, noise="philox")
    with pytest.raises(OverflowError):
        CounterNormal(-1, 0, 3, 2, np.float64)
