"""Build time is a figure: what is compiled, and how often, is held to what there is."""

import re
from collections import Counter
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path

import pytest

import nflows_np
from nflows_np import specs
from nflows_np._engine import built

CSRC = Path(__file__).parents[1] / "csrc"

# The name of a class template's type information, which outlives stripping: N6nflows5LanesIfNS_6AffineEEE is
# nflows::Lanes<float, nflows::Affine>, and BernsteinOfILi64EE is Bernstein. Symbols, which do not, begin with _Z.
CLASS = re.compile(
    rb"(?<!_Z)(?<!_Z[A-Z])(?<!_ZT[A-Z])N6nflows(?:12_GLOBAL__N_1)?\d+([A-Za-z]+?)I([fd])"
    rb"(?:NS_(?:12_GLOBAL__N_1)?\d+([A-Za-z]+?)(?:Of)?(?:I(?:[fd]|Li\d+E)E)?E)?EE\0"
)
OWN = 20
"""Class templates of an engine that are nothing registered: contracts, factors of linear maps, a flow, a trainer."""


def modules():
    """{name: bytes} of the compiled modules of the package."""
    paths = {
        path for suffix in EXTENSION_SUFFIXES for path in Path(nflows_np.__path__[0]).rglob(f"*{suffix}")
    }
    return {path.name.split(".")[0]: path.read_bytes() for path in paths}


def test_one_module_of_each_kind():
    """Each brings its kind's whole preamble. Hooks are no part of what users install.

    A module that has no source any more is of an earlier build: git clean -Xf nflows_np.
    """
    users = {name: data for name, data in modules().items() if not name.startswith("_hooks_")}
    assert [name for name, data in users.items() if b"cython_runtime" in data] == ["_stream"]
    assert [name for name, data in users.items() if b"pybind11" in data] == ["_engine"]


@pytest.mark.parametrize("isa", built())
def test_each_class_is_compiled_once_for_each_type(isa):
    engine = Path(find_spec(f"nflows_np._engine._engine_{isa}").origin).read_bytes()
    found = [tuple(part.decode() for part in groups) for groups in CLASS.findall(engine)]
    assert max(Counter(found).values()) == 1
    classes = {(template, of) for template, _, of in found}
    assert len(found) == 2 * len(classes)  # float and double

    registered = specs.registry()
    formulas = {"".join(word.capitalize() for word in name.split("_")) for name in registered["transformers"]}
    assert {of for template, of in classes if template == "Lanes"} == formulas
    assert {template for template, of in classes if of} == {
        "Lanes",
        "ConditionalLanes",
        "Pointwise",
        "Independent",
    }
    assert len(classes) <= sum(map(len, registered.values())) + OWN


def test_each_formula_is_compiled_once():
    """Wirings know transformers by their contract, and only Lanes is compiled per formula."""
    for folder in ("bijections", "flow", "train", "nets", "engine", "bases"):
        for path in (CSRC / folder).rglob("*.[hc]*"):
            included = re.findall(r'#include "transformers/(\w+)\.h"', path.read_text())
            assert set(included) <= {"formula", "transformer"}, path
    lines = [line for path in CSRC.rglob("*") if path.is_file() for line in path.read_text().splitlines()]
    assert sum(bool(re.search(r"register_formula<", line)) for line in lines) == 1
    classes = [
        re.match(r"(?:class|struct) \w+ final : public (?:Transformer|Base|Bijection)<", line)
        for line in lines
    ]
    assert sum(map(bool, classes)) <= 24
