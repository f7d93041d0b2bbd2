// What module.cpp calls: one function per bound type or group.
#pragma once

#include <pybind11/pybind11.h>

namespace nflows {

void bind_flow(pybind11::module_& module);
void bind_trainer(pybind11::module_& module);
void bind_engine(pybind11::module_& module);

}  // namespace nflows
