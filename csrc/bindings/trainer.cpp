// Trainer32 and Trainer64.
#include "bindings/bind.h"
#include "bindings/bound_flow.h"
#include "bindings/gil.h"
#include "bindings/streams.h"

namespace nflows {
namespace {

// A step for each batch of batch_size rows: of those that `order` lists, or of all n.
template <class T>
py::tuple run(BoundTrainer<T>& bound, const py::object& x, Index n, Index batch_size,
              const py::object& weights, const py::object& context, int n_threads, const py::object& order) {
  const auto data = checked_source<T>(x, "x", n, bound.flow->n_features());
  const auto given = checked_context_source<T>(context, n, bound.flow->n_context());
  check(!data.in_order() && (order.is_none() || (data.in_any_order() && given.in_any_order())),
        "x: training reads rows in any order");
  const std::int64_t* listed = nullptr;
  Index n_steps = n;
  if (!order.is_none()) {
    n_steps = py::len(order);
    listed = checked<std::int64_t>(order, "order", {n_steps});
    for (Index i = 0; i < n_steps; ++i)
      check(listed[i] >= 0 && listed[i] < n, "order: entry ", i, " is ", listed[i], ", not a row of ", n);
  }
  check(n_steps >= 1, "x: training needs at least one row");
  check(batch_size >= 1 && (batch_size % kLanes == 0 || batch_size >= n_steps),
        "batch_size: must be a multiple of ", kLanes, " or at least n = ", n_steps, ", got ", batch_size);
  check(n_threads >= 1, "n_threads: must be at least 1, got ", n_threads);
  const double* w = weights.is_none() ? nullptr : checked<double>(weights, "weights", {n});
  const TrainingRows<T> rows{data, given, w, listed, n_steps, n};

  n_steps = (n_steps + batch_size - 1) / batch_size;
  Array<double> losses(n_steps);
  Array<bool> applied(n_steps);
  double* to_losses = losses.mutable_data();
  bool* to_applied = applied.mutable_data();
  {
    const WithoutGil free;
    bound.trainer->train(rows, batch_size, n_threads, to_losses, to_applied);
  }
  return py::make_tuple(losses, applied);
}

template <class T>
py::dict get_state(BoundTrainer<T>& bound) {
  py::dict state;
  state["step"] = bound.trainer->steps();
  state["m"] = copied(bound.trainer->first_moment());
  state["v"] = copied(bound.trainer->second_moment());
  state["average"] = copied(bound.trainer->average());
  return state;
}

template <class T>
void set_state(BoundTrainer<T>& bound, const py::dict& state) {
  EngineTrainer<T>& trainer = *bound.trainer;
  for (const char* key : {"step", "m", "v"}) check(state.contains(key), "state: '", key, "' is missing");
  const auto steps = state["step"].cast<std::int64_t>();
  check(steps >= 0, "state: 'step' must not be negative, got ", steps);
  const Index n = bound.flow->n_params();
  const T* m = checked<T>(state["m"], "state 'm'", {n});
  const T* v = checked<T>(state["v"], "state 'v'", {n});
  if (state.contains("average")) write_params(trainer.average(), state["average"]);
  trainer.set_steps(steps);
  trainer.first_moment().write(m);
  trainer.second_moment().write(v);
}

template <class T>
void bind_trainer_class(py::module_& module, const char* name) {
  using B = BoundTrainer<T>;
  py::class_<B>(module, name)
      .def("run", &run<T>, py::arg("x"), py::arg("n"), py::arg("batch_size"), py::arg("weights") = py::none(),
           py::arg("context") = py::none(), py::arg("n_threads") = 1, py::arg("order") = py::none())
      .def_property(
          "learning_rate", [](const B& b) { return b.trainer->learning_rate(); },
          [](B& b, double rate) { b.trainer->set_learning_rate(rate); })
      .def_property_readonly("step", [](const B& b) { return b.trainer->steps(); })
      .def("get_average", [](const B& b) { return copied(b.trainer->average()); })
      .def(
          "set_average", [](B& b, const py::object& values) { write_params(b.trainer->average(), values); },
          py::arg("average"))
      .def("get_state", &get_state<T>)
      .def("set_state", &set_state<T>, py::arg("state"));
}

}  // namespace

void bind_trainer(py::module_& module) {
  bind_trainer_class<float>(module, "Trainer32");
  bind_trainer_class<double>(module, "Trainer64");
}

}  // namespace nflows
