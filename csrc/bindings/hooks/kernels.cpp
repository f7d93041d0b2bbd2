// The products of linalg/ and the transformers without their nets, one at a time, on one thread, for
// bench/kernels.py.
#include <chrono>
#include <string>
#include <vector>

#include "bindings/gil.h"
#include "bindings/hooks/hooks.h"
#include "bindings/spec.h"
#include "core/arena.h"
#include "core/check.h"
#include "core/rng.h"
#include "linalg/peak.h"
#include "linalg/products.h"
#include "nets/net.h"
#include "simd/rows.h"
#include "transformers/transformer.h"

namespace nflows {
namespace {

namespace py = pybind11;

// The mask between two hidden layers of a MADE of so many features; dense for none of them.
Staircase hidden_mask(Index rows, Index cols, Index n_features) {
  check(rows > 0 && cols > 0, "time_kernel: expected rows and columns, got ", rows, " x ", cols);
  check(n_features == 0 || n_features > 1, "time_kernel: a staircase wants 2 features or more, got ",
        n_features);
  if (n_features == 0) return Staircase::full(rows, cols);
  auto visible = made_degrees(cols, n_features, false);
  visible.erase(visible.begin());  // units of degree d see those of degrees up to d
  return mask_by_degree(made_degrees(rows, n_features, false), visible, cols);
}

// Small numbers of both signs: no sum of them grows out of range, none is subnormal.
template <class T>
Arena<T> filled(Index size, Rng& rng) {
  Arena<T> arena(size);
  for (T& value : arena) value = static_cast<T>(0.1 * rng.symmetric());
  return arena;
}

// Seconds per call; the first call, which warms the caches, is not counted.
template <class Call>
double seconds_per_call(Index repeats, const Call& call) {
  call();
  const auto began = std::chrono::steady_clock::now();
  for (Index i = 0; i < repeats; ++i) call();
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - began;
  return passed.count() / static_cast<double>(repeats);
}

template <class T>
double time_kernel(const std::string& name, const Staircase& mask, Index n_panels, Index repeats) {
  const Index rows = mask.rows, cols = mask.cols;
  Rng rng(0);
  Arena<T> weight = filled<T>(mask.size(), rng), bias = filled<T>(rows, rng);
  for (Index r = 0; r < rows; ++r)
    std::fill(&weight.data()[r * cols] + mask.row_end[r], &weight.data()[(r + 1) * cols], T(0));
  Arena<T> in = filled<T>(n_panels * cols * kLanes, rng), out = filled<T>(n_panels * rows * kLanes, rng);
  Arena<T> scratch(n_panels * kGradientScratch * kLanes);
  const auto x = dense_panels(in.data(), cols, n_panels), y = dense_panels(out.data(), rows, n_panels);
  const auto spare = dense_panels(scratch.data(), kGradientScratch, n_panels);

  const auto time = [&](const auto& call) { return seconds_per_call(repeats, call); };
  if (name == "forward")
    return time([&] { forward_product(mask, weight.data(), bias.data(), x, y, 0, rows); });
  if (name == "data_gradient") return time([&] { data_gradient(mask, weight.data(), y, x, 0, cols); });
  if (name == "weight_gradient") return time([&] { weight_gradient(mask, y, x, spare, weight.data()); });
  fail("time_kernel: unknown product '", name, "'; known: forward, data_gradient, weight_gradient");
}

// One feature of so many panels, each number with parameters of its own as a net would hand them; "read" reads those
// and does nothing else with them.
template <class T>
double time_transformer(const Spec& spec, const std::string& pass, Index n_panels, Index repeats) {
  const auto transformer = make_transformer<T>(spec);
  const Index n_params = transformer->n_params();
  Rng rng(0);
  Arena<T> numbers(4 * n_panels * kLanes), params(2 * n_params * n_panels * kLanes);
  for (T& value : numbers) value = static_cast<T>(2 * rng.symmetric());
  for (T& value : params) value = static_cast<T>(rng.symmetric());
  Arena<double> log_dets(n_panels * kLanes);
  const auto slot = [&](Index i) {
    return dense_panels(numbers.data() + i * n_panels * kLanes, 1, n_panels);
  };
  const auto x = slot(0), z = slot(1), dz = slot(2), dx = slot(3);
  const auto p = dense_panels(params.data(), n_params, n_panels);
  const auto dp = dense_panels(params.data() + n_params * n_panels * kLanes, n_params, n_panels);
  const auto log_det = dense_panels(log_dets.data(), 1, n_panels);

  const auto time = [&](const auto& call) { return seconds_per_call(repeats, call); };
  if (pass == "forward") return time([&] { transformer->forward(x, p, z, log_det); });
  if (pass == "inverse") return time([&] { transformer->inverse(x, p, z, log_det); });
  if (pass == "backward") return time([&] { transformer->backward(x, p, dz, x, dx, dp); });
  if (pass == "read")
    return time([&] {
      for (Index i = 0; i < n_panels; ++i) {
        Rows<T> total = Rows<T>::load(x.lanes(i, 0));
        for (Index k = 0; k < n_params; ++k) total += Rows<T>::load(p.lanes(i, k));
        total.store(z.lanes(i, 0));
      }
    });
  fail("time_transformer: unknown pass '", pass, "'; known: forward, inverse, backward, read");
}

// call(T()) for the T of that name.
template <class Call>
double with_dtype(const std::string& dtype, const Call& call) {
  check(dtype == "float32" || dtype == "float64", "dtype: expected float32 or float64, got ", dtype);
  return dtype == "float32" ? call(float{}) : call(double{});
}

}  // namespace

void bind_kernels(py::module_& module) {
  module.def(
      "time_kernel",
      [](const std::string& name, Index rows, Index cols, Index n_panels, Index staircase,
         const std::string& dtype, Index repeats) {
        check(n_panels > 0 && repeats > 0, "time_kernel: expected panels and repeats, got ", n_panels,
              " and ", repeats);
        const Staircase mask = hidden_mask(rows, cols, staircase);
        return with_dtype(dtype, [&]<class T>(T) { return time_kernel<T>(name, mask, n_panels, repeats); });
      },
      py::arg("name"), py::arg("rows"), py::arg("cols"), py::arg("n_panels"), py::arg("staircase"),
      py::arg("dtype"), py::arg("repeats"), py::call_guard<WithoutGil>(),
      "Seconds per call of a product, on one thread.");
  module.def(
      "time_transformer",
      [](const py::dict& transformer, const std::string& pass, Index n_panels, const std::string& dtype,
         Index repeats) {
        check(n_panels > 0 && repeats > 0, "time_transformer: expected panels and repeats, got ", n_panels,
              " and ", repeats);
        const Spec spec = spec_from(transformer);
        const WithoutGil free;
        return with_dtype(dtype,
                          [&]<class T>(T) { return time_transformer<T>(spec, pass, n_panels, repeats); });
      },
      py::arg("transformer"), py::arg("pass_"), py::arg("n_panels"), py::arg("dtype"), py::arg("repeats"),
      "Seconds per call of a transformer over one feature, on one thread.");
  module.def(
      "kernel_work",
      [](Index rows, Index cols, Index staircase) { return hidden_mask(rows, cols, staircase).unmasked; },
      py::arg("rows"), py::arg("cols"), py::arg("staircase"),
      "Multiply-adds that a product needs for one data row.");
  module.def(
      "fma_peak",
      [](const std::string& dtype) { return with_dtype(dtype, []<class T>(T) { return fma_peak<T>(); }); },
      py::arg("dtype"), py::call_guard<WithoutGil>(),
      "FLOP/s of multiply-adds that stay in registers, on one thread.");
}

}  // namespace nflows
