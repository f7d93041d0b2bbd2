// What a device's module exports (engine/engine.h): the function that makes its engine, one for each CPU engine.
#pragma once

#include <map>
#include <memory>

#include "cuda/device_engine.h"

namespace nflows {

template <class Queue>
Engine* make_device(const Engine& cpu) {
  static std::map<const Engine*, std::unique_ptr<DeviceEngine<Queue>>> engines;  // callers hold the GIL
  auto& engine = engines[&cpu];
  if (!engine) engine = std::make_unique<DeviceEngine<Queue>>(cpu);
  return engine.get();
}

template <class Queue>
const void* device_module() {
  constexpr MakeDevice make = &make_device<Queue>;
  return reinterpret_cast<const void*>(make);
}

}  // namespace nflows
