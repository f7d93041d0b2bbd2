"""What a device does is device code: nvcc compiles every operation, every kernel and the engine around them to PTX.

Formulas are those that are found in csrc/transformers/. No GPU is needed. What the code computes is tested where the
same kernels run as plain loops (laws/test_device.py).
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from nflows_np._engine import choice, engine, hooks

CSRC = Path(__file__).parents[1] / "csrc"
NOT_FORMULAS = {"formula", "transformer", "lanes", "passes", "shown"}

SOURCE = """
{includes}
#include "cuda/cuda_queue.h"
#include "cuda/device_module.h"
#include "cuda/operations.h"
#include "cuda/passes.h"
#include "simd/math.h"

using namespace nflows;

template <class R>
__device__ R functions(R a) {{
  R total = 0;
  {functions}
  return total;
}}
template __device__ float functions(float);
template __device__ double functions(double);

{groups}
template struct nflows::PassGroup<float, CommonGroup>;
template struct nflows::PassGroup<double, CommonGroup>;
template struct nflows::DeriveGroup<float>;
template struct nflows::DeriveGroup<double>;

template <>
const std::vector<PassVariant<float, CudaQueue>>& nflows::pass_variants() {{
  static const auto all = variants_of<float, CudaQueue, {formulas}>();
  return all;
}}
template <>
const std::vector<PassVariant<double, CudaQueue>>& nflows::pass_variants() {{
  static const auto all = variants_of<double, CudaQueue, {formulas}>();
  return all;
}}

const void* device() {{ return device_module<CudaQueue>(); }}
"""


def find_nvcc():
    homes = [os.environ.get("CUDA_HOME"), os.environ.get("CUDA_PATH"), "/usr/local/cuda"]
    path = os.pathsep.join([os.environ.get("PATH", ""), *(f"{home}/bin" for home in homes if home)])
    return shutil.which("nvcc", path=path)


def formulas():
    """{header's stem: its struct}: the struct in rational_quadratic.h is RationalQuadratic."""
    stems = sorted({path.stem for path in (CSRC / "transformers").glob("*.h")} - NOT_FORMULAS)
    return {stem: "".join(word.capitalize() for word in stem.split("_")) for stem in stems}


def groups():
    """Every formula, and once more where it has a small one."""
    for stem, name in formulas().items():
        yield name
        if "using Small =" in (CSRC / "transformers" / f"{stem}.h").read_text(encoding="utf-8"):
            yield f"SmallGroup<{name}>"


def source():
    """A CUDA source that instantiates all that the build compiles for a device, and the functions of simd/math.h."""
    return SOURCE.format(
        includes="\n".join(f'#include "transformers/{stem}.h"' for stem in formulas()),
        functions="\n  ".join(f"total += nflows::{name}(a);" for name in hooks(choice()["isa"]).math_names()),
        formulas=", ".join(formulas().values()),
        groups="\n".join(
            f"template struct nflows::PassGroup<{scalar}, {group}>;"
            for group in groups()
            for scalar in ("float", "double")
        ),
    )


@pytest.mark.hooks
def test_the_formulas_are_found():
    assert {"exp", "tanh", "erf"} <= set(hooks(choice()["isa"]).math_names())
    assert list(formulas()) == engine.registry()["transformers"]


@pytest.mark.hooks
@pytest.mark.skipif(find_nvcc() is None, reason="nvcc was not found: no CUDA toolkit on this machine")
def test_all_that_a_device_does_compiles(tmp_path):
    path = tmp_path / "device.cu"
    path.write_text(source())
    command = [find_nvcc(), "-std=c++20", "-arch=sm_90", "-rdc=true", "-ptx", "-Xcicc", "-O0"]
    warnings = ["--Werror=all-warnings", "--diag-suppress=554"]  # as in CMakeLists.txt, which says why
    result = subprocess.run(
        [*command, *warnings, f"-I{CSRC}", "-o", str(tmp_path / "device.ptx"), str(path)],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
