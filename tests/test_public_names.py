"""Completion offers what is public: no files between classes, and nothing that a module imports for itself."""

import importlib
import subprocess
import sys
from types import ModuleType

import pytest

import nflows_np
from nflows_np import specs

PACKAGES = ("specs", "presets", "datasets", "testing", "estimators", "columns", "plotting")


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_offer_their_own_names(package):
    module = importlib.import_module(f"nflows_np.{package}")
    names = dir(module)
    assert names == sorted(names) and names
    for name in names:
        value = getattr(module, name)
        assert not name.startswith("_") and not isinstance(value, ModuleType), name
        homes = module.__name__, "nflows_np._stream"
        assert getattr(value, "__module__", module.__name__).startswith(homes), name


def test_every_spec_is_offered():
    classes = {cls.__name__ for kind in specs.registry().values() for cls in kind.values()}
    kinds = {"Base", "Bijection", "Conditional", "Flow", "Spec", "Transformer"}
    assert set(dir(specs)) == classes | kinds | {"from_dict", "registry"}


def test_every_preset_is_offered():
    presets = nflows_np.presets
    assert set(dir(presets)) == {*presets.PRESETS, "PRESETS", "preset"}


@pytest.mark.parametrize("used", ["", "FlowDensity", "plotting"])
def test_the_top_offers_the_same_whatever_was_used(used):
    """And every name that it offers is there."""
    code = f"import nflows_np\n{'nflows_np.' + used if used else ''}\nprint(*dir(nflows_np))\n"
    code += "[getattr(nflows_np, name) for name in dir(nflows_np)]"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == [
        "DegenerateColumnWarning", "FlowDensity", "__version__", "datasets", "limit_threads", "load", "plotting",
        "presets", "show_config", "specs", "testing",
    ]  # fmt: skip
