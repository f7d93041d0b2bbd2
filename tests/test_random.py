"""Base noise: NumPy's own numbers, row after row, whatever the cut."""

import threading

import numpy as np
import pytest
from nflows_np._stream import StandardNormal
from scipy import stats

DTYPES = (np.float32, np.float64)

every_dtype = pytest.mark.parametrize("dtype", DTYPES)
every_source = pytest.mark.parametrize(
    "make",
    [
        np.random.RandomState,
        np.random.default_rng,
        lambda seed: np.random.Generator(np.random.MT19937(seed)),
        lambda seed: np.random.RandomState(np.random.Philox(seed)),
    ],
    ids=["RandomState", "PCG64", "MT19937", "RandomState-Philox"],
)


def standard_normal_panels(random_state, n, n_features, dtype):
    with StandardNormal(random_state, n, n_features, dtype) as noise:
        return noise.move(np.full(noise.shape, np.nan, dtype=dtype))


def rows_of(panels, n):
    return panels.transpose(0, 2, 1).reshape(-1, panels.shape[1])[:n]


@every_dtype
@pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 100])
@pytest.mark.parametrize("n_features", [1, 3])
def test_numbers_are_those_of_numpy(dtype, n, n_features):
    panels = standard_normal_panels(np.random.default_rng(5), n, n_features, dtype)
    expected = np.random.default_rng(5).standard_normal((n, n_features), dtype=dtype)
    assert panels.shape == (-(-n // 16), n_features, 16) and panels.dtype == dtype
    assert np.array_equal(rows_of(panels, n), expected)
    assert not panels.transpose(0, 2, 1).reshape(-1, n_features)[n:].any()


@every_dtype
@every_source
def test_first_rows_of_a_longer_sample_are_the_shorter_sample(make, dtype):
    longer = rows_of(standard_normal_panels(make(1), 70, 3, dtype), 70)
    for n in (1, 16, 37, 69):
        assert np.array_equal(rows_of(standard_normal_panels(make(1), n, 3, dtype), n), longer[:n])


@every_dtype
@every_source
def test_calls_continue_one_another(make, dtype):
    whole = rows_of(standard_normal_panels(make(2), 90, 5, dtype), 90)
    rng = make(2)
    parts = [rows_of(standard_normal_panels(rng, n, 5, dtype), n) for n in (3, 16, 0, 71)]
    assert np.array_equal(np.vstack(parts), whole)


@every_source
def test_the_state_advances_with_the_users_generator(make):
    rng = make(3)
    first = standard_normal_panels(rng, 4, 2, np.float64)
    assert not np.array_equal(first, standard_normal_panels(rng, 4, 2, np.float64))
    assert rng.uniform() != make(3).uniform()


def test_the_global_random_state_works():
    np.random.seed(7)  # noqa: NPY002 - the global state is the subject
    panels = standard_normal_panels(np.random.mtrand._rand, 3, 2, np.float64)
    assert np.array_equal(panels, standard_normal_panels(np.random.RandomState(7), 3, 2, np.float64))


@every_dtype
def test_distribution(dtype):
    draws = rows_of(standard_normal_panels(np.random.RandomState(0), 50_000, 2, dtype), 50_000)
    for column in draws.T:
        assert stats.kstest(column, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(draws.T)[0, 1]) < 0.02


def test_threads_share_a_generator_without_losing_numbers():
    rng = np.random.default_rng(0)
    found = []

    def draw():
        for _ in range(50):
            found.extend(standard_normal_panels(rng, 16, 3, np.float64).ravel().tolist())

    threads = [threading.Thread(target=draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = np.random.default_rng(0).standard_normal(200 * 48)
    assert np.array_equal(np.sort(found), np.sort(expected))


def test_waits_for_the_generators_lock():
    rng = np.random.default_rng(0)
    done = threading.Event()

    def draw():
        standard_normal_panels(rng, 1, 1, np.float64)
        done.set()

    with rng.bit_generator.lock:
        thread = threading.Thread(target=draw)
        thread.start()
        assert not done.wait(0.05)
    thread.join()
    assert done.is_set()


@pytest.mark.parametrize("random_state", [None, 0, "seed", np.random, object()])
def test_sources_without_a_bit_generator_are_refused(random_state):
    with pytest.raises(TypeError, match="random_state must be a numpy RandomState or Generator"):
        standard_normal_panels(random_state, 1, 1, np.float64)


@pytest.mark.parametrize(
    "n, n_features, dtype, message",
    [
        (-1, 1, np.float64, "n must be an integer of at least 0; got -1"),
        (1.5, 1, np.float64, "n must be an integer of at least 0; got 1.5"),
        (1, 0, np.float64, "n_features must be an integer of at least 1; got 0"),
        (1, 1, np.float16, "dtype must be float32 or float64; got float16"),
        (1, 1, np.int64, "dtype must be float32 or float64; got int64"),
    ],
)
def test_arguments_are_checked(n, n_features, dtype, message):
    with pytest.raises((ValueError, TypeError), match=message):
        standard_normal_panels(np.random.default_rng(0), n, n_features, dtype)
