// Lanes: a formula as a transformer, sixteen rows at a time. The only template that is compiled once per formula.
#pragma once

#include "transformers/passes.h"
#include "transformers/shown.h"
#include "transformers/transformer.h"

namespace nflows {

template <class T, class Formula>
class Lanes final : public Transformer<T> {
  using Shown = std::conditional_t<requires { Formula::is_angle; }, ShownAngle, ShownNumber>;

 public:
  explicit Lanes(const Spec& spec) : formula_(formula_from<Formula>(spec)) {}

  Index n_params() const override { return formula_.n_params; }

  void forward(Panels<const T> x, Panels<const T> p, Panels<T> z, Panels<double> log_det) const override {
    each(1, FormulaForward<Formula>{{formula_}}, In(x), params(p), Out(z), Total{log_det});
  }
  void inverse(Panels<const T> z, Panels<const T> p, Panels<T> x, Panels<double> log_det) const override {
    each(1, FormulaInverse<Formula>{{formula_}}, In(z), params(p), Out(x), Total{log_det});
  }
  void backward(Panels<const T> x, Panels<const T> p, Panels<const T> dz, Panels<const T> dlog_det,
                Panels<T> dx, Panels<T> dp) const override {
    each(1, FormulaBackward<Formula>{{formula_}}, In(x), params(p), In(dz), In(dlog_det), Out(dx),
         adjoints(dp));
  }
  void inverse_backward(Panels<const T> x, Panels<const T> p, Panels<const T> dx, Panels<const T> dlog_det,
                        Panels<T> dz, Panels<T> dp) const override {
    each(1, FormulaInverseBackward<Formula>{{formula_}}, In(x), params(p), In(dx), In(dlog_det), Out(dz),
         adjoints(dp));
  }

  Index n_seen() const override { return Shown::n_seen; }
  void show(Panels<const T> x, Panels<T> u) const override {
    each(1, typename Shown::Show{}, In(x), Out(u, 1, n_seen()));
  }
  void show_backward(Panels<const T> u, Panels<T> du) const override {
    each(1, typename Shown::Backward{}, In(u, 1, n_seen()), Out(du, 1, n_seen()));
  }

 private:
  In<T> params(Panels<const T> p) const { return In<T>(p, 1, n_params()); }
  Out<T> adjoints(Panels<T> dp) const { return Out<T>(dp, 1, n_params()); }

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
