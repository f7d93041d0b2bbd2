// Planar flow (Rezende & Mohamed 2015, arXiv:1505.05770, sec. 4.1 and appendix A.1).
//
//   z = x + u^ h(w.x + b),  h = tanh         log|det| = log(1 + m h'(w.x + b)),  m = w.u^
//   u^ = u + (m - a) w / |w|^2,  a = w.u     m = m(a) > -1 as in ridge.h: the map is invertible
//
// Along w it is one curve: t = w.x + b obeys t + m h(t) = w.z + b. The inverse solves that, and x = z - u^ h(t). The
// Jacobian is I + u^ h' w^T, so that adjoints go back by Sherman and Morrison's formula: along w and no other way.
//
// Parameters: weight w (D,), bias b (1,), direction u (D,). The identity at u = 0.
#include <limits>

#include "bijections/bijection.h"
#include "bijections/ridge.h"
#include "linalg/products.h"
#include "simd/panel_sums.h"

namespace nflows {
namespace {

template <class T>
class Planar final : public Bijection<T> {
 public:
  Planar(const Spec&, Index n_features, Index)
      : n_(n_features), array_(panels_for(n_features)), vector_(Staircase::full(1, n_features)) {}

  Index n_params() const override { return 2 * n_ + 1; }
  Index n_kept() const override { return 2; }  // h and h'
  Index n_scratch() const override { return 2 * array_ + 2 + kGradientScratch; }
  std::vector<Block> blocks() const override {
    return {{"weight", 0, n_, false}, {"bias", n_, 1, false}, {"direction", n_ + 1, n_, false}};
  }

  // w.x has variance 1 where rows are whitened, and planes differ from layer to layer.
  void start(T* params, Rng& rng) const override {
    const double bound = sqrt(3.0 / static_cast<double>(n_));
    for (Index j = 0; j < n_; ++j) params[j] = static_cast<T>(bound * rng.symmetric());
    params[n_] = static_cast<T>(rng.symmetric());
    std::fill_n(params + n_ + 1, n_, T(0));
  }

  void forward(Panels<const T> x, Panels<T> z, Panels<double> log_det, const Pass<T>& pass) const override {
    const Panels<T> h = pass.kept, slope = pass.kept.feature(1);
    const T* u = direction(pass);
    forward_product<T>(vector_, weight(pass.params), bias(pass.params), x, h, 0, 1);
    ridge(pass).forward(h, h, slope, log_det);
    copy_features<T>(x, z, n_);
    data_gradient<T>(vector_, u, h, z, 0, n_, Into::kAdd);
  }

  void backward(Panels<const T> x, Panels<const T>, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    const Panels<T> h = pass.kept, slope = pass.kept.feature(1), dt = pass.scratch.feature(2 * array_);
    const T* u = direction(pass);
    T dm = 0;
    forward_product<T>(vector_, u, nullptr, dz, dt, 0, 1);
    ridge(pass).backward(h, slope, dt, grads.dlog_det, dt, &dm);
    copy_features<T>(dz, dx, n_);
    data_gradient<T>(vector_, weight(pass.params), dt, dx, 0, n_, Into::kAdd);
    pull_parameters(x, h, dz, dt, dm, pass, grads);
  }

  void inverse(Panels<const T> z, Panels<T> x, Panels<double> log_det, const Pass<T>& pass) const override {
    const Panels<T> h = pass.kept, slope = pass.kept.feature(1);
    const T* u = direction(pass);
    forward_product<T>(vector_, weight(pass.params), bias(pass.params), z, h, 0, 1);
    ridge(pass).inverse(h, h, slope, log_det);
    copy_features<T>(z, x, n_);
    data_gradient<T>(vector_, u, h, x, 0, n_, Into::kSubtract);
  }

  // The adjoint dz = J^-T (dx - dlog_det d(log_det)/dx) is dx + w dt; parameters see forward's backward with -dz.
  void inverse_backward(Panels<const T>, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    const Panels<T> h = pass.kept, slope = pass.kept.feature(1), dt = pass.scratch.feature(2 * array_);
    const Panels<T> minus_h = dt.feature(1);
    const T* u = direction(pass);
    T dm = 0;
    forward_product<T>(vector_, u, nullptr, dx, dt, 0, 1);
    ridge(pass).inverse_backward(h, slope, dt, grads.dlog_det, dt, &dm);
    copy_features<T>(dx, dz, n_);
    data_gradient<T>(vector_, weight(pass.params), dt, dz, 0, n_, Into::kAdd);
    negate_features<T>(h, minus_h, 1);
    pull_parameters(x, minus_h, dz, dt, dm, pass, grads);
  }

 private:
  template <class P>
  P* weight(P* params) const {
    return params;
  }
  template <class P>
  P* bias(P* params) const {
    return params + n_;
  }
  template <class P>
  P* raw_direction(P* params) const {
    return params + n_ + 1;
  }

  // What w and u^ have in common: a = w.u, and the share of w in u^ - u.
  struct Correction {
    Steepness m;
    double per_square, share;  // 1 / |w|^2, (m - a) / |w|^2 with m - a = a^2 / (s + c)
  };
  Correction correction(const T* params) const {
    const T *w = weight(params), *u = raw_direction(params);
    double a = 0, square = 0;
    for (Index j = 0; j < n_; ++j) {
      a += static_cast<double>(w[j]) * u[j];
      square += static_cast<double>(w[j]) * w[j];
    }
    const Steepness m(a);
    const double per_square = square < std::numeric_limits<double>::min() ? 0 : 1 / square;
    return {m, per_square, a * a * per_square / (m.s + Steepness::kLowest)};
  }

  Ridge<T> ridge(const Pass<T>& pass) const { return Ridge<T>(correction(pass.params).m); }

  // u^, written to the first panel's scratch, whose rows are neighbours: a plain array. Where u nearly cancels, the sum
  // leaves w.u^ off by roundings of u; they are given back.
  const T* direction(const Pass<T>& pass) const {
    const T *w = weight(pass.params), *u = raw_direction(pass.params);
    const auto [m, per_square, share] = correction(pass.params);
    T* corrected = pass.scratch.lanes(0, 0);
    double left = m.value();
    for (Index j = 0; j < n_; ++j) {
      corrected[j] = static_cast<T>(u[j] + share * w[j]);
      left -= static_cast<double>(corrected[j]) * w[j];
    }
    for (Index j = 0; j < n_; ++j) corrected[j] += static_cast<T>(left * per_square * w[j]);
    return corrected;
  }

  // The gradients of w and b given dt, and those of u^ and m, whose adjoints are sum h dz and dm, through a and |w|^2.
  void pull_parameters(Panels<const T> x, Panels<const T> h, Panels<const T> dz, Panels<const T> dt, T dm,
                       const Pass<T>& pass, const Gradients<T>& grads) const {
    const Panels<T> scratch = pass.scratch.feature(2 * array_ + 2);
    T* du = pass.scratch.lanes(0, array_);
    std::fill_n(du, n_, T(0));
    weight_gradient<T>(vector_, h, dz, scratch, du);
    weight_gradient<T>(vector_, dt, x, scratch, weight(grads.dparams));
    bias_gradient<T>(1, dt, bias(grads.dparams));

    const T *w = weight(pass.params), *u = raw_direction(pass.params);
    const auto [m, per_square, share] = correction(pass.params);
    double along = 0;  // w.du^
    for (Index j = 0; j < n_; ++j) along += static_cast<double>(w[j]) * du[j];
    along *= per_square;
    const double da = m.slope() * dm + m.a / m.s * along;
    for (Index j = 0; j < n_; ++j) {
      raw_direction(grads.dparams)[j] += static_cast<T>(du[j] + da * w[j]);
      weight(grads.dparams)[j] += static_cast<T>(share * (du[j] - 2 * along * w[j]) + da * u[j]);
    }
  }

  Index n_, array_;  // features; panel rows that hold as many numbers
  Staircase vector_;
};

}  // namespace

void register_planar() { register_bijection<Planar>("planar"); }

}  // namespace nflows
