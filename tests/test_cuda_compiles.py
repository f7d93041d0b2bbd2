"""The pointwise formulas are device code: nvcc compiles each of them inside a kernel, for float and double.

One call covers simd/math.h, every transformer and every activation, as found in their folders. No GPU is
needed.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from nflows_np._engine import choice, engine, hooks

CSRC = Path(__file__).parents[1] / "csrc"

KERNELS = """
using namespace nflows;

template <class R>
__global__ void functions(const R* x, R* y) {
  const R a = x[threadIdx.x];
  R total = 0;
  %(functions)s
  y[threadIdx.x] = total;
}

template <class R>
struct Adjoints {
  R* first;
  __device__ void set(int i, R value) const { first[i] += value; }
};

template <class Transformer, class R>
__global__ void transformer(Transformer f, const R* x, const R* p, R* y) {
  const auto there = f.forward(x[0], p);
  const auto back = f.inverse(there.value, p);
  y[0] = there.log_det + back.value + back.log_det;
  y[1] = f.backward(x[0], p, x[1], x[2], Adjoints<R>{y + 3});
  y[2] = inverse_backward(f, x[0], p, x[1], x[2], Adjoints<R>{y + 3});
}

template <class Activation, class R>
__global__ void activation(const R* x, R* y) {
  const R a = Activation::value(x[0]);
  y[0] = a;
  y[1] = Activation::backward(x[1], x[0], a);
}

"""


def find_nvcc():
    homes = [os.environ.get("CUDA_HOME"), os.environ.get("CUDA_PATH"), "/usr/local/cuda"]
    path = os.pathsep.join([os.environ.get("PATH", ""), *(f"{home}/bin" for home in homes if home)])
    return shutil.which("nvcc", path=path)


def transformers():
    """{header's stem: its struct}: the struct in rational_quadratic.h is RationalQuadratic."""
    stems = sorted(
        {path.stem for path in (CSRC / "transformers").glob("*.h")}
        - {"formula", "transformer", "lanes", "shown"}
    )
    return {stem: "".join(word.capitalize() for word in stem.split("_")) for stem in stems}


def activations():
    source = (CSRC / "nets" / "activations.h").read_text()
    return re.findall(r"^struct (\w+) \{\n  static constexpr bool kKeepsInput", source, re.MULTILINE)


def kernels():
    """A CUDA source in which every formula is instantiated."""
    calls = [f"total += nflows::{name}(a);" for name in hooks(choice()["isa"]).math_names()]
    headers = [f"transformers/{stem}.h" for stem in transformers()]
    lines = [f'#include "{header}"' for header in [*headers, "nets/activations.h", "simd/math.h"]]
    lines.append(KERNELS % {"functions": "\n  ".join(calls)})
    for scalar in ("float", "double"):
        one, two = f"(const {scalar}*, {scalar}*);", f"(const {scalar}*, const {scalar}*, {scalar}*);"
        lines.append(f"template __global__ void functions<{scalar}>{one}")
        lines += [
            f"template __global__ void transformer<{name}, {scalar}>({name}, {two[1:]}"
            for name in transformers().values()
        ]
        lines += [f"template __global__ void activation<{name}, {scalar}>{one}" for name in activations()]
    return "\n".join(lines) + "\n"


@pytest.mark.hooks
def test_the_formulas_are_found():
    assert {"exp", "tanh", "erf"} <= set(hooks(choice()["isa"]).math_names())
    assert list(transformers()) == engine.registry()["transformers"]
    assert len(activations()) >= 4


@pytest.mark.hooks
@pytest.mark.skipif(find_nvcc() is None, reason="nvcc was not found: no CUDA toolkit on this machine")
def test_every_formula_compiles_for_a_device(tmp_path):
    source = tmp_path / "formulas.cu"
    source.write_text(kernels())
    command = [find_nvcc(), "-std=c++20", "-arch=sm_90", "-cubin", "-Werror=all-warnings", f"-I{CSRC}"]
    result = subprocess.run(
        [*command, "-o", str(tmp_path / "formulas.cubin"), str(source)], capture_output=True, text=True
    )
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
