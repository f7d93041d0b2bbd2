"""What the model does to columns: scaling with its log-Jacobian, and the way into panels and back."""

from ._gather import LANES as LANES
from ._gather import gather as gather
from ._gather import n_panels as n_panels
from ._gather import scatter as scatter
from .degenerate import DegenerateColumnWarning as DegenerateColumnWarning
from .scaling import ColumnScaler as ColumnScaler
