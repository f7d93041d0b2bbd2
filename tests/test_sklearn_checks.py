"""scikit-learn's own checks, for every preset, without an expected failure that has no reason."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from nflows_np import FlowDensity
from nflows_np.presets import PRESETS, preset
from nflows_np.specs import Autoregressive, Flow, LinearGaussian, Permutation

# What makes every check quick: nothing in them depends on how well a flow fits.
SMALL = {"n_layers": 2, "hidden_units": 8, "max_iter": 5, "n_jobs": 1}

ROUNDING = (
    "15 rows of 30 columns in float32: along the directions in which they have no spread, gradients are rounding "
    "errors, which rows and their repetitions do not share. test_full_batches passes this check in float64"
)


def expected_failures(estimator):
    return {"check_sample_weight_equivalence_on_dense_data": ROUNDING}


@parametrize_with_checks(
    [FlowDensity()]
    + [FlowDensity(flow=name, **SMALL) for name in PRESETS]
    + [
        FlowDensity(
            Flow([LinearGaussian(), Permutation("random"), Autoregressive(hidden_units=(8,))]), max_iter=3
        )
    ],
    expected_failed_checks=expected_failures,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::nflows_np.columns.DegenerateColumnWarning")
def test_checks(estimator, check):
    check(estimator)


@parametrize_with_checks([
    FlowDensity(
        Flow(preset(name, n_layers=2, hidden_units=(8,)).for_table(100, 2).bijections[1:]),
        dtype="float64", batch_size=10**6,
        early_stopping=False, alpha=0.01, max_iter=5, n_jobs=1,
    )
    for name in PRESETS if name != "linear"
])  # fmt: skip
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::nflows_np.columns.DegenerateColumnWarning")
def test_full_batches(estimator, check):
    """In full batches of float64 nothing is expected to fail: weights are repetitions.

    The layers are the presets' without the first, the Gaussian fit: the rows of that check are fewer than their
    columns, so that a Gaussian's gradients are rounding errors, of which Adam makes steps. On rows that have a
    Gaussian fit, test_density.py compares weights and repetitions with it.
    """
    check(estimator)
