"""What the model does to columns: scaling with its log-Jacobian, and the way into panels and back."""

from nflows_np._public import public_names as _public_names
from nflows_np._stream import Gather as Gather
from nflows_np._stream import Scatter as Scatter
from nflows_np._stream import is_in_place as is_in_place

from .degenerate import DegenerateColumnWarning as DegenerateColumnWarning
from .scaling import ColumnScaler as ColumnScaler


def __dir__() -> list[str]:
    return _public_names(globals())
