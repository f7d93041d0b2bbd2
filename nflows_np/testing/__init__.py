"""The laws every bijection obeys, for people who add one.

:func:`check_bijection` holds one bijection to all of them, and is what a new bijection's test calls. Each
law is also a function of its own, which takes an engine's flow and rows: the project's own law tests walk
every registered bijection with them.
"""

from nflows_np._public import public_names as _public_names

from ._bijection import check_bijection as check_bijection
from ._condition import check_rounding as check_rounding
from ._gradients import check_gradients as check_gradients
from ._gradients import check_log_prob_gradients as check_log_prob_gradients
from ._laws import RoundTrip as RoundTrip
from ._laws import check_batch_invariance as check_batch_invariance
from ._laws import check_log_det as check_log_det
from ._laws import check_round_trip as check_round_trip
from ._laws import check_tails as check_tails
from ._rows import apply as apply
from ._rows import from_panels as from_panels
from ._rows import to_panels as to_panels
from ._rows import vjp as vjp


def __dir__() -> list[str]:
    return _public_names(globals())
