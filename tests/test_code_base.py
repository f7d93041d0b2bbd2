"""The code base keeps its own rules: the layers, the boundaries, one version, documented names."""

import ast
import doctest
import importlib
import inspect
import re
import sys
from importlib import metadata
from pathlib import Path

import pytest

import nflows_np

ROOT = Path(__file__).parents[1]
CSRC = ROOT / "csrc"
PACKAGE = ROOT / "nflows_np"

# Lower may not know higher. Folders of equal rank are siblings and may not know each other.
CPP_RANK = {
    "core": 0,
    "simd": 1,
    "linalg": 2,
    "nets": 3,
    "transformers": 3,
    "conditionals": 4,
    "bijections": 5,
    "bases": 5,
    "flow": 6,
    "train": 7,
    "engine": 8,
    "cuda": 9,
    "bindings": 10,
}
# The same for the package. Equal ranks are one layer here: they may know each other.
PYTHON_RANK = {
    "_limits": 0,
    "_messages": 0,
    "_source_tree": 0,
    "_threads": 0,
    "_public": 0,
    "_warnings": 0,
    "_engine": 0,
    "_stream": 0,
    "_streams": 0,
    "_finite": 0,
    "_random_state": 0,
    "_replacing": 0,
    "_weights": 0,
    "_config": 2,
    "_devices": 1,
    "specs": 1,
    "training": 2,
    "training_state": 1,
    "_distinct": 2,
    "_pace": 2,
    "_model": 2,
    "columns": 2,
    "presets": 2,
    "persistence": 2,
    "estimators": 3,
    "datasets": 4,
    "metrics": 4,
    "plotting": 4,
    "_tables": 4,
    "testing": 4,
    "_demo": 5,
    "_cli": 5,
    "_cli_commands": 5,
    "__main__": 5,
    "__init__": 5,
}
INTRINSIC = re.compile(r"immintrin|arm_neon|\b_mm\d*_\w+|\b__m(?:128|256|512)\w*|\bv(?:ld|st)1q?_\w+")

CPP_FILES = sorted(p for p in CSRC.rglob("*") if p.suffix in {".h", ".cpp", ".cu", ".cuh"})
PYTHON_FILES = sorted(p for suffix in ("py", "pyx", "pxi") for p in PACKAGE.rglob(f"*.{suffix}"))


def relative(path):
    return path.relative_to(ROOT).as_posix()


def code_of(path):
    """The text of a C++ file without its comments."""
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_there_is_something_to_check():
    assert {p.relative_to(CSRC).parts[0] for p in CPP_FILES} == set(CPP_RANK)
    assert {"estimators", "specs", "_engine"} <= {p.relative_to(PACKAGE).parts[0] for p in PYTHON_FILES}


@pytest.mark.parametrize("path", CPP_FILES, ids=relative)
def test_cpp_includes_point_one_way(path):
    folder = path.relative_to(CSRC).parts[0]
    for included in re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text("utf-8"), flags=re.MULTILINE):
        assert (CSRC / included).is_file(), f'"{included}" is not a path from csrc/'
        other = included.split("/")[0]
        assert other == folder or CPP_RANK[other] < CPP_RANK[folder], f"{folder}/ may not include {included}"


@pytest.mark.parametrize("path", CPP_FILES, ids=relative)
def test_cpp_boundaries(path):
    folder, code = path.relative_to(CSRC).parts[0], code_of(path)
    if folder != "bindings":
        assert "pybind11" not in code, "pybind11 belongs in csrc/bindings"
    if folder != "simd":
        assert not INTRINSIC.findall(code), "an instruction set may be named in csrc/simd only"


def imported_modules(path):
    """The members of nflows_np that a file imports, anywhere in it, save for type checking alone."""
    package = ["nflows_np", *path.relative_to(PACKAGE).parts[:-1]]
    if path.suffix in {".pyx", ".pxi"}:  # not Python's grammar: relative imports and cimports, line by line
        relative_import = re.compile(r"^\s*from\s+(\.+)([\w.]*)\s+c?import\s+(\w+)", flags=re.MULTILINE)
        found = relative_import.findall(path.read_text(encoding="utf-8"))
        imports = [(len(dots), module, [name]) for dots, module, name in found]
    else:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                node.body = []
        imports = []
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                imports.append((node.level, node.module or "", [alias.name for alias in node.names]))
            elif isinstance(node, ast.Import):
                imports += [(0, alias.name, [""]) for alias in node.names]
    for level, module, names in imports:
        base = package[: len(package) - level + 1] if level else []
        for name in names:
            parts = [*base, *filter(None, module.split(".")), name]
            if parts[0] == "nflows_np" and len(parts) > 1 and parts[1]:
                yield parts[1]


@pytest.mark.parametrize("path", PYTHON_FILES, ids=relative)
def test_python_imports_point_one_way(path):
    own = path.relative_to(PACKAGE).parts[0].split(".")[0]
    assert own in PYTHON_RANK, f"give {own} its place among the layers"
    for other in imported_modules(path):
        if other in PYTHON_RANK:  # others: __version__ and the like
            assert PYTHON_RANK[other] <= PYTHON_RANK[own], f"{own} may not import {other}"


def test_python_layers_are_found_in_imports(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    (tmp_path / "specs").mkdir()
    source = tmp_path / "specs" / "coupling.py"
    source.write_text(
        "import nflows_np.training\nfrom .. import presets\nfrom ..estimators.density import FlowDensity\n"
        "from .flow import Flow\ndef f():\n    from nflows_np import columns\n"
    )
    assert sorted(imported_modules(source)) == ["columns", "estimators", "presets", "specs", "training"]


def test_versions_agree():
    try:
        installed = metadata.version("nflows_np")
    except metadata.PackageNotFoundError:
        pytest.skip("a development build in the checkout has no metadata to compare with")
    assert nflows_np.__version__ == installed


def public_objects():
    """Every public class and function, and the public methods that the package defines, by dotted name."""
    for home in ("nflows_np", "nflows_np.specs", "nflows_np.presets", "nflows_np.datasets"):
        module = importlib.import_module(home)
        for name in getattr(module, "__all__", vars(module)):
            value = getattr(module, name)
            if name.startswith("_") or not callable(value) or not value.__module__.startswith("nflows_np"):
                continue
            yield f"{home}.{name}", value
            if inspect.isclass(value):
                for method_name, method in inspect.getmembers(value, inspect.isfunction):
                    if not method_name.startswith("_") and method.__module__.startswith("nflows_np"):
                        yield f"{home}.{name}.{method_name}", method


def documented_parameters(doc):
    """The names that a numpydoc section Parameters lists: its unindented lines, up to the colon."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w[\w ]*\n-+\n|\Z)", doc, flags=re.MULTILINE | re.DOTALL)
    entries = re.findall(r"^(\*{0,2}\w[^:\n]*)", section[1] if section else "", flags=re.MULTILINE)
    return {name.strip(" *") for entry in entries for name in entry.split(",")}


def test_documented_parameters_are_found():
    doc = "Sum.\n\nParameters\n----------\na, b : int\n    Terms: two.\n**kwargs\n\nRaises\n------\nx : y\n"
    assert documented_parameters(doc) == {"a", "b", "kwargs"}
    assert documented_parameters("Sum of a : int and b.") == set()


@pytest.mark.parametrize("name, value", [pytest.param(*pair, id=pair[0]) for pair in public_objects()])
def test_public_names_are_documented(name, value):
    doc = inspect.getdoc(value)
    assert doc, f"{name} has no docstring"
    if inspect.isclass(value) and issubclass(value, Exception):  # made by the library alone
        return
    parameters = [p for p in inspect.signature(value).parameters if p not in {"self", "cls"}]
    missing = [p for p in parameters if p not in documented_parameters(doc)]
    assert not missing, f"{name} does not list {missing} in its section Parameters"


@pytest.mark.parametrize("name, value", [pytest.param(*pair, id=pair[0]) for pair in public_objects()])
def test_examples_run(name, value, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # an example may save a file
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for example in doctest.DocTestFinder(recurse=False).find(value, name, globs={"nflows_np": nflows_np}):
        runner.run(example)
    assert runner.failures == 0
