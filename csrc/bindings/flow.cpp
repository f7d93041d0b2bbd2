// Flow32 and Flow64: check, allocate, release the GIL, call.
#include <cmath>
#include <utility>

#include "bindings/bind.h"
#include "bindings/bound_flow.h"
#include "bindings/gil.h"
#include "bindings/streams.h"

namespace nflows {
namespace {

template <class T>
using Flow = BoundFlow<T>;

template <class T>
py::list layout(const Flow<T>& bound) {
  py::list blocks;
  for (const Block& b : bound.flow->blocks())
    blocks.append(py::make_tuple(b.name, b.offset, b.size, b.decays));
  return blocks;
}

// The same flow at other parameters: those of an array, which are copied.
template <class T>
Flow<T> at(const Flow<T>& bound, const py::object& params) {
  std::shared_ptr<Params<T>> own = bound.flow->make_params();
  write_params(*own, params);
  return {bound.flow, std::move(own)};
}

template <class T>
void start_from_data(Flow<T>& bound, const py::object& x, Index n, const py::object& weights,
                     const py::object& context) {
  const EngineFlow<T>& flow = *bound.flow;
  const T* data = checked_panels<T>(x, "x", n, flow.n_features());
  const T* given = checked_context<T>(context, n, flow.n_context());
  check(n > 0, "x: a start from data needs at least one row");
  const std::vector<double> w = per_lane<double>(weights, "weights", n, 1.0);
  double total = 0.0;
  for (const double v : w) {
    check(std::isfinite(v) && v >= 0.0, "weights: must be finite and not negative, got ", v);
    total += v;
  }
  check(total > 0.0, "weights: all are zero");
  const Index n_panels = panels_for(n);
  const WithoutGil free;
  std::vector<T> own(data, data + n_panels * flow.n_features() * kLanes);
  flow.start_from_data(bound.random, own.data(), given, w.data(), n_panels, *bound.params);
}

template <class T>
py::array_t<double> log_prob(const Flow<T>& bound, const py::object& x, Index n, const py::object& context,
                             int n_threads) {
  const EngineFlow<T>& flow = *bound.flow;
  const auto data = checked_source<T>(x, "x", n, flow.n_features());
  const auto given = checked_context_source<T>(context, n, flow.n_context());
  check(n_threads >= 1, "n_threads: must be at least 1, got ", n_threads);
  Array<double> result(panels_for(n) * kLanes);
  double* to = result.mutable_data();
  {
    const WithoutGil free;
    flow.log_prob(*bound.params, data, given, panels_for(n), n_threads, to);
  }
  return per_row(result, n);
}

// `out`, a stream, takes the result; without one it is an array of panels.
template <class T, Direction direction>
py::tuple map(const Flow<T>& bound, const py::object& x, Index n, const py::object& context, int n_threads,
              const py::object& out) {
  const EngineFlow<T>& flow = *bound.flow;
  const Index n_features = flow.n_features(), n_panels = panels_for(n);
  const auto data = checked_source<T>(x, direction == Direction::kForward ? "x" : "z", n, n_features);
  const auto given = checked_context_source<T>(context, n, flow.n_context());
  check(n_threads >= 1, "n_threads: must be at least 1, got ", n_threads);
  const Stream* stream = stream_of(out);
  check(stream != nullptr || out.is_none(), "out: expected a stream");
  Array<T> panels = new_panels<T>(stream == nullptr ? n : 0, n_features);
  const Sink<T> to = stream == nullptr ? Sink<T>(panels.mutable_data(), n_features, n_panels)
                                       : Sink<T>(checked_stream<T>(*stream, "out", n, n_features));
  Array<double> log_det(n_panels * kLanes);
  double* to_log_det = log_det.mutable_data();
  {
    const WithoutGil free;
    flow.map(direction, *bound.params, data, given, n_panels, n_threads, to, to_log_det);
  }
  return py::make_tuple(stream == nullptr ? py::object(panels) : out, per_row(log_det, n));
}

// The arrays that a backward pass returns, and how it finds them.
template <class T>
struct Products {
  Array<T> din, dparams, dcontext;

  Products(const EngineFlow<T>& flow, Index n)
      : din(new_panels<T>(n, flow.n_features())),
        dparams(flow.n_params()),
        dcontext(new_panels<T>(n, flow.n_context())) {
    std::fill_n(dparams.mutable_data(), dparams.size(), T(0));
    std::fill_n(dcontext.mutable_data(), dcontext.size(), T(0));
  }
  Adjoints<T> adjoints(const T* dout, const std::vector<T>& dlog_det) {
    return {dout, dlog_det.data(), din.mutable_data(), dparams.mutable_data(), dcontext.mutable_data()};
  }
  py::tuple result(const EngineFlow<T>& flow) const {
    return py::make_tuple(din, dparams, flow.n_context() > 0 ? py::object(dcontext) : py::none());
  }
};

template <class T, Direction direction>
py::tuple vjp(const Flow<T>& bound, const py::object& x, Index n, const py::object& dout,
              const py::object& dlog_det, const py::object& context) {
  constexpr bool forward = direction == Direction::kForward;
  const EngineFlow<T>& flow = *bound.flow;
  const T* data = checked_panels<T>(x, forward ? "x" : "z", n, flow.n_features());
  const T* above = checked_panels<T>(dout, forward ? "dz" : "dx", n, flow.n_features());
  const T* given = checked_context<T>(context, n, flow.n_context());
  const std::vector<T> dlog = per_lane<T>(dlog_det, "dlog_det", n, T(0));
  Products<T> products(flow, n);
  const Adjoints<T> adjoints = products.adjoints(above, dlog);
  {
    const WithoutGil free;
    flow.map_backward(direction, *bound.params, data, given, panels_for(n), adjoints);
  }
  return products.result(flow);
}

template <class T>
py::tuple log_prob_vjp(const Flow<T>& bound, const py::object& x, Index n, const py::object& dlog_prob,
                       const py::object& context) {
  const EngineFlow<T>& flow = *bound.flow;
  const T* data = checked_panels<T>(x, "x", n, flow.n_features());
  const T* given = checked_context<T>(context, n, flow.n_context());
  const std::vector<T> above = per_lane<T>(dlog_prob, "dlog_prob", n, T(0));
  Products<T> products(flow, n);
  const Adjoints<T> adjoints = products.adjoints(nullptr, above);
  {
    const WithoutGil free;
    flow.log_prob_backward(*bound.params, data, given, panels_for(n), adjoints);
  }
  return products.result(flow);
}

template <class T>
void bind_flow_class(py::module_& module, const char* name) {
  using F = Flow<T>;
  constexpr Direction forward = Direction::kForward, inverse = Direction::kInverse;
  py::class_<F>(module, name)
      .def_property_readonly("n_features", [](const F& f) { return f.flow->n_features(); })
      .def_property_readonly("n_context", [](const F& f) { return f.flow->n_context(); })
      .def_property_readonly("n_params", [](const F& f) { return f.flow->n_params(); })
      .def("layout", &layout<T>)
      .def("get_params", [](const F& f) { return copied(*f.params); })
      .def(
          "set_params", [](F& f, const py::object& params) { write_params(*f.params, params); },
          py::arg("params"))
      .def("at", &at<T>, py::arg("params"))
      .def(
          "trainer",
          [](const F& f, double learning_rate, double beta_1, double beta_2, double epsilon, double alpha,
             double clip_ratio, double average_decay, const std::string& schedule, std::int64_t total_steps,
             std::int64_t warm_up_steps) {
            const TrainerOptions options{learning_rate, beta_1,        beta_2,   epsilon,     alpha,
                                         clip_ratio,    average_decay, schedule, total_steps, warm_up_steps};
            return BoundTrainer<T>{f.flow, f.flow->trainer(f.params, options)};
          },
          py::kw_only(), py::arg("learning_rate"), py::arg("beta_1") = 0.9, py::arg("beta_2") = 0.999,
          py::arg("epsilon") = 1e-8, py::arg("alpha") = 0.0, py::arg("clip_ratio") = 2.0,
          py::arg("average_decay") = 0.99, py::arg("schedule") = "constant", py::arg("total_steps") = 0,
          py::arg("warm_up_steps") = 0)
      .def(
          "start", [](F& f, std::uint64_t seed) { f.random = f.flow->start(seed, *f.params); },
          py::arg("seed"))
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
  bind_flow_class<float>(module, "Flow32");
  bind_flow_class<double>(module, "Flow64");
}

}  // namespace nflows
