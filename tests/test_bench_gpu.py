"""`python -m bench.gpu` with the host's device and tiny sizes: every part answers, and the page says what is open."""

import json

import numpy as np
import pytest

from bench import _gpu_floors, _gpu_laws, gpu
from bench.configs import Config
from nflows_np._engine import EngineError, device

try:
    device("host")
except EngineError as error:
    pytest.skip(f"{error}", allow_module_level=True)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """The figures and the page of a quick run, without the peers, whatever is installed."""
    folder = tmp_path_factory.mktemp("gpu")
    figures, page = folder / "gpu.json", folder / "GPU.md"
    options = ["--device", "host", "--quick", "--max-iter", "2", "--json", str(figures), "--page", str(page)]
    gpu.main([*options, "--parts", "machine", "laws", "floors", "ours", "power"])
    return json.loads(figures.read_text()), page.read_text(), figures


def lines(result, part, what):
    return [line for line in result["parts"][part]["lines"] if line["what"] == what]


def test_every_part_answers(outcome):
    result, _, _ = outcome
    assert list(result["parts"]) == ["machine", "laws", "floors", "ours", "power"]
    for name, part in result["parts"].items():
        assert "error" not in part, (name, part)
        assert not [line for line in part["lines"] if "error" in line], name


def test_flows_agree_with_the_cpu_engine(outcome):
    result, _, _ = outcome
    found = lines(result, "laws", "agreement")
    assert len(found) == 2 * len(_gpu_laws.FLOWS)
    assert all(line["within"] for line in found)
    assert all(
        line["distance"] < 1e-9
        for line in lines(result, "laws", "trained alike")
        if line["dtype"] == "float64"
    )


def test_device_and_cpu_are_timed(outcome):
    result, _, _ = outcome
    for measure in ("step", "score", "sample"):
        found = lines(result, "ours", measure)
        assert {line["contestant"] for line in found} == {"nflows_np, host", "nflows_np, CPU"}
        assert {line["config"]["model"] for line in found} == {"maf", "coupling"}
        assert all(line["high"] > 0 for line in found)
    fits = lines(result, "power", "fit")
    assert [line["where"] for line in fits] == ["host", "cpu"]
    assert fits[0]["held out"] == pytest.approx(fits[1]["held out"], abs=0.1)


def test_the_page_says_what_is_open(outcome):
    _, page, _ = outcome
    head = page.split("\n## ")[0]
    assert "**On**: name host" in head
    assert "22 of 22" in head
    assert "left out by --quick" in head
    assert "say nothing" in head
    for title in ("Distances from the CPU engine", "Training steps", "Scoring", "Sampling", "FlowDensity"):
        assert f"\n## {title}\n" in page


def test_the_page_comes_from_the_figures(outcome, tmp_path):
    _, page, figures = outcome
    again = tmp_path / "again.md"
    gpu.main(["--page-from", str(figures), "--page", str(again)])
    assert again.read_text() == page


def test_a_part_that_fails_stops_no_other(tmp_path, monkeypatch):
    start = gpu.Run.process
    monkeypatch.setattr(
        gpu.Run, "process", lambda run, name, seconds: start(run, name.replace("floors", "none"), seconds)
    )
    figures, page = tmp_path / "gpu.json", tmp_path / "GPU.md"
    options = ["--device", "host", "--quick", "--parts", "floors", "machine"]
    gpu.main([*options, "--json", str(figures), "--page", str(page)])
    parts = json.loads(figures.read_text())["parts"]
    assert parts["floors"]["error"] == "exit status 1: KeyError: 'none'"
    assert len(parts["machine"]["lines"]) == 3
    assert "floors (exit status 1: KeyError: 'none')" in page.read_text()


def test_no_part_outlasts_the_budget(tmp_path):
    figures = tmp_path / "gpu.json"
    gpu.main(["--device", "host", "--parts", "machine", "ours", "--budget", "4", "--json", str(figures)])
    result = json.loads(figures.read_text())
    assert "error" in result["parts"]["ours"] or lines(result, "ours", "open")
    assert result["seconds"] < 15


def test_what_pytest_prints_is_read():
    output = """
tests/laws/test_device.py::test_a[x-float32] PASSED                  [  1%]
tests/laws/test_device.py::test_a[y z] FAILED                        [  2%]
[gw0] [  3%] PASSED tests/laws/test_device.py::test_b
[gw1] [  4%] FAILED tests/laws/test_device.py::test_c[maf]
[gw1] [  5%] SKIPPED tests/laws/test_device.py::test_d
=========================== short test summary info ============================
FAILED tests/laws/test_device.py::test_a[y z] - AssertionError: 1 != 2
FAILED tests/laws/test_device.py::test_c[maf] - RuntimeError: cuda: waiting
"""
    found = _gpu_laws.read(output)
    assert (found["passed"], found["failed"], found["skipped"]) == (2, 2, 1)
    assert found["names"] == ["test_a[y z]", "test_c[maf]"]
    assert found["reasons"][1] == "test_c[maf] - RuntimeError: cuda: waiting"


def test_floors_add_up():
    card = {
        "launch": 1e-6, "three launches": 3e-6, "copy": 1e12, "product": 1e13,
        "to the card": 1e10, "from the card": 1e10,
    }  # fmt: skip
    config = Config("maf", 6, (64, 64), 1024)
    by_hand = 3e-6 + 4 * (8 * config.n_params() + 6 * 1024) / 1e12 + 6 * 1024 * config.multiply_adds() / 1e13
    assert _gpu_floors.of_step(config, card) == pytest.approx(by_hand)
    by_hand = 1e-6 + (24_000 + 8_000) / 1e10 + 2000 * config.multiply_adds() / 1e13
    assert _gpu_floors.of_pass(config, 1000, "score", card) == pytest.approx(by_hand)


def test_plain_flows_of_pytorch():
    """They have the parameters of the formula, are densities of what they draw, and invert."""
    torch = pytest.importorskip("torch")
    from bench._gpu_plain import PlainFlow

    torch.manual_seed(0)
    for model in ("maf", "coupling"):
        for d in (5, 6):
            config = Config(model, d, (16, 16), 64)
            flow = PlainFlow(config).double()
            assert sum(p.numel() for p in flow.parameters()) == config.n_params()
            x = torch.randn(3, d, dtype=torch.float64)
            z, log_det = x, 0.0
            for layer in flow.layers:
                z, added = layer(z)
                log_det = log_det + added
            back = z
            for layer in reversed(flow.layers):
                back = layer.inverse(back)
            np.testing.assert_allclose(back.detach(), x, atol=1e-10)

            def latent(row, flow=flow):
                for layer in flow.layers:
                    row = layer(row[None])[0][0]
                return row

            for row, expected in zip(x, log_det, strict=True):
                jacobian = torch.autograd.functional.jacobian(latent, row)
                assert float(torch.linalg.slogdet(jacobian)[1]) == pytest.approx(float(expected), abs=1e-10)
