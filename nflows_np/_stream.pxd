"""What the engine knows of a stream: csrc/core/stream.h."""

from libc.stdint cimport int64_t

cdef extern from "core/stream.h" namespace "nflows" nogil:
    enum: LANES "nflows::kLanes"
    const char* kStreamName
    ctypedef void (*Move "decltype(nflows::Stream::move)")(void*, Py_ssize_t, Py_ssize_t, void*) noexcept
    ctypedef void (*GatherRows "decltype(nflows::Stream::gather)")(void*, const int64_t*, Py_ssize_t, void*) noexcept
    cdef struct Stream:
        Move move
        GatherRows gather
        void* owner
        Py_ssize_t n_rows
        Py_ssize_t n_features
        int itemsize
        bint in_order


cdef class PanelStream:
    cdef Stream _stream
    cdef readonly object dtype
    cdef open(self, Py_ssize_t n_rows, Py_ssize_t n_features, dtype, Move move, void* owner, bint in_order, GatherRows gather=*)
    cdef check_opened(self)
