"""Estimators: normalizing flows that behave like scikit-learn's own."""

from nflows_np.estimators._files import load as load
from nflows_np.estimators.density import FlowDensity as FlowDensity
