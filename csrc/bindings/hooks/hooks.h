// What hooks/module.cpp calls.
#pragma once

#include <pybind11/pybind11.h>

namespace nflows {

void bind_math(pybind11::module_& module);
void bind_kernels(pybind11::module_& module);

}  // namespace nflows
