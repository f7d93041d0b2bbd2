// From Python's spec dictionaries to Spec.
#pragma once

#include <pybind11/pybind11.h>

#include "core/spec.h"

namespace nflows {

// A dictionary {"name": str, field: int | float | str | list of int | dict | list of dict}.
Spec spec_from(const pybind11::dict& dict);

}  // namespace nflows
