"""Base noise by a counter: every number follows from a key and its place, so that whoever wants it makes it."""


cdef class CounterNormal(PanelStream):
    """Rows of independent standard normal numbers by Philox4x32-10 and Box-Muller (csrc/simd/counter_noise.h).

    A number depends on the key, its row and its column alone: a device makes the same ones itself, up to the rounding of
    logarithms and sines, and threads make panels in any order.

    Parameters
    ----------
    key : int
        From 0 to 2**64 - 1.
    first_row : int
        The number of the first row.
    n : int
        Number of rows, at least 0.
    n_features : int
        Number of columns, at least 1.
    dtype : float32 or float64
        Type of the panels.

    Raises
    ------
    OverflowError
        If a number is out of its range.
    TypeError
        If `dtype` is not one of the above.

    Examples
    --------
    >>> import numpy as np
    >>> from nflows_np._stream import CounterNormal
    >>> noise = CounterNormal(7, 0, 40, 3, np.float64)
    >>> panels = noise.move(np.empty(noise.shape))
    >>> later = CounterNormal(7, 16, 24, 3, np.float64)
    >>> np.array_equal(later.move(np.empty(later.shape))[0], panels[1])
    True
    """

    cdef CounterNoise place

    def __init__(self, uint64_t key, uint64_t first_row, size_t n, size_t n_features, dtype):
        self.place.key, self.place.first_row = key, first_row
        self.open(
            n, n_features, dtype, _counted32 if np.dtype(dtype) == np.float32 else _counted64, &self._stream, False
        )
        self._stream.noise = &self.place


cdef void _counted32(void* owner, Py_ssize_t first, Py_ssize_t count, void* panels) noexcept nogil:
    cdef const Stream* s = <const Stream*> owner
    counter_normal_panels[float](s.noise[0], s.n_rows, s.n_features, first, count, <float*> panels)


cdef void _counted64(void* owner, Py_ssize_t first, Py_ssize_t count, void* panels) noexcept nogil:
    cdef const Stream* s = <const Stream*> owner
    counter_normal_panels[double](s.noise[0], s.n_rows, s.n_features, first, count, <double*> panels)
