// Planar flow (Rezende & Mohamed 2015, arXiv:1505.05770, sec. 4.1 and appendix A.1).
//
//   z = x + u^ h(w.x + b),  h = tanh         log|det| = log(1 + m h'(w.x + b)),  m = w.u^
//   u^ = u + (m - a) w / |w|^2,  a = w.u     m = m(a) > -1 as in ridge.h: the map is invertible
//
// Along w it is one curve: t = w.x + b obeys t + m h(t) = w.z + b. The inverse solves that, and x = z - u^ h(t). The
// Jacobian is I + u^ h' w^T, so that adjoints go back by Sherman and Morrison's formula: along w and no other way.
//
// Parameters: weight w (D,), bias b (1,), direction u (D,). Derived: u^ and m. The identity at u = 0.
#include "bijections/bijection.h"
#include "bijections/planar_derived.h"
#include "linalg/products.h"
#include "simd/panel_sums.h"

namespace nflows {
namespace {

template <class T>
class Planar final : public Bijection<T> {
 public:
  Planar(const Spec&, Index n_features, Index) : n_(n_features), vector_(Staircase::full(1, n_features)) {}

  // w.x has variance 1 where rows are whitened, and planes differ from layer to layer.
  void start(T* params, Rng& rng) const override {
    const double bound = sqrt(3.0 / static_cast<double>(n_));
    for (Index j = 0; j < n_; ++j) weight_(params)[j] = static_cast<T>(bound * rng.symmetric());
    *bias_(params) = static_cast<T>(rng.symmetric());
    std::fill_n(direction_(params), n_, T(0));
  }

  void derive(const T* params, std::byte* derived) const override {
    once(1, PlanarDerive<T>{n_}, Table(weight_(params), n_), Table(direction_(params), n_),
         Made(corrected_(derived), n_), Made(ridge_(derived), 1));
  }
  void derive_backward(const T* params, const std::byte*, T* dderived, T* dparams) const override {
    once(1, PlanarDeriveBackward<T>{n_}, Table(weight_(params), n_), Table(direction_(params), n_),
         Table(dcorrected_(dderived), n_), Table(dm_(dderived), 1), Made(weight_(dparams), n_),
         Made(direction_(dparams), n_));
  }

  void forward(Panels<const T> x, Panels<T> z, Panels<double> log_det, const Pass<T>& pass) const override {
    const Panels<T> h = h_(pass.kept);
    forward_product(vector_, weight_(pass.params), bias_(pass.params), x, h, 0, 1);
    each(1, RidgeForward{}, Given(ridge_(pass.derived)), In(h), Out(h), Out(slope_(pass.kept)),
         Total{log_det});
    copy_features(x, z, n_);
    data_gradient(vector_, corrected_(pass.derived), h, z, 0, n_, Into::kAdd);
  }

  void backward(Panels<const T> x, Panels<const T>, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    const Panels<T> h = h_(pass.kept), dt = dt_(pass.scratch);
    forward_product(vector_, corrected_(pass.derived), nullptr, dz, dt, 0, 1);
    each(1, RidgeBackward{}, Given(ridge_(pass.derived)), In(h), In(slope_(pass.kept)), In(dt),
         In(grads.dlog_det), Out(dt), Sum(dm_(grads.dderived)));
    copy_features(dz, dx, n_);
    data_gradient(vector_, weight_(pass.params), dt, dx, 0, n_, Into::kAdd);
    add_gradients(x, h, dz, dt, pass, grads);
  }

  void inverse(Panels<const T> z, Panels<T> x, Panels<double> log_det, const Pass<T>& pass) const override {
    const Panels<T> h = h_(pass.kept);
    forward_product(vector_, weight_(pass.params), bias_(pass.params), z, h, 0, 1);
    each(1, RidgeInverse{}, Given(ridge_(pass.derived)), In(h), Out(h), Out(slope_(pass.kept)),
         Total{log_det});
    copy_features(z, x, n_);
    data_gradient(vector_, corrected_(pass.derived), h, x, 0, n_, Into::kSubtract);
  }

  // The adjoint dz = J^-T (dx - dlog_det d(log_det)/dx) is dx + w dt; parameters see forward's backward with -dz.
  void inverse_backward(Panels<const T>, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    const Panels<T> h = h_(pass.kept), dt = dt_(pass.scratch), minus_h = minus_h_(pass.scratch);
    forward_product(vector_, corrected_(pass.derived), nullptr, dx, dt, 0, 1);
    each(1, RidgeInverseBackward{}, Given(ridge_(pass.derived)), In(h), In(slope_(pass.kept)), In(dt),
         In(grads.dlog_det), Out(dt), Sum(dm_(grads.dderived)));
    copy_features(dx, dz, n_);
    data_gradient(vector_, weight_(pass.params), dt, dz, 0, n_, Into::kAdd);
    negate_features(h, minus_h, 1);
    add_gradients(x, minus_h, dz, dt, pass, grads);
  }

 private:
  // Of w and b given dt, and of u^, sum h dz.
  void add_gradients(Panels<const T> x, Panels<const T> h, Panels<const T> dz, Panels<const T> dt,
                     const Pass<T>& pass, const Gradients<T>& grads) const {
    weight_gradient(vector_, h, dz, sums_(pass.scratch), dcorrected_(grads.dderived));
    weight_gradient(vector_, dt, x, sums_(pass.scratch), weight_(grads.dparams));
    bias_gradient(1, dt, bias_(grads.dparams));
  }

  Index n_;
  Staircase vector_;
  Numbers weight_{this->params_, "weight", n_}, bias_{this->params_, "bias", 1},
      direction_{this->params_, "direction", n_};
  Derived<T> corrected_{this->derived_, n_};
  Derived<Ridge<T>> ridge_{this->derived_, 1};
  Numbers dcorrected_{this->dderived_, n_}, dm_{this->dderived_, 1};
  Slots h_{this->kept_, 1}, slope_{this->kept_, 1};
  Slots dt_{this->scratch_, 1}, minus_h_{this->scratch_, 1}, sums_{this->scratch_, kGradientScratch};
};

}  // namespace

void register_planar() { register_bijection<Planar>("planar"); }

}  // namespace nflows
