// What the engine reads and writes at the border: arrays of panels, or objects with a stream of them.
#pragma once

#include "bindings/arrays.h"
#include "core/source.h"

namespace nflows {

// The stream of an object that has one (its attribute `stream` is a capsule, see nflows_np/_stream.pyx), or null.
inline const Stream* stream_of(const py::object& object) {
  if (py::isinstance<py::array>(object)) return nullptr;
  const py::object capsule = py::getattr(object, "stream", py::none());
  return PyCapsule_IsValid(capsule.ptr(), kStreamName)
             ? static_cast<const Stream*>(PyCapsule_GetPointer(capsule.ptr(), kStreamName))
             : nullptr;
}

template <class T>
const Stream& checked_stream(const Stream& stream, const char* name, Index n_rows, Index n_features) {
  check(stream.itemsize == sizeof(T), name, ": expected a stream of numbers of ", sizeof(T), " bytes, got ",
        stream.itemsize);
  check(stream.n_rows == n_rows && stream.n_features == n_features, name, ": expected a stream of ", n_rows,
        " rows and ", n_features, " features, got ", stream.n_rows, " and ", stream.n_features);
  return stream;
}

template <class T>
Source<T> checked_source(const py::object& object, const char* name, Index n_rows, Index n_features) {
  if (const Stream* stream = stream_of(object))
    return Source<T>(checked_stream<T>(*stream, name, n_rows, n_features));
  return {checked_panels<T>(object, name, n_rows, n_features), n_features, panels_for(n_rows)};
}

// The context, which is needed exactly if the flow has one.
template <class T>
Source<T> checked_context_source(const py::object& object, Index n_rows, Index n_context) {
  if (stream_of(object) == nullptr || n_context == 0)
    return {checked_context<T>(object, n_rows, n_context), n_context, panels_for(n_rows)};
  return checked_source<T>(object, "context", n_rows, n_context);
}

}  // namespace nflows
