"""NumPy's Generator wherever a random state is taken, and its state in model files."""

import copy
import json

import numpy as np
import pytest
from sklearn.base import clone

from nflows_np import FlowDensity, datasets, load
from nflows_np._random_state import decode, encode

KINDS = [np.random.MT19937, np.random.PCG64, np.random.PCG64DXSM, np.random.Philox, np.random.SFC64]
SETS = ["checkerboard", "eight_gaussians", "pinwheel", "two_moons", "two_spirals"]

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
every_kind = pytest.mark.parametrize("kind", KINDS)


def generator(kind=np.random.PCG64, seed=0):
    return np.random.Generator(kind(seed))


def flow(random_state, **params):
    return FlowDensity("maf", n_layers=1, hidden_units=4, max_iter=1, random_state=random_state, **params)


@pytest.fixture(scope="module")
def rows():
    return np.random.default_rng(1).normal(size=(80, 2))


@pytest.fixture(scope="module", params=["standard_normal", "student_t"])
def fitted(request, rows):
    return flow(0, base=request.param).fit(rows)


@every_kind
def test_fits_from_a_generator(rows, kind):
    rng = generator(kind)
    first = flow(rng).fit(rows).parameters_
    assert np.array_equal(first, flow(generator(kind)).fit(rows).parameters_)
    assert not np.array_equal(first, flow(rng).fit(rows).parameters_)  # it has advanced
    assert not np.array_equal(first, flow(generator(kind, 1)).fit(rows).parameters_)


@every_kind
def test_samples_from_a_generator(fitted, kind):
    """The same state, the same bits, for any number of threads; a longer sample begins with the shorter."""
    rng = generator(kind)
    whole = fitted.sample(20_000, rng)
    assert not np.array_equal(whole[:50], fitted.sample(50, rng))
    for n_jobs in (1, 2, 3):
        again = copy.deepcopy(fitted).set_params(n_jobs=n_jobs)
        assert np.array_equal(whole, again.sample(20_000, generator(kind)))
        assert np.array_equal(whole[:50], again.sample(50, generator(kind)))


@pytest.mark.parametrize("name", SETS)
def test_data_sets_from_a_generator(name):
    draw, rng = getattr(datasets, name), generator()
    first = draw(30, random_state=rng)
    assert np.array_equal(first, draw(30, random_state=generator()))
    assert not np.array_equal(first, draw(30, random_state=rng))


@pytest.mark.parametrize("wrong", [-1, 2**32, 1.5, "0", np.random.PCG64(0)])
def test_other_random_states_are_refused(fitted, rows, wrong):
    for call in (
        lambda: flow(wrong).fit(rows),
        lambda: fitted.sample(1, wrong),
        lambda: datasets.two_moons(1, random_state=wrong),
    ):
        with pytest.raises((ValueError, TypeError), match="random_state"):
            call()


def test_clones_have_copies():
    rng = generator()
    twin = clone(flow(rng)).random_state
    assert twin is not rng and twin.integers(2**60) == generator().integers(2**60) == rng.integers(2**60)


@every_kind
def test_saved_generators_go_on_where_they_stood(rows, tmp_path, kind):
    rng = generator(kind)
    rng.integers(2**32, size=3, dtype=np.uint32)  # leaves half a word waiting
    model = flow(rng).fit(rows)
    model.save(tmp_path / "model.flow")
    again = load(tmp_path / "model.flow").random_state
    assert type(again.bit_generator) is kind
    assert np.array_equal(
        again.integers(2**32, size=700, dtype=np.uint32), rng.integers(2**32, size=700, dtype=np.uint32)
    )
    assert np.array_equal(again.normal(size=700), rng.normal(size=700))


class Foreign(np.random.PCG64):
    """A bit generator that is not NumPy's own."""


def test_foreign_generators_are_not_saved(rows, tmp_path):
    model = flow(np.random.Generator(Foreign(0))).fit(rows)
    with pytest.raises(TypeError, match=r"parameter random_state=.* none of MT19937, PCG64"):
        model.save(tmp_path / "model.flow")
    assert not list(tmp_path.iterdir())


class OwnGenerator(np.random.Generator):
    """A generator that would come back as another."""


class OwnRandomState(np.random.RandomState):
    """The same of the older kind."""


@pytest.mark.parametrize("random_state", [OwnGenerator(np.random.PCG64(0)), OwnRandomState(0)])
def test_classes_of_their_own_are_not_saved(rows, tmp_path, random_state):
    model = flow(random_state).fit(rows)
    with pytest.raises(TypeError, match=r"parameter random_state=.* Own\w+ is a class of its own"):
        model.save(tmp_path / "model.flow")
    assert not list(tmp_path.iterdir())


def paths(state, at=()):
    """The way to every number, list and object of a state."""
    yield at
    if isinstance(state, dict):
        for name in state:
            yield from paths(state[name], (*at, name))
    elif isinstance(state, list):
        yield from paths(state[0], (*at, 0))


@every_kind
def test_states_that_are_none(kind):
    """Whatever part of a state is missing or wrong, it is refused."""
    whole = json.loads(json.dumps(encode("random_state", generator(kind))["generator"]))
    assert decode("generator", whole).integers(2**60) == generator(kind).integers(2**60)
    for at in paths(whole):
        for wrong in (None, -1, 2**128, 0.5, True, "x", [], {}, [0, -1]):
            state = {"whole": copy.deepcopy(whole)}
            place = state
            *way, last = ("whole", *at)
            for step in way:
                place = place[step]
            place[last] = wrong
            with pytest.raises(ValueError, match="random_state"):
                decode("generator", state["whole"])
    for extra in (whole, whole["state"]):
        extra["more"] = 1
        with pytest.raises(ValueError, match="other fields"):
            decode("generator", whole)
        del extra["more"]


def test_states_that_never_move():
    """All zeros, and NumPy would look for a normal variate without end."""
    state = json.loads(json.dumps(encode("random_state", generator(np.random.MT19937))["generator"]))
    state["state"]["key"] = [0] * 624
    with pytest.raises(ValueError, match="random_state is zero"):
        decode("generator", state)
