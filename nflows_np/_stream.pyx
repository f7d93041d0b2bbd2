# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: binding=False, auto_pickle=False
"""Panels that are made, or taken away, a tile at a time: what the engine asks for rows, and hands them to.

A panel holds 16 rows feature after feature: in an array of shape (n_panels, n_features, 16), entry [p, j, l]
is feature j of row 16 p + l; the lanes after the last row are zero. A stream is such an array that need not
exist: a C function moves some panels of it, and the engine's threads call it where they are about to work on
those panels.

All streams are one module in parts, `_streams/*.pxi`: each compiled Cython module would cost the build as much again.
"""

from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_IsValid, PyCapsule_New
from libc.float cimport DBL_MAX, FLT_MAX
from libc.math cimport (
    INFINITY, M_PI, exp, expm1, fabs, floor, fmod, isfinite, log, log1p, nextafter, nextafterf, sqrt,
)
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

import numpy as np

# What the engine knows of a stream.
cdef extern from "core/stream.h" namespace "nflows" nogil:
    enum: LANES "nflows::kLanes"
    const char* kStreamName
    ctypedef void (*Move "decltype(nflows::Stream::move)")(void*, Py_ssize_t, Py_ssize_t, void*) noexcept
    ctypedef void (*GatherRows "decltype(nflows::Stream::gather)")(void*, const int64_t*, Py_ssize_t, void*) noexcept
    cdef struct CounterNoise:
        uint64_t key
        uint64_t first_row
    cdef struct Stream:
        Move move
        GatherRows gather
        void* owner
        Py_ssize_t n_rows
        Py_ssize_t n_features
        int itemsize
        uint64_t serial
        const CounterNoise* noise
        bint in_order

cdef extern from "simd/counter_noise.h" namespace "nflows" nogil:
    void counter_normal_panels[T](const CounterNoise&, Py_ssize_t, Py_ssize_t, Py_ssize_t, Py_ssize_t, T*)

# The one thing needed of NumPy's C API: an inline function that needs no import_array.
cdef extern from "numpy/ndarraytypes.h" nogil:
    ctypedef struct PyArrayObject
    void* PyArray_DATA(const PyArrayObject*)

ctypedef fused number:  # of a panel
    float
    double

PANEL_ROWS = LANES
"""Rows of a panel."""

cdef uint64_t n_streams = 0  # that were opened in this process


def n_panels(Py_ssize_t n):
    """Return how many panels hold `n` rows."""
    return (n + LANES - 1) // LANES


cdef class PanelStream:
    """Rows as panels. Subclasses say where they come from or go to.

    Attributes
    ----------
    shape : tuple
        (n_panels, n_features, 16), that of the array that the panels would make.
    dtype : dtype
        float32 or float64, of the panels.
    stream : capsule
        What the engine takes. It points into this object.
    """

    cdef Stream _stream
    cdef readonly object dtype

    cdef open(
        self, Py_ssize_t n_rows, Py_ssize_t n_features, dtype, Move move, void* owner, bint in_order,
        GatherRows gather=NULL,
    ):
        """Say what there is to move, and how: the end of a subclass's constructor."""
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float32, np.float64):
            raise TypeError(f"{type(self).__name__}: dtype must be float32 or float64; got {self.dtype}.")
        self._stream.n_rows, self._stream.n_features = n_rows, n_features
        self._stream.itemsize, self._stream.in_order = self.dtype.itemsize, in_order
        self._stream.move, self._stream.gather, self._stream.owner = move, gather, owner
        global n_streams
        n_streams += 1
        self._stream.serial = n_streams

    cdef check_opened(self):
        if self._stream.move == NULL:
            raise TypeError(f"{type(self).__name__}: nothing to move; subclasses open the stream.")

    @property
    def shape(self):
        return n_panels(self._stream.n_rows), self._stream.n_features, LANES

    @property
    def stream(self):
        self.check_opened()
        return PyCapsule_New(&self._stream, kStreamName, NULL)

    def move(self, panels):
        """Fill an array with all the panels, or take them from it, and return it. The GIL is released."""
        self.check_opened()
        if not isinstance(panels, np.ndarray) or panels.dtype != self.dtype or panels.shape != self.shape:
            raise ValueError(
                f"panels must be of shape {self.shape} and dtype {self.dtype}; got {described(panels)}."
            )
        if not (panels.flags.c_contiguous and panels.flags.aligned and panels.flags.writeable):
            raise ValueError("panels must be C-contiguous, aligned and writeable.")
        cdef Py_ssize_t count = len(panels)
        cdef void* at = data_of(panels)
        with nogil:
            self._stream.move(self._stream.owner, 0, count, at)
        return panels


def described(value):
    """Return what to call a value in an error message."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    return type(value).__name__


cdef inline void* data_of(array):
    return PyArray_DATA(<PyArrayObject*> array)


include "_streams/table.pxi"
include "_streams/links.pxi"
include "_streams/marginals.pxi"
include "_streams/read.pxi"
include "_streams/gather.pxi"
include "_streams/scatter.pxi"
include "_streams/noise.pxi"
include "_streams/base_rows.pxi"
include "_streams/counter_normal.pxi"
