"""One engine is chosen once, can be forced, and refuses clearly; the installation describes itself."""

import os
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

import nflows_np
from nflows_np import _config, _engine

PACKAGE = Path(nflows_np.__path__[0])


def python(code, *options, cwd=None, **environment):
    """Run `code` in a new interpreter on the package under test."""
    env = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), **environment}
    command = [sys.executable, *(options or ("-P",)), "-c", code]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)


def test_import_is_light():
    done = python(
        "import sys, nflows_np; print([m for m in ('numpy', 'sklearn', 'scipy') if m in sys.modules])"
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_the_best_variant_is_chosen():
    done = python(
        "from nflows_np._engine import choice, engine; print(choice()['isa'], engine.isa)", NFLOWS_NP_ISA=""
    )
    assert done.stdout.split() == [_engine.available()[-1]] * 2


@pytest.mark.parametrize("isa", _engine.available())
def test_a_variant_can_be_forced(isa):
    done = python("import nflows_np; nflows_np.show_config()", NFLOWS_NP_ISA=isa)
    assert f"isa: {isa}\n" in done.stdout and "reason: NFLOWS_NP_ISA asks for it\n" in done.stdout
    assert _engine.load(isa).isa == isa


def test_a_forced_variant_that_does_not_exist_is_an_error():
    done = python("import nflows_np._engine", NFLOWS_NP_ISA="neon512")
    assert done.returncode == 1
    message = (
        "NFLOWS_NP_ISA=neon512: unknown engine variant 'neon512': the variants are 'base', 'avx2', 'avx512'"
    )
    assert message in done.stderr


def test_a_variant_that_was_not_built_is_an_error(monkeypatch):
    monkeypatch.setattr(_engine, "built", lambda: ["base"])
    with pytest.raises(_engine.EngineError, match="'avx512' was not built; those that were: 'base'"):
        _engine.load("avx512")


def test_a_variant_that_cannot_run_here_is_an_error(monkeypatch):
    isa = _engine.available()[-1]
    monkeypatch.setattr(_engine, "missing", lambda isa: ["fma", "movbe"])
    with pytest.raises(_engine.EngineError, match=f"'{isa}' cannot run here.* lacks fma, movbe"):
        _engine.load(isa)


def test_what_the_cpu_runs():
    assert _engine._engine.supports("base") and _engine._engine.missing("base") == []
    features = _engine._engine.features()
    for isa in _engine.VARIANTS:
        lacking = _engine._engine.missing(isa)
        assert _engine._engine.supports(isa) == (not lacking)
        assert not any(features.get(name, False) for name in lacking)
    with pytest.raises(ValueError, match="unknown instruction set 'sse9'"):
        _engine._engine.supports("sse9")


def test_show_config(capsys):
    assert nflows_np.show_config() is None
    printed = capsys.readouterr().out
    report = nflows_np.show_config("dicts")
    assert report["nflows_np"]["version"] == nflows_np.__version__
    assert report["engine"]["isa"] in report["engine"]["available"]
    assert set(report["engine"]["available"]) <= set(report["engine"]["built"])
    assert f"isa: {report['engine']['isa']}\n" in printed
    with pytest.raises(ValueError, match="mode must be 'stdout' or 'dicts', got 'json'"):
        nflows_np.show_config("json")


def test_limit_threads(monkeypatch):
    monkeypatch.setattr(_config, "_thread_limit", None)  # the tests themselves run under a limit
    monkeypatch.setattr("joblib.cpu_count", lambda: 8)
    assert _config.n_threads(7) == 7
    with nflows_np.limit_threads(3):
        assert _config.n_threads(7) == 3
        with nflows_np.limit_threads(1):
            assert _config.n_threads(-1) == _config.n_threads(None) == 1
        assert _config.n_threads(2) == 2
    assert _config.n_threads(7) == 7


@pytest.mark.parametrize("limit", [0, -1, 1.5, "2", True, None])
def test_limit_threads_refuses(limit):
    with pytest.raises(ValueError, match="limit must be a positive integer"), nflows_np.limit_threads(limit):
        pass


def lay_out(folder, *, compiled, version=nflows_np.__version__):
    """A package as far as its import goes, with or without a compiled module; its __init__ says `version`."""
    package = folder / "nflows_np"
    package.mkdir(parents=True)
    text = (PACKAGE / "__init__.py").read_text()
    assert f'"{nflows_np.__version__}"' in text
    (package / "__init__.py").write_text(text.replace(f'"{nflows_np.__version__}"', f'"{version}"'))
    (package / "_source_tree.py").write_bytes((PACKAGE / "_source_tree.py").read_bytes())
    if compiled:
        (package / f"_stream{EXTENSION_SUFFIXES[0]}").touch()  # it is looked for, not loaded
        (folder / f"nflows_np-{version}.dist-info").mkdir()
        (folder / f"nflows_np-{version}.dist-info" / "METADATA").write_text(
            f"Name: nflows_np\nVersion: {version}\n"
        )
    return package


def imported_from(tree, site):
    """Where `python -c` finds the package's modules when it is run in `tree` and `site` is on the path."""
    return python("import nflows_np; print(*nflows_np.__path__)", "-S", cwd=tree, PYTHONPATH=str(site))


def test_a_source_tree_without_compiled_modules_steps_aside(tmp_path):
    lay_out(tmp_path / "tree", compiled=False)
    package = lay_out(tmp_path / "site", compiled=True)
    assert imported_from(tmp_path / "tree", tmp_path / "site").stdout.strip() == str(package)


def test_a_source_tree_with_compiled_modules_stays(tmp_path):
    package = lay_out(tmp_path / "tree", compiled=True)
    lay_out(tmp_path / "site", compiled=True)
    assert imported_from(tmp_path / "tree", tmp_path / "site").stdout.strip() == str(package)


def test_a_source_tree_refuses_another_version(tmp_path):
    lay_out(tmp_path / "tree", compiled=False)
    lay_out(tmp_path / "site", compiled=True, version="99.0")
    stderr = imported_from(tmp_path / "tree", tmp_path / "site").stderr
    assert "99.0: run `python -m pip install .` again in" in stderr


def test_a_source_tree_with_nothing_installed_says_so(tmp_path):
    lay_out(tmp_path / "tree", compiled=False)
    stderr = imported_from(tmp_path / "tree", tmp_path).stderr
    assert (
        "has no compiled modules and no installed nflows_np was found: run `python -m pip install .`"
        in stderr
    )
