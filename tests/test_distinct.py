"""Equal rows are one row of a larger weight: what is equal, what a fit makes of it, and what may not be split."""

import numpy as np
import pytest

from nflows_np import DegenerateColumnWarning, FlowDensity
from nflows_np._distinct import first_copies, merged
from nflows_np.estimators._split import hold_out, units_of
from nflows_np.training_state import Rows

DTYPES = ["?", "i1", "i8", "u8", "f2", "f4", "f8", ">f4", ">i2", "g"]


def small(**params):
    return FlowDensity("maf", n_layers=2, hidden_units=8, max_iter=4, random_state=0, **params)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_first_copy_stands_for_all(rng, dtype):
    X = rng.integers(0, 2 if dtype == "?" else 4, (500, 3)).astype(dtype)
    index = rng.permutation(500)[:400]
    first = first_copies(X, index)
    for k in range(400):
        assert first[k] == np.flatnonzero((X[index] == X[index[k]]).all(axis=1))[0]


def test_zero_has_no_sign_and_neighbours_differ():
    X = np.array([[0.0], [-0.0], [5e-324], [1.0], [np.nextafter(1.0, 2.0)], [1.0]])
    assert first_copies(X, np.arange(6)).tolist() == [0, 0, 2, 3, 4, 3]


def test_rows_of_one_hash_are_not_merged(monkeypatch, rng):
    monkeypatch.setattr("nflows_np._distinct._hashed", lambda block: np.zeros(len(block), dtype=np.uint64))
    X = np.array([[1.0], [2.0], [1.0], [2.0]])
    rows = merged(Rows(X, np.arange(4)), first_copies(X, np.arange(4)))
    weights = np.ones(4) if rows.weights is None else rows.weights[rows.index]
    assert (
        X[rows.index, 0].tolist()[:2] == [1.0, 2.0] and weights.sum() == 4
    )  # copies may stay, rows may not go


def test_integers_beyond_the_digits_of_a_double_differ():
    X = np.array([[2**53], [2**53 + 1], [2**53]])
    assert first_copies(X, np.arange(3)).tolist() == [0, 1, 0]


@pytest.mark.parametrize("size", [1.0, 1e308, 1e-300])
def test_weights_of_copies_are_added(size):
    X = np.array([[1.0], [2.0], [1.0], [3.0]])
    rows = merged(Rows(X, np.arange(4), size * np.array([1.0, 0.5, 0.25, 1.0])), np.array([0, 1, 0, 3]))
    assert rows.index.tolist() == [0, 1, 3]
    np.testing.assert_allclose(rows.normalised_weights(), np.array([1.25, 0.5, 1.0]) * 3 / 2.75, rtol=1e-15)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("batch_size", ["auto", 10**6])
def test_a_row_twice_is_a_row_of_weight_two(banana, rng, early_stopping, batch_size):
    counts = rng.integers(1, 4, len(banana))
    params = {"early_stopping": early_stopping, "batch_size": batch_size}
    twice = small(**params).fit(np.repeat(banana, counts, axis=0))
    weighted = small(**params).fit(banana, sample_weight=counts)
    assert np.array_equal(twice.parameters_, weighted.parameters_)
    assert (
        twice.loss_curve_ == weighted.loss_curve_ and twice.validation_scores_ == weighted.validation_scores_
    )


def test_rows_that_are_all_equal_stay_and_are_called_constant():
    with pytest.warns(DegenerateColumnWarning, match="Constant"):
        small(early_stopping=False).fit(np.full((20, 2), 7.0))


def test_choices_count_distinct_rows(banana):
    few = FlowDensity(max_iter=1, random_state=0).fit(np.tile(banana[:60], (50, 1)))
    assert few.flow_ == FlowDensity("linear", max_iter=1, random_state=0).fit(banana[:60]).flow_


def test_partial_fit_takes_rows_as_they_come(banana):
    X = np.tile(banana[:64], (3, 1))
    steps = [small(batch_size=64).partial_fit(rows).parameters_ for rows in (X, banana[:64])]
    assert not np.array_equal(*steps)  # three steps, and one


def test_a_bootstrap_does_not_judge_itself(rng):
    """Copies of a row on both sides of a split would have no end of praise for a spike on each."""
    X = rng.standard_normal((300, 2))
    flow = FlowDensity(random_state=0).fit(X[rng.integers(0, 300, 3000)])
    fresh = rng.standard_normal((4000, 2))
    truth = -0.5 * np.square(fresh).sum(axis=1) - np.log(2 * np.pi)
    assert truth.mean() - flow.score(fresh) < 0.15


# Groups


def test_a_chain_is_its_states_by_the_time_in_each(rng):
    """Metropolis's: what is rejected repeats the state before, and is no evidence of its own."""
    states, times, x = [], [], np.zeros(2)
    for _ in range(3000):
        proposal = x + 2.5 * rng.standard_normal(2)
        if not states or np.log(rng.random()) < 0.5 * (x @ x - proposal @ proposal):
            x = proposal
            states.append(x)
            times.append(0.0)
        times[-1] += 1.0
    states, times = np.array(states), np.array(times)
    assert len(states) < 1500
    whole = FlowDensity(random_state=0).fit(np.repeat(states, times.astype(int), axis=0))
    weighted = FlowDensity(random_state=0).fit(states, sample_weight=times)
    fresh = rng.standard_normal((5000, 2))
    assert np.array_equal(whole.score_samples(fresh), weighted.score_samples(fresh))
    truth = -0.5 * np.square(fresh).sum(axis=1) - np.log(2 * np.pi)
    assert np.mean(truth - whole.score_samples(fresh)) < 0.05


def test_groups_that_share_a_row_are_one():
    groups, first = np.array([0, 1, 2, 3, 1, 4]), np.array([0, 1, 0, 3, 3, 5])  # 0 ~ 2, 1 ~ 3
    assert units_of(groups, first).tolist() == [0, 1, 1, 2]


def test_groups_are_held_out_whole(rng):
    X, groups = rng.standard_normal((400, 2)), rng.integers(0, 40, 400)
    rows, held_out = hold_out(Rows(X, np.arange(400)), 60, np.random.SeedSequence(1), groups)
    assert not set(groups[rows.index]) & set(groups[held_out.index])
    assert len(rows) + len(held_out) == 400 and 40 <= len(held_out) <= 60


def test_the_smallest_group_is_held_out_where_none_fits(rng):
    groups = np.repeat([0, 1], [300, 100])
    _, held_out = hold_out(Rows(np.zeros((400, 1)), np.arange(400)), 40, np.random.SeedSequence(1), groups)
    assert held_out.index.tolist() == list(range(300, 400))


def test_fit_honours_groups(banana, rng):
    groups = np.array([f"chain {k}" for k in rng.integers(0, 20, len(banana))])
    one, other = (small(early_stopping=True).fit(banana, groups=g) for g in (groups, None))
    assert one.validation_scores_ != other.validation_scores_


@pytest.mark.parametrize(
    ("groups", "params", "message"),
    [
        (np.zeros(3), {}, "groups: "),
        (np.zeros((400, 2)), {}, "groups: "),
        (np.zeros(400), {}, "all rows are of one group"),
        (np.arange(400), {"X_val": True}, "with X_val nothing is split"),
    ],
)
def test_wrong_groups_are_named(banana, groups, params, message):
    X_val = banana[:20] if params else None
    with pytest.raises(ValueError, match=message):
        small(early_stopping=True).fit(banana, groups=groups, X_val=X_val)
