"""Bounds that several layers share: beyond them a value is refused by name, wherever it comes from."""

MAX_PARAMETER = 1e10
"""Largest magnitude of a flow's trained parameter. Training stays within it (csrc/train/options.h), and a file that
holds a larger one is refused. Trained parameters are below 1e3. In float32 scores stay finite up to here in every
preset, at hidden layers of 64, and fail from 1e15 on."""

MAX_REAL = 1e30
"""Largest finite value of an estimator's real parameters: float32 holds it, and still its product with others."""

MAX_COUNT = 2**31 - 1
"""Largest value of an estimator's counts, such as epochs and rows of a batch."""

MAX_LAYERS = 1024
"""Layers of a preset. Its flow has a few bijections for each."""

MAX_BIJECTIONS = 2**13
"""Bijections of a flow."""

MAX_WIDTH = 2**16
"""Hidden units of a layer, components of a mixture, reflections, ranks. The engine's own limit, `kWidest` in
csrc/core/spec.h, is 2^20, above which a product of two widths would overflow: it may not be the smaller one."""

MAX_HIDDEN_LAYERS = 64
"""Hidden layers of a network."""

MAX_BINS = 128
"""Bins of a spline."""

MAX_LEVELS = 2**14
"""Categories of a column."""

MAX_THREADS = 256
"""Threads of the engine's pool."""
