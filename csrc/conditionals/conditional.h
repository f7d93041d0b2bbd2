// The contract of a conditional: the distribution of one column given what a net says, as a transformer of a column of an
// autoregressive layer.
//
// Columns of integers, categories, atoms or left-out cells have no density by a change of variables. Their term of the
// likelihood is a mass, or one of both, and their latent is the normal score of the middle of that mass. The base counts
// every latent z as standard normal; so what a conditional adds to log_det is
//
//   log p(x) - log phi(z)
//
// and the flow's log-density is the sum of log p over its columns. Such a layer is the last one of its flow, whose base is
// the standard normal. A left-out cell is NaN: its log p is 0, its z is 0, and the net sees that nothing is there.
//
// `inverse` draws: from a standard normal z it makes a value of the distribution, whose log_det it leaves alone. Of a z that
// is NaN it makes a left-out cell. There is no gradient through it.
//
// Its formula is a plain struct with the functions of one (transformers/formula.h), and
//
//   int n_seen;                         // of what it shows
//   void show(R x, U u)                 // sets u[0 .. n_seen)
//   R show_backward(U u, DU du)         // the adjoint of x; 0 where x is a code
#pragma once

#include "core/check.h"
#include "transformers/passes.h"
#include "transformers/shown.h"
#include "transformers/transformer.h"

namespace nflows {

template <class T>
class Conditional : public Transformer<T> {
 public:
  // The parameters of the column by itself.
  virtual void start(T* p) const = 0;
};

template <class T>
using ConditionalFactory = std::unique_ptr<Conditional<T>> (*)(const Spec& spec);

template <class T>
std::unique_ptr<Conditional<T>> make_conditional(const Spec& spec) {
  return Registry<ConditionalFactory<T>>::global().find(spec.name, "conditional")(spec);
}

template <class Formula>
struct ConditionalShow {
  Formula f;
  template <class X, class U>
  NFLOWS_FN void operator()(X x, U u) const {
    f.show(x[0], u);
  }
};
template <class Formula>
struct ConditionalShowBackward {
  Formula f;
  template <class U, class DU>
  NFLOWS_FN void operator()(U u, DU du) const {
    du.set(0, f.show_backward(u, du));
  }
};

// A formula as a conditional, but for its start.
template <class T, class Formula>
class ConditionalLanes : public Conditional<T> {
 public:
  explicit ConditionalLanes(const Spec& spec) : formula_(spec) {}

  Index n_params() const override { return formula_.n_params; }

  void forward(Panels<const T> x, Panels<const T> p, Panels<T> z, Panels<double> log_det) const override {
    each(1, FormulaForward<Formula>{{formula_}}, In(x), In<T>(p, 1, n_params()), Out(z), Total{log_det});
  }
  void inverse(Panels<const T> z, Panels<const T> p, Panels<T> x, Panels<double> log_det) const override {
    each(1, FormulaInverse<Formula>{{formula_}}, In(z), In<T>(p, 1, n_params()), Out(x), Total{log_det});
  }
  void backward(Panels<const T> x, Panels<const T> p, Panels<const T> dz, Panels<const T> dlog_det,
                Panels<T> dx, Panels<T> dp) const override {
    each(1, FormulaBackward<Formula>{{formula_}}, In(x), In<T>(p, 1, n_params()), In(dz), In(dlog_det),
         Out(dx), Out<T>(dp, 1, n_params()));
  }
  void inverse_backward(Panels<const T>, Panels<const T>, Panels<const T>, Panels<const T>, Panels<T>,
                        Panels<T>) const override {
    check(false, "conditional: a draw has no gradient");
  }

  Index n_seen() const override { return formula_.n_seen; }
  void show(Panels<const T> x, Panels<T> u) const override {
    each(1, ConditionalShow<Formula>{formula_}, In(x), Out(u, 1, n_seen()));
  }
  void show_backward(Panels<const T> u, Panels<T> du) const override {
    each(1, ConditionalShowBackward<Formula>{formula_}, In(u, 1, n_seen()), Out(du, 1, n_seen()));
  }

 protected:
  Formula formula_;
};

// Enters C<float> and C<double>, made by their constructors from a spec.
template <template <class> class C>
void register_conditional(const std::string& name) {
  const auto enter = [&]<class T>(T) {
    Registry<ConditionalFactory<T>>::global().add(
        name,
        [](const Spec& spec) -> std::unique_ptr<Conditional<T>> { return std::make_unique<C<T>>(spec); });
  };
  enter(float{});
  enter(double{});
}

// ---- What conditionals are made of

// The larger of |x| that numbers of a flow have (bijections/saturate.h): atoms stand there.
template <class R>
inline constexpr double kAtomPlace = kSingle<R> ? 1e15 : 1e100;

// Adjoints that are put aside, and added to others.
template <class R, int kMost>
struct Aside {
  R of[kMost];
  struct Into {
    R* of;
    NFLOWS_FN void set(int i, R value) const { of[i] = value; }
  };
  template <class D>
  struct Plus {
    const R* of;
    D to;
    NFLOWS_FN void set(int i, R value) const { to.set(i, of[i] + value); }
  };
};

}  // namespace nflows
