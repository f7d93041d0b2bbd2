"""Specs: small frozen values that say what a flow IS. One class a file; see `_spec` for how to write one."""

from nflows_np._public import public_names as _public_names

from ._spec import Base as Base
from ._spec import Bijection as Bijection
from ._spec import Conditional as Conditional
from ._spec import Spec as Spec
from ._spec import Transformer as Transformer
from ._spec import from_dict as from_dict
from ._spec import registry as registry
from .actnorm import ActNorm as ActNorm
from .additive import Additive as Additive
from .affine import Affine as Affine
from .affine_spline import AffineSpline as AffineSpline
from .atoms import Atoms as Atoms
from .autoregressive import Autoregressive as Autoregressive
from .bernstein import Bernstein as Bernstein
from .category import Category as Category
from .cells import Cells as Cells
from .circle import Circle as Circle
from .circular_spline import CircularSpline as CircularSpline
from .coupling import Coupling as Coupling
from .diagonal_normal import DiagonalNormal as DiagonalNormal
from .elementwise import Elementwise as Elementwise
from .exp import Exp as Exp
from .fixed_affine import FixedAffine as FixedAffine
from .flow import Flow as Flow
from .full_normal import FullNormal as FullNormal
from .gaussian_mixture import GaussianMixture as GaussianMixture
from .householder import Householder as Householder
from .inverse import Inverse as Inverse
from .kept import Kept as Kept
from .leaky_relu import LeakyReLU as LeakyReLU
from .linear_gaussian import LinearGaussian as LinearGaussian
from .linear_lu import LinearLU as LinearLU
from .linear_qr import LinearQR as LinearQR
from .linear_svd import LinearSVD as LinearSVD
from .linear_triangular import LinearTriangular as LinearTriangular
from .mixture_cdf import MixtureCDF as MixtureCDF
from .modulus import Modulus as Modulus
from .on import On as On
from .permutation import Permutation as Permutation
from .planar import Planar as Planar
from .product import Product as Product
from .radial import Radial as Radial
from .rational_quadratic import RationalQuadratic as RationalQuadratic
from .scale import Scale as Scale
from .sequence import Sequence as Sequence
from .sigmoid import Sigmoid as Sigmoid
from .sigmoidal import Sigmoidal as Sigmoidal
from .sinh_arcsinh import SinhArcsinh as SinhArcsinh
from .softplus import Softplus as Softplus
from .standard_normal import StandardNormal as StandardNormal
from .student_t import StudentT as StudentT
from .sum_of_squares import SumOfSquares as SumOfSquares
from .sylvester import Sylvester as Sylvester
from .uniform import Uniform as Uniform
from .von_mises import VonMises as VonMises
from .yeo_johnson import YeoJohnson as YeoJohnson


def __dir__() -> list[str]:
    return _public_names(globals())
