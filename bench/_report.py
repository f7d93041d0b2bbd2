"""What every program of the bench shares: the machine's description and one process per contestant."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any


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


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def in_own_process(program: str, *arguments: str, python: str = sys.executable) -> dict[str, Any]:
    """Run ``python program arguments`` and return the JSON object that is its last line of output.

    Contestants must not share a process: each brings threads, allocators and imports of its own.
    """
    done = subprocess.run([python, program, *arguments], stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result
