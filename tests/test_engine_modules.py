"""The engines as files: they start nothing when they are loaded, refuse a CPU that lacks them, and end quietly."""

import os
import struct
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from nflows_np._engine import VARIANTS, _engine, available, built
from nflows_np._limits import MAX_PARAMETER


def section_sizes(path):
    """{name: bytes} of the sections of a 64-bit ELF file."""
    data = path.read_bytes()
    assert data[:5] == b"\x7fELF\x02"
    (table,) = struct.unpack_from("<Q", data, 0x28)
    entry, count, names = struct.unpack_from("<HHH", data, 0x3A)
    headers = [struct.unpack_from("<IIQQQQ", data, table + i * entry) for i in range(count)]
    at = headers[names][4]
    return {data[at + h[0] : data.index(b"\0", at + h[0])].decode(): h[5] for h in headers}


@pytest.mark.skipif(sys.platform != "linux", reason="reads ELF files")
@pytest.mark.parametrize("isa", built())
def test_engines_have_no_static_constructors(isa):
    """They would run before the init function has looked at the CPU. Two are the compiler's, and plain code.

    These are frame_dummy and libgcc's __cpu_indicator_init, which __builtin_cpu_supports wants.
    """
    sizes = section_sizes(Path(find_spec(f"nflows_np._engine._engine_{isa}").origin))
    assert sizes[".init_array"] <= 16
    assert ".ctors" not in sizes


@pytest.mark.parametrize("isa", built())
def test_any_engine_can_be_imported_or_refuses(isa):
    """Tools that walk a package import every module of it."""
    code = f"import nflows_np._engine._engine_{isa}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if isa in available():
        assert done.returncode == 0, done.stderr
    else:
        assert done.returncode == 1 and f"the nflows_np engine '{isa}' cannot run here" in done.stderr


@pytest.mark.every_engine
def test_every_engine_is_built():
    assert built() == list(VARIANTS)


def test_the_bound_of_parameters_is_one():
    assert _engine.LARGEST_PARAMETER == MAX_PARAMETER


DAEMON = """
import threading, time
import numpy as np
from nflows_np import FlowDensity
X = np.random.default_rng(0).normal(size=(20000, 4))
flow = FlowDensity("maf", max_iter=1, n_jobs=2, random_state=0).fit(X[:500])
def score():
    while True:
        flow.score_samples(X)
for _ in range(3):
    threading.Thread(target=score, daemon=True).start()
time.sleep(0.2)
"""


def test_daemon_threads_in_the_engine_end_with_the_process():
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", DAEMON],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, "")
