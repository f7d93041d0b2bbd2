// Radial flow (Rezende & Mohamed 2015, arXiv:1505.05770, sec. 4.1 and appendix A.2).
//
//   z = x + beta (x - c) / (alpha + r),  r = |x - c|        alpha > 0, beta > -alpha
//
// In units of alpha, with k = beta / alpha, q = r / alpha and rho = 1 / (1 + q), so that r drho/dr = rho (rho - 1):
//
//   z - c = (1 + k rho)(x - c)        log|det| = (D - 1) log(1 + k rho) + log(1 + k rho^2)
//
// and |z - c| / alpha = q (1 + k rho) is a quadratic equation for q. The Jacobian is (1 + k rho) I across the radius
// and 1 + k rho^2 along it.
//
// Parameters: center c (D,), log_scale (1,) of alpha / sqrt(D), bounded by 5, steepness (1,) of k as in ridge.h. The
// identity at steepness 0. Derived: alpha and k, with their slopes.
#include "bijections/bijection.h"
#include "bijections/ridge.h"
#include "transformers/formula.h"

namespace nflows {
namespace {

inline constexpr int kRadiusBound = 5;

template <class T>
class Radial final : public Bijection<T> {
  using R = Rows<T>;

 public:
  Radial(const Spec&, Index n_features, Index) : n_(n_features) {}

  // Centres where whitened rows are, and a radius as theirs.
  void start(T* params, Rng& rng) const override {
    for (Index j = 0; j < n_; ++j) center_(params)[j] = static_cast<T>(sqrt(3.0) * rng.symmetric());
    *log_scale_(params) = *steepness_(params) = T(0);
  }

  void derive(const T* params, std::byte* derived) const override {
    const LogScale<T> log_scale = bounded(*log_scale_(params), T(kRadiusBound));
    const Steepness steepness(*steepness_(params));
    *shape_(derived) = {sqrt(static_cast<T>(n_)) * exp(log_scale.value), log_scale.slope,
                        static_cast<T>(steepness.value()), static_cast<T>(steepness.slope())};
  }

  void forward(Panels<const T> x, Panels<T> z, Panels<double> log_det, const Pass<T>& pass) const override {
    const Shape s = *shape_(pass.derived);
    for (Index p = 0; p < x.count; ++p) {
      const R q = radius(x, p, center_(pass.params)) * (1 / s.alpha);
      q.store(q_(pass.kept).lanes(p, 0));
      const Point at(q, s.k);
      move(x, z, p, center_(pass.params), s.k * at.rho);
      accumulate(log_det.lanes(p, 0), log_det_of(at, s.k));
    }
  }

  void backward(Panels<const T> x, Panels<const T>, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    const Shape s = *shape_(pass.derived);
    R dk(T(0)), dlog_alpha(T(0));
    for (Index p = 0; p < x.count; ++p) {
      const R q = R::load(q_(pass.kept).lanes(p, 0)), dl = R::load(grads.dlog_det.lanes(p, 0));
      const Point at(q, s.k);
      const R along = dot(x, dz, p, center_(pass.params));
      const R dq = -(along * s.k + dl * by_rho(at, s.k)) * at.rho * at.rho;
      dk += along * at.rho + dl * by_k(at);
      dlog_alpha -= dq * q;
      per_radius(dq, q, s.alpha).store(share_(pass.scratch).lanes(p, 0));
      (s.k * at.rho).store(share_(pass.scratch).lanes(p, 1));
    }
    move_backward(x, dz, dx, pass, grads);
    *log_scale_(grads.dparams) += sum(dlog_alpha) * s.alpha_slope;
    *steepness_(grads.dparams) += sum(dk) * s.k_slope;
  }

  // q (1 + k / (1 + q)) = y, or q^2 + b q - y = 0 with b = 1 + k - y; the positive root, without cancellation for
  // either sign of b.
  void inverse(Panels<const T> z, Panels<T> x, Panels<double> log_det, const Pass<T>& pass) const override {
    const Shape s = *shape_(pass.derived);
    for (Index p = 0; p < z.count; ++p) {
      const R y = radius(z, p, center_(pass.params)) * (1 / s.alpha), b = R(1 + s.k) - y;
      const R twice = abs(b) + sqrt(fma(b, b, y * T(4)));
      const R q = select(b < T(0), twice * T(0.5), y * T(2) / twice);
      q.store(q_(pass.kept).lanes(p, 0));
      const Point at(q, s.k);
      move(z, x, p, center_(pass.params), -(s.k * at.rho) / at.across);
      accumulate(log_det.lanes(p, 0), -log_det_of(at, s.k));
    }
  }

  // By the implicit function theorem: the adjoint is solved for along and across the radius, and the parameters see
  // forward's backward with -dz and -dlog_det.
  void inverse_backward(Panels<const T>, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    const Shape s = *shape_(pass.derived);
    R dk(T(0)), dlog_alpha(T(0));
    for (Index p = 0; p < x.count; ++p) {
      const R q = R::load(q_(pass.kept).lanes(p, 0)), dl = R::load(grads.dlog_det.lanes(p, 0));
      const Point at(q, s.k);
      const R outer = dot(x, dx, p, center_(pass.params)) / at.across;
      const R inward = (outer * s.k + dl * by_rho(at, s.k)) * at.rho * at.rho / at.along;
      const R along = fma(q, inward, outer);  // (x - c).dz
      dk -= along * at.rho + dl * by_k(at);
      dlog_alpha -= (along * s.k + dl * by_rho(at, s.k)) * at.rho * at.rho * q;
      per_radius(inward, q, s.alpha).store(share_(pass.scratch).lanes(p, 0));
      (-(s.k * at.rho) / at.across).store(share_(pass.scratch).lanes(p, 1));
    }
    move_backward(x, dx, dz, pass, grads);
    *log_scale_(grads.dparams) += sum(dlog_alpha) * s.alpha_slope;
    *steepness_(grads.dparams) += sum(dk) * s.k_slope;
  }

 private:
  struct Shape {
    T alpha, alpha_slope, k, k_slope;  // slopes of log alpha and of k by their parameters
  };

  // What a row's distance from the center makes of it.
  struct Point {
    R rho, across, along;  // 1 + k rho and 1 + k rho^2, the stretch across the radius and along it
    Point(R q, T k) : rho(R(T(1)) / (q + T(1))), across(fma(rho, R(k), R(T(1)))) {
      along = fma(rho * rho, R(k), R(T(1)));
    }
  };

  // The log-det, and its derivatives by rho and k.
  R log_det_of(const Point& at, T k) const {
    return fma(log1p(at.rho * k), R(static_cast<T>(n_ - 1)), log1p(at.rho * at.rho * k));
  }
  R by_rho(const Point& at, T k) const {
    return (R(static_cast<T>(n_ - 1)) / at.across + at.rho * T(2) / at.along) * k;
  }
  R by_k(const Point& at) const {
    return at.rho * (R(static_cast<T>(n_ - 1)) / at.across + at.rho / at.along);
  }

  R radius(Panels<const T> x, Index p, const T* center) const { return sqrt(dot(x, {}, p, center)); }

  // (x - c).v of one panel, or |x - c|^2.
  R dot(Panels<const T> x, Panels<const T> v, Index p, const T* center) const {
    R total(T(0));
    for (Index j = 0; j < n_; ++j) {
      const R d = R::load(x.lanes(p, j)) - center[j];
      total = fma(d, v.data ? R::load(v.lanes(p, j)) : d, total);
    }
    return total;
  }

  // to = from + share (from - c)
  void move(Panels<const T> from, Panels<T> to, Index p, const T* center, R share) const {
    for (Index j = 0; j < n_; ++j) {
      const R v = R::load(from.lanes(p, j));
      fma(share, v - center[j], v).store(to.lanes(p, j));
    }
  }

  // dq as a multiple of x - c: dq/dx = (x - c) / (alpha^2 q). At the center itself q has a kink, and no slope.
  static R per_radius(R dq, R q, T alpha) { return select(q > T(0), dq / (q * (alpha * alpha)), R(T(0))); }

  // din = dout + push, dc = -sum push, where the shares of x - c and of dout in push stand in the scratch.
  void move_backward(Panels<const T> x, Panels<const T> dout, Panels<T> din, const Pass<T>& pass,
                     const Gradients<T>& grads) const {
    for (Index j = 0; j < n_; ++j) {
      R total(T(0));
      for (Index p = 0; p < x.count; ++p) {
        const R d = R::load(x.lanes(p, j)) - center_(pass.params)[j], above = R::load(dout.lanes(p, j));
        const R push = fma(R::load(share_(pass.scratch).lanes(p, 0)), d,
                           R::load(share_(pass.scratch).lanes(p, 1)) * above);
        (above + push).store(din.lanes(p, j));
        total -= push;
      }
      center_(grads.dparams)[j] += sum(total);
    }
  }

  Index n_;
  Numbers center_{this->params_, "center", n_}, log_scale_{this->params_, "log_scale", 1},
      steepness_{this->params_, "steepness", 1};
  Derived<Shape> shape_{this->derived_, 1};
  Slots q_{this->kept_, 1};
  Slots share_{this->scratch_, 2};  // of dx - dz: the shares of x - c and of dz
};

}  // namespace

void register_radial() { register_bijection<Radial>("radial"); }

}  // namespace nflows
