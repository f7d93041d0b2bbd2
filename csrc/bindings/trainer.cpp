// Trainer32 and Trainer64.
#include "train/trainer.h"

#include <algorithm>

#include "bindings/bind.h"
#include "bindings/streams.h"

namespace nflows {
namespace {

// Consecutive batches of batch_size rows, one step each.
template <class T>
py::tuple run(Trainer<T>& trainer, Flow<T>& flow, const py::object& x, Index n, Index batch_size,
              const py::object& weights, const py::object& context, int n_threads) {
  const Index n_features = flow.chain().n_features(), n_context = flow.chain().n_context();
  const auto data = checked_source<T>(x, "x", n, n_features);
  const auto given = checked_context_source<T>(context, n, n_context);
  check(!data.in_order(), "x: training reads rows in any order");
  check(n >= 1, "x: training needs at least one row");
  check(batch_size >= 1 && (batch_size % kLanes == 0 || batch_size >= n),
        "batch_size: must be a multiple of ", kLanes, " or at least n = ", n, ", got ", batch_size);
  check(n_threads >= 1, "n_threads: must be at least 1, got ", n_threads);
  std::vector<double> w = per_lane<double>(weights, "weights", n, 1.0);

  const Index n_steps = (n + batch_size - 1) / batch_size;
  Array<double> loss(n_steps);
  Array<bool> applied(n_steps);
  double* to_loss = loss.mutable_data();
  bool* to_applied = applied.mutable_data();
  {
    const py::gil_scoped_release release;
    for (Index step = 0; step < n_steps; ++step) {
      const Index begin = step * batch_size, rows = std::min(batch_size, n - begin);
      std::for_each_n(w.begin() + begin, rows, [&](double& v) { v /= static_cast<double>(rows); });
      const StepResult result =
          trainer.step(data, given, w.data() + begin, begin / kLanes, panels_for(rows), n_threads);
      to_loss[step] = result.loss;
      to_applied[step] = result.applied;
    }
  }
  return py::make_tuple(loss, applied);
}

template <class T>
py::dict get_state(const Trainer<T>& trainer) {
  py::dict state;
  state["step"] = trainer.steps;
  state["m"] = Array<T>(trainer.first.size(), trainer.first.data());
  state["v"] = Array<T>(trainer.second.size(), trainer.second.data());
  return state;
}

template <class T>
void set_state(Trainer<T>& trainer, const py::dict& state) {
  for (const char* key : {"step", "m", "v"}) check(state.contains(key), "state: '", key, "' is missing");
  const auto steps = state["step"].cast<std::int64_t>();
  check(steps >= 0, "state: 'step' must not be negative, got ", steps);
  const T* m = checked<T>(state["m"], "state 'm'", {trainer.first.size()});
  const T* v = checked<T>(state["v"], "state 'v'", {trainer.second.size()});
  trainer.steps = steps;
  std::copy_n(m, trainer.first.size(), trainer.first.data());
  std::copy_n(v, trainer.second.size(), trainer.second.data());
}

// The trainer with the flow it trains: both are needed to check a call.
template <class T>
struct Bound {
  Flow<T>& flow;
  Trainer<T> trainer;
};

template <class T>
void bind(py::module_& module, const char* name) {
  using B = Bound<T>;
  py::class_<B>(module, name, py::module_local())
      .def(py::init([](Flow<T>& flow, double learning_rate, double beta_1, double beta_2, double epsilon,
                       double alpha, double clip_ratio, const std::string& schedule, std::int64_t total_steps,
                       std::int64_t warm_up_steps) {
             const TrainerOptions options{{learning_rate, beta_1, beta_2, epsilon, alpha},
                                          clip_ratio,
                                          schedule,
                                          total_steps,
                                          warm_up_steps};
             return std::unique_ptr<B>(new B{flow, Trainer<T>(flow, options)});
           }),
           py::keep_alive<1, 2>(), py::arg("flow"), py::kw_only(), py::arg("learning_rate"),
           py::arg("beta_1") = 0.9, py::arg("beta_2") = 0.999, py::arg("epsilon") = 1e-8,
           py::arg("alpha") = 0.0, py::arg("clip_ratio") = 2.0, py::arg("schedule") = "constant",
           py::arg("total_steps") = 0, py::arg("warm_up_steps") = 0)
      .def(
          "run",
          [](B& b, const py::object& x, Index n, Index batch_size, const py::object& weights,
             const py::object& context,
             int n_threads) { return run(b.trainer, b.flow, x, n, batch_size, weights, context, n_threads); },
          py::arg("x"), py::arg("n"), py::arg("batch_size"), py::arg("weights") = py::none(),
          py::arg("context") = py::none(), py::arg("n_threads") = 1)
      .def_property(
          "learning_rate", [](const B& b) { return b.trainer.learning_rate(); },
          [](B& b, double rate) { b.trainer.set_learning_rate(rate); })
      .def_property_readonly("step", [](const B& b) { return b.trainer.steps; })
      .def("get_state", [](const B& b) { return get_state(b.trainer); })
      .def("set_state", [](B& b, const py::dict& state) { set_state(b.trainer, state); }, py::arg("state"));
}

}  // namespace

void bind_trainer(py::module_& module) {
  bind<float>(module, "Trainer32");
  bind<double>(module, "Trainer64");
}

}  // namespace nflows
