"""Generated data sets of two columns, for examples, tests and benches; most with their density, known exactly."""

from nflows_np._public import public_names as _public_names

from .checkerboard import checkerboard as checkerboard
from .checkerboard import checkerboard_log_density as checkerboard_log_density
from .eight_gaussians import eight_gaussians as eight_gaussians
from .eight_gaussians import eight_gaussians_log_density as eight_gaussians_log_density
from .pinwheel import pinwheel as pinwheel
from .pinwheel import pinwheel_log_density as pinwheel_log_density
from .two_moons import two_moons as two_moons
from .two_moons import two_moons_log_density as two_moons_log_density
from .two_spirals import two_spirals as two_spirals


def __dir__() -> list[str]:
    return _public_names(globals())
