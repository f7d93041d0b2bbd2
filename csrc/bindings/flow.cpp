// Flow32 and Flow64: check, allocate, release the GIL, call.
#include "flow/flow.h"

#include <cmath>

#include "bindings/bind.h"
#include "bindings/spec.h"
#include "bindings/streams.h"

namespace nflows {
namespace {

template <class T>
py::list layout(const Flow<T>& flow) {
  py::list blocks;
  for (const Block& b : flow.blocks()) blocks.append(py::make_tuple(b.name, b.offset, b.size, b.decays));
  return blocks;
}

template <class T>
void set_params(Flow<T>& flow, const py::object& params) {
  const Index n = flow.n_params();
  const T* from = checked<T>(params, "params", {n});
  for (Index i = 0; i < n; ++i)
    check(std::isfinite(from[i]), "params: entry ", i, " is not finite: ", from[i]);
  std::copy_n(from, n, flow.params());
}

template <class T>
void start_from_data(Flow<T>& flow, const py::object& x, Index n, const py::object& weights,
                     const py::object& context) {
  const Chain<T>& chain = flow.chain();
  const T* data = checked_panels<T>(x, "x", n, chain.n_features());
  const T* given = checked_context<T>(context, n, chain.n_context());
  check(n > 0, "x: a start from data needs at least one row");
  const std::vector<double> w = per_lane<double>(weights, "weights", n, 1.0);
  double total = 0.0;
  for (const double v : w) {
    check(std::isfinite(v) && v >= 0.0, "weights: must be finite and not negative, got ", v);
    total += v;
  }
  check(total > 0.0, "weights: all are zero");
  const Index n_panels = panels_for(n);
  const py::gil_scoped_release release;
  Arena<T> own(n_panels * chain.n_features() * kLanes);
  std::copy_n(data, own.size(), own.data());
  flow.start_from_data(own.data(), given, w.data(), n_panels);
}

template <class T>
py::array_t<double> log_prob(Flow<T>& flow, const py::object& x, Index n, const py::object& context,
                             int n_threads) {
  const auto data = checked_source<T>(x, "x", n, flow.chain().n_features());
  const auto given = checked_context_source<T>(context, n, flow.chain().n_context());
  check(n_threads >= 1, "n_threads: must be at least 1, got ", n_threads);
  Array<double> result(panels_for(n) * kLanes);
  double* to = result.mutable_data();
  {
    const py::gil_scoped_release release;
    flow.log_prob(data, given, panels_for(n), n_threads, to);
  }
  return per_row(result, n);
}

// `out`, a stream, takes the result; without one it is an array of panels.
template <class T, Direction direction>
py::tuple map(Flow<T>& flow, const py::object& x, Index n, const py::object& context, int n_threads,
              const py::object& out) {
  const Index n_features = flow.chain().n_features(), n_panels = panels_for(n);
  const auto data = checked_source<T>(x, direction == Direction::kForward ? "x" : "z", n, n_features);
  const auto given = checked_context_source<T>(context, n, flow.chain().n_context());
  check(n_threads >= 1, "n_threads: must be at least 1, got ", n_threads);
  const Stream* stream = stream_of(out);
  check(stream != nullptr || out.is_none(), "out: expected a stream");
  Array<T> panels = new_panels<T>(stream == nullptr ? n : 0, n_features);
  const Sink<T> to = stream == nullptr ? Sink<T>(panels.mutable_data(), n_features, n_panels)
                                       : Sink<T>(checked_stream<T>(*stream, "out", n, n_features));
  Array<double> log_det(n_panels * kLanes);
  double* to_log_det = log_det.mutable_data();
  {
    const py::gil_scoped_release release;
    flow.map(direction, data, given, n_panels, n_threads, to, to_log_det);
  }
  return py::make_tuple(stream == nullptr ? py::object(panels) : out, per_row(log_det, n));
}

template <class T, Direction direction>
py::tuple vjp(Flow<T>& flow, const py::object& x, Index n, const py::object& dout, const py::object& dlog_det,
              const py::object& context) {
  constexpr bool forward = direction == Direction::kForward;
  const Chain<T>& chain = flow.chain();
  const Index n_panels = panels_for(n);
  const T* data = checked_panels<T>(x, forward ? "x" : "z", n, chain.n_features());
  const T* above = checked_panels<T>(dout, forward ? "dz" : "dx", n, chain.n_features());
  const T* given = checked_context<T>(context, n, chain.n_context());
  const std::vector<T> dlog = per_lane<T>(dlog_det, "dlog_det", n, T(0));
  Array<T> din = new_panels<T>(n, chain.n_features()), dparams(flow.n_params());
  Array<T> dcontext = new_panels<T>(n, chain.n_context());
  std::fill_n(dparams.mutable_data(), dparams.size(), T(0));
  std::fill_n(dcontext.mutable_data(), dcontext.size(), T(0));
  T *to = din.mutable_data(), *to_params = dparams.mutable_data(), *to_context = dcontext.mutable_data();
  {
    const py::gil_scoped_release release;
    flow.pull(direction, data, given, n_panels, above, dlog.data(), to, to_params, to_context);
  }
  return py::make_tuple(din, dparams, chain.n_context() > 0 ? py::object(dcontext) : py::none());
}

template <class T>
py::tuple log_prob_vjp(Flow<T>& flow, const py::object& x, Index n, const py::object& dlog_prob,
                       const py::object& context) {
  const Chain<T>& chain = flow.chain();
  const T* data = checked_panels<T>(x, "x", n, chain.n_features());
  const T* given = checked_context<T>(context, n, chain.n_context());
  const std::vector<T> above = per_lane<T>(dlog_prob, "dlog_prob", n, T(0));
  Array<T> dx = new_panels<T>(n, chain.n_features()), dparams(flow.n_params());
  Array<T> dcontext = new_panels<T>(n, chain.n_context());
  std::fill_n(dparams.mutable_data(), dparams.size(), T(0));
  std::fill_n(dcontext.mutable_data(), dcontext.size(), T(0));
  T *to = dx.mutable_data(), *to_params = dparams.mutable_data(), *to_context = dcontext.mutable_data();
  {
    const py::gil_scoped_release release;
    flow.pull_log_prob(data, given, panels_for(n), above.data(), to, to_params, to_context);
  }
  return py::make_tuple(dx, dparams, chain.n_context() > 0 ? py::object(dcontext) : py::none());
}

template <class T>
void bind(py::module_& module, const char* name) {
  using F = Flow<T>;
  constexpr Direction forward = Direction::kForward, inverse = Direction::kInverse;
  py::class_<F>(module, name, py::module_local())
      .def(py::init([](const py::dict& spec, Index n_features, Index n_context) {
             return std::make_unique<F>(spec_from(spec), n_features, n_context);
           }),
           py::arg("spec"), py::arg("n_features"), py::arg("n_context") = 0)
      .def_property_readonly("n_features", [](const F& f) { return f.chain().n_features(); })
      .def_property_readonly("n_context", [](const F& f) { return f.chain().n_context(); })
      .def_property_readonly("n_params", [](const F& f) { return f.n_params(); })
      .def("layout", &layout<T>)
      .def("get_params", [](const F& f) { return Array<T>(f.n_params(), f.params()); })
      .def("set_params", &set_params<T>, py::arg("params"))
      .def("start", &F::start, py::arg("seed"))
      .def("start_from_data", &start_from_data<T>, py::arg("x"), py::arg("n"),
           py::arg("weights") = py::none(), py::arg("context") = py::none())
      .def("log_prob", &log_prob<T>, py::arg("x"), py::arg("n"), py::arg("context") = py::none(),
           py::arg("n_threads") = 1)
      .def("forward", &map<T, forward>, py::arg("x"), py::arg("n"), py::arg("context") = py::none(),
           py::arg("n_threads") = 1, py::arg("out") = py::none())
      .def("inverse", &map<T, inverse>, py::arg("z"), py::arg("n"), py::arg("context") = py::none(),
           py::arg("n_threads") = 1, py::arg("out") = py::none())
      .def("forward_vjp", &vjp<T, forward>, py::arg("x"), py::arg("n"), py::arg("dz"), py::arg("dlog_det"),
           py::arg("context") = py::none())
      .def("log_prob_vjp", &log_prob_vjp<T>, py::arg("x"), py::arg("n"), py::arg("dlog_prob"),
           py::arg("context") = py::none())
      .def("inverse_vjp", &vjp<T, inverse>, py::arg("z"), py::arg("n"), py::arg("dx"), py::arg("dlog_det"),
           py::arg("context") = py::none());
}

}  // namespace

void bind_flow(py::module_& module) {
  bind<float>(module, "Flow32");
  bind<double>(module, "Flow64");
  module.def(
      "count_params",
      [](const py::dict& spec, Index n_features, Index most) {
        return count_params(spec_from(spec), n_features, most);
      },
      py::arg("spec"), py::arg("n_features"), py::arg("most"),
      "How many parameters a flow has, counted without making room for them, and no further than `most`.");
}

}  // namespace nflows
