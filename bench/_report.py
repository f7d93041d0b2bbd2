"""What every program of the bench shares: the machine's description and one process per contestant."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def machine() -> dict[str, Any]:
    """What a figure depends on beside the code."""
    import nflows_np

    config = nflows_np.show_config("dicts")
    assert config is not None
    return {
        "date": date.today().isoformat(),
        "cpu": _cpu_name(),
        "cores": config["threads"]["cores"],
        "isa": config["engine"]["isa"],
        "compiler": config["engine"]["compiler"],
        "python": platform.python_version(),
    }


def versions(*distributions: str) -> dict[str, str]:
    """The installed versions of some distributions, those that are missing left out."""
    found = {}
    for name in distributions:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def in_own_process(module: str, *arguments: str, python: str = sys.executable) -> dict[str, Any]:
    """Run ``python -m module arguments`` and return the JSON object that is its last line of output.

    Contestants must not share a process: each brings threads, allocators and imports of its own.
    """
    result: dict[str, Any] = json.loads(_output([python, "-m", module, *arguments]).splitlines()[-1])
    return result


def part(module: str, *options: str, isa: str | None = None) -> dict[str, Any]:
    """Run a program of the bench for the sake of its ``--json`` file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "result.json"
        _output([sys.executable, "-m", module, "--json", str(file), *options], isa)
        result: dict[str, Any] = json.loads(file.read_text())
        return result


def _output(command: list[str], isa: str | None = None) -> str:
    """What a process prints; what it says meanwhile goes on to our own stderr.

    Raises RuntimeError with the last thing that it said where it fails.
    """
    environment = os.environ | ({"NFLOWS_NP_ISA": isa} if isa else {})
    said = ""
    with tempfile.TemporaryFile("w+") as output:
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True, stdout=output, stderr=subprocess.PIPE
        ) as process:
            assert process.stderr is not None
            for line in process.stderr:
                print(line, end="", file=sys.stderr, flush=True)
                said = line.strip() or said
        if process.returncode:
            raise RuntimeError(said or f"{command[2]}: exit status {process.returncode}")
        output.seek(0)
        return output.read()
