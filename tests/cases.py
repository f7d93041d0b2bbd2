"""The tables of instances that the law tests walk: the CASES of every module in tests/bijections and tests/bases."""

import importlib.util
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from engine_flows import make_flow, random_flow, rows_and_context

from nflows_np.specs import (
    ActNorm,
    Autoregressive,
    Coupling,
    Elementwise,
    Inverse,
    LinearGaussian,
    LinearLU,
    Permutation,
    Scale,
)


class Case(NamedTuple):
    """A bijection, or a chain of them, on so many features and so much context."""

    label: str
    bijections: Any
    n_features: int
    n_context: int

    def random_flow(self, isa, dtype="float64", **options):
        """The engine's flow at random parameters, its reference and the reader of its parameters."""
        return random_flow(self.bijections, self.n_features, self.n_context, isa=isa, dtype=dtype, **options)

    def rows_and_context(self, n, **options):
        return rows_and_context(n, self.n_features, self.n_context, **options)


class BaseCase(NamedTuple):
    """A base on so many features."""

    label: str
    base: Any
    n_features: int

    @property
    def is_bounded(self):
        """Whether there are latents without a density."""
        return "uniform" in str(self.base.to_dict())

    @property
    def shrinks(self):
        """Whether the start asks how many rows there are, and not only how they are distributed."""
        return "full_normal" in str(self.base.to_dict())

    @property
    def starts_at_random(self):
        return re.search("'n_components': (?!1\\b)", str(self.base.to_dict())) is not None

    def flow(self, isa=None, dtype="float64", *, bijections=(), n_context=0, **options):
        """The engine's flow at its start: the base alone, or behind bijections."""
        options = {"isa": isa, "dtype": dtype, "base": self.base, **options}
        return make_flow(list(bijections), self.n_features, n_context, **options)

    def random_flow(self, isa=None, dtype="float64", *, bijections=(), n_context=0, **options):
        """The same at random parameters, its reference and the reader of its parameters."""
        options = {"isa": isa, "dtype": dtype, "base": self.base, **options}
        return random_flow(list(bijections), self.n_features, n_context, **options)

    def rows(self, n, **options):
        return rows_and_context(n, self.n_features, **options)[0]


# Chains, so that the laws see layers hand rows, gradients and context to each other.
COUPLINGS = [Coupling(hidden_units=(9,)), Coupling(swap=True, hidden_units=(9,))]
GLOW_STEP = [ActNorm(), LinearLU("random"), Coupling(mask="half", hidden_units=(11, 7), activation="tanh")]
MAF_STEP = [Autoregressive(hidden_units=(13,), activation="silu"), Permutation()]
IAF_STEP = [Inverse(Autoregressive(hidden_units=(12, 8), activation="elu")), Permutation("random")]
CHAINS = [
    ([], 2, 0),
    ([LinearGaussian(), *COUPLINGS, Elementwise(Scale())], 3, 0),
    (GLOW_STEP * 2, 5, 2),
    ([LinearGaussian(), *MAF_STEP * 2], 5, 2),
    (IAF_STEP * 2, 3, 0),
]


def load_cases(folder="bijections"):
    """{name of the bijection, transformer or base: its CASES}, one entry per tests/<folder>/test_<name>.py."""
    tables = {}
    for path in sorted((Path(__file__).parent / folder).glob("test_*.py")):
        module_spec = importlib.util.spec_from_file_location(f"cases_of_{path.stem}", path)
        module = importlib.util.module_from_spec(module_spec)
        module_spec.loader.exec_module(module)
        tables[path.stem.removeprefix("test_")] = module.CASES
    return tables


CASES = [
    Case(f"{name}{number}-D{n_features}-C{n_context}", bijection, n_features, n_context)
    for name, table in {**load_cases(), "chain": CHAINS}.items()
    for number, (bijection, n_features, n_context) in enumerate(table)
]

every_case = pytest.mark.parametrize("case", CASES, ids=[case.label for case in CASES])

BASE_CASES = [
    BaseCase(f"{name}{number}-D{n_features}", base, n_features)
    for name, table in load_cases("bases").items()
    for number, (base, n_features) in enumerate(table)
]

every_base = pytest.mark.parametrize("case", BASE_CASES, ids=[case.label for case in BASE_CASES])
