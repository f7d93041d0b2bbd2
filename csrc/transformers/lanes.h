// Lanes: a formula as a transformer, sixteen rows at a time. The only template that is compiled once per formula.
//
// Every loop copies the formula first, lest its options be read again after every store.
#pragma once

#include "simd/rows.h"
#include "transformers/formula.h"
#include "transformers/shown.h"
#include "transformers/transformer.h"

namespace nflows {

// The parameters of one panel's feature, and their adjoints.
template <class T>
struct ParamLanes {
  const T* first;
  NFLOWS_FN Rows<T> operator[](int i) const { return Rows<T>::load(first + i * kLanes); }
};
template <class T>
struct AdjointLanes {
  T* first;
  NFLOWS_FN void set(int i, Rows<T> value) const { value.store(first + i * kLanes); }
};

template <class T, class Formula>
class Lanes final : public Transformer<T> {
  using R = Rows<T>;
  using Params = ParamLanes<T>;
  using Adjoints = AdjointLanes<T>;
  using Shown = std::conditional_t<requires { Formula::is_angle; }, ShownAngle<T>, ShownNumber<T>>;

 public:
  explicit Lanes(const Spec& spec) : formula_(formula_from<Formula>(spec)) {}

  Index n_params() const override { return formula_.n_params; }

  void forward(Panels<const T> x, Panels<const T> p, Panels<T> z, Panels<double> log_det) const override {
    const Formula f = formula_;
    for (Index i = 0; i < x.count; ++i) {
      const auto [value, log_slope] = f.forward(R::load(x.lanes(i, 0)), Params{p.lanes(i, 0)});
      value.store(z.lanes(i, 0));
      accumulate(log_det.lanes(i, 0), log_slope);
    }
  }

  void inverse(Panels<const T> z, Panels<const T> p, Panels<T> x, Panels<double> log_det) const override {
    const Formula f = formula_;
    for (Index i = 0; i < z.count; ++i) {
      const auto [value, log_slope] = f.inverse(R::load(z.lanes(i, 0)), Params{p.lanes(i, 0)});
      value.store(x.lanes(i, 0));
      accumulate(log_det.lanes(i, 0), log_slope);
    }
  }

  void backward(Panels<const T> x, Panels<const T> p, Panels<const T> dz, Panels<const T> dlog_det,
                Panels<T> dx, Panels<T> dp) const override {
    const Formula f = formula_;
    for (Index i = 0; i < x.count; ++i)
      f.backward(R::load(x.lanes(i, 0)), Params{p.lanes(i, 0)}, R::load(dz.lanes(i, 0)),
                 R::load(dlog_det.lanes(i, 0)), Adjoints{dp.lanes(i, 0)})
          .store(dx.lanes(i, 0));
  }

  void inverse_backward(Panels<const T> x, Panels<const T> p, Panels<const T> dx, Panels<const T> dlog_det,
                        Panels<T> dz, Panels<T> dp) const override {
    const Formula f = formula_;
    for (Index i = 0; i < x.count; ++i)
      nflows::inverse_backward(f, R::load(x.lanes(i, 0)), Params{p.lanes(i, 0)}, R::load(dx.lanes(i, 0)),
                               R::load(dlog_det.lanes(i, 0)), Adjoints{dp.lanes(i, 0)})
          .store(dz.lanes(i, 0));
  }

  Index n_seen() const override { return Shown::n_seen; }
  void show(Panels<const T> x, Panels<T> u) const override { Shown::show(x, u); }
  void show_backward(Panels<const T> u, Panels<T> du) const override { Shown::show_backward(u, du); }

 private:
  Formula formula_;
};

// Enters the transformers of a formula, for float and double.
template <class Formula>
void register_formula(const std::string& name) {
  const auto enter = [&]<class T>(T) {
    Registry<TransformerFactory<T>>::global().add(name,
                                                  [](const Spec& spec) -> std::unique_ptr<Transformer<T>> {
                                                    return std::make_unique<Lanes<T, Formula>>(spec);
                                                  });
  };
  enter(float{});
  enter(double{});
}

}  // namespace nflows
