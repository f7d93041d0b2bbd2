# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Base noise in panels, drawn from the user's own bit generator through NumPy's random C API.

The numbers are drawn row after row, never lane by lane, so that a sample does not depend on how it is cut:
the first rows of a longer sample are the shorter sample, and two calls in a row continue one another.
"""

cimport numpy as cnp
from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_IsValid
from numpy.random cimport bitgen_t
from numpy.random.c_distributions cimport random_standard_normal_fill, random_standard_normal_fill_f

import numpy as np

cnp.import_array()

cdef enum:
    LANES = 16

ctypedef fused panel:
    float
    double


def standard_normal_panels(random_state, n, n_features, dtype):
    """Draw rows of independent standard normal numbers, as panels.

    Parameters
    ----------
    random_state : numpy.random.RandomState or numpy.random.Generator
        Where the bits come from; its lock is held and its state advances. The numbers are those of
        ``Generator.standard_normal`` with the same bit generator (the ziggurat method) for both.
    n : int
        Number of rows, at least 0.
    n_features : int
        Number of columns, at least 1.
    dtype : float32 or float64
        Type of the panels. float32 takes half of the random bits: the two types give different samples.

    Returns
    -------
    panels : ndarray of shape (ceil(n / 16), n_features, 16)
        Row r is lane ``r % 16`` of panel ``r // 16``; lanes after the last row are zero.

    Raises
    ------
    TypeError
        If `random_state` has no bit generator.
    ValueError
        If `n`, `n_features` or `dtype` is not one of the above.

    Examples
    --------
    >>> import numpy as np
    >>> from nflows_np._random import standard_normal_panels
    >>> panels = standard_normal_panels(np.random.default_rng(0), 2, 3, np.float64)
    >>> panels.shape
    (1, 3, 16)
    >>> np.array_equal(panels[0, :, :2].T, np.random.default_rng(0).standard_normal((2, 3)))
    True
    """
    for name, value, least in (("n", n, 0), ("n_features", n_features, 1)):
        if isinstance(value, bool) or not hasattr(value, "__index__") or value < least:
            raise ValueError(
                f"standard_normal_panels: {name} must be an integer of at least {least}; got {value!r}."
            )
    dtype = np.dtype(dtype)
    if dtype not in (np.float32, np.float64):
        raise ValueError(f"standard_normal_panels: dtype must be float32 or float64; got {dtype}.")
    # A RandomState has no public attribute for it, and no other way to its own bit generator.
    bit_generator = getattr(random_state, "bit_generator", getattr(random_state, "_bit_generator", None))
    capsule = getattr(bit_generator, "capsule", None)
    if not PyCapsule_IsValid(capsule, "BitGenerator"):
        raise TypeError(
            "standard_normal_panels: random_state must be a numpy RandomState or Generator; "
            f"got {type(random_state).__name__}."
        )
    panels = np.zeros((-(-n // LANES), n_features, LANES), dtype=dtype)
    row_buffer = np.empty((LANES, n_features), dtype=dtype)
    with bit_generator.lock:
        _fill(capsule, n, panels, row_buffer)
    return panels


def _fill(capsule, Py_ssize_t n, panel[:, :, ::1] panels, panel[:, ::1] rows):
    cdef bitgen_t* bits = <bitgen_t*> PyCapsule_GetPointer(capsule, "BitGenerator")
    cdef Py_ssize_t p, j, l, lanes, n_features = rows.shape[1]
    with nogil:
        for p in range(panels.shape[0]):
            lanes = min(<Py_ssize_t> LANES, n - p * LANES)
            if panel is float:
                random_standard_normal_fill_f(bits, lanes * n_features, &rows[0, 0])
            else:
                random_standard_normal_fill(bits, lanes * n_features, &rows[0, 0])
            for j in range(n_features):
                for l in range(lanes):
                    panels[p, j, l] = rows[l, j]
