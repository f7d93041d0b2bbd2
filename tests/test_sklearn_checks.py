"""scikit-learn's own checks, for every preset, without an expected failure."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from nflows_np import FlowDensity
from nflows_np.presets import PRESETS, preset
from nflows_np.specs import Autoregressive, Flow, LinearGaussian, Permutation

# What makes every check quick: nothing in them depends on how well a flow fits.
SMALL = {"n_layers": 2, "hidden_units": 8, "max_iter": 5, "n_jobs": 1}


@parametrize_with_checks(
    [FlowDensity()]
    + [FlowDensity(flow=name, **SMALL) for name in PRESETS]
    + [
        FlowDensity(
            Flow([LinearGaussian(), Permutation("random"), Autoregressive(hidden_units=(8,))]), max_iter=3
        )
    ]
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::nflows_np.columns.DegenerateColumnWarning")
@pytest.mark.filterwarnings("ignore:.*(too few to hold some out|early_stopping=False trains)")
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
@pytest.mark.filterwarnings("ignore:.*(too few to hold some out|early_stopping=False trains)")
def test_full_batches(estimator, check):
    """In full batches of float64 nothing is expected to fail: weights are repetitions.

    The layers are the presets' without the first, the Gaussian fit: the rows of that check are fewer than their
    columns, so that a Gaussian's gradients are rounding errors, of which Adam makes steps. On rows that have a
    Gaussian fit, test_density.py compares weights and repetitions with it.
    """
    check(estimator)
