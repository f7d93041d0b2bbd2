"""What the model does to columns: scaling with its log-Jacobian, and the way into panels and back."""

from nflows_np._public import public_names as _public_names
from nflows_np._stream import Gather as Gather
from nflows_np._stream import Scatter as Scatter
from nflows_np._stream import is_in_place as is_in_place

from .degenerate import DegenerateColumnWarning as DegenerateColumnWarning
from .kinds import Bounded as Bounded
from .kinds import Categorical as Categorical
from .kinds import Datetime as Datetime
from .kinds import Drop as Drop
from .kinds import Integer as Integer
from .kinds import Kind as Kind
from .kinds import Ordinal as Ordinal
from .kinds import Periodic as Periodic
from .kinds import Positive as Positive
from .kinds import Real as Real
from .scaling import ColumnScaler as ColumnScaler
from .suggest import ColumnKindWarning as ColumnKindWarning


def __dir__() -> list[str]:
    return _public_names(globals())
