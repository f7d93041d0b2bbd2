"""Specs: small frozen values that say what a flow IS. One class a file; see `_spec` for how to write one."""

from ._spec import Base as Base
from ._spec import Bijection as Bijection
from ._spec import Spec as Spec
from ._spec import Transformer as Transformer
from ._spec import from_dict as from_dict
from ._spec import registry as registry
from .actnorm import ActNorm as ActNorm
from .additive import Additive as Additive
from .affine import Affine as Affine
from .affine_spline import AffineSpline as AffineSpline
from .autoregressive import Autoregressive as Autoregressive
from .bernstein import Bernstein as Bernstein
from .coupling import Coupling as Coupling
from .elementwise import Elementwise as Elementwise
from .flow import Flow as Flow
from .inverse import Inverse as Inverse
from .linear_gaussian import LinearGaussian as LinearGaussian
from .linear_lu import LinearLU as LinearLU
from .permutation import Permutation as Permutation
from .rational_quadratic import RationalQuadratic as RationalQuadratic
from .scale import Scale as Scale
from .sigmoidal import Sigmoidal as Sigmoidal
from .sinh_arcsinh import SinhArcsinh as SinhArcsinh
from .standard_normal import StandardNormal as StandardNormal
from .sum_of_squares import SumOfSquares as SumOfSquares
from .yeo_johnson import YeoJohnson as YeoJohnson
