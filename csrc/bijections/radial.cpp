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
#include "bijections/radial_rows.h"

namespace nflows {
namespace {

template <class T>
class Radial final : public Bijection<T> {
 public:
  Radial(const Spec&, Index n_features, Index) : n_(n_features) {}

  // Centres where whitened rows are, and a radius as theirs.
  void start(T* params, Rng& rng) const override {
    for (Index j = 0; j < n_; ++j) center_(params)[j] = static_cast<T>(sqrt(3.0) * rng.symmetric());
    *log_scale_(params) = *steepness_(params) = T(0);
  }

  void derive(const T* params, std::byte* derived) const override {
    once(1, typename RadialShape<T>::Derive{n_}, Table(log_scale_(params), 1), Table(steepness_(params), 1),
         Made(shape_(derived), 1));
  }

  void forward(Panels<const T> x, Panels<T> z, Panels<double> log_det, const Pass<T>& pass) const override {
    each(1, RadialForward{n_}, shape(pass), center(pass), whole(x), whole(z), Out(q_(pass.kept)),
         Total{log_det});
  }
  void backward(Panels<const T> x, Panels<const T>, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    each(1, RadialBackward{n_}, shape(pass), center(pass), whole(x), whole(dz), In(q_(pass.kept)),
         In(grads.dlog_det), shares(pass), Sum(log_scale_(grads.dparams)), Sum(steepness_(grads.dparams)));
    move_backward(x, dz, dx, pass, grads);
  }
  void inverse(Panels<const T> z, Panels<T> x, Panels<double> log_det, const Pass<T>& pass) const override {
    each(1, RadialInverse{n_}, shape(pass), center(pass), whole(z), whole(x), Out(q_(pass.kept)),
         Total{log_det});
  }
  void inverse_backward(Panels<const T>, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    each(1, RadialInverseBackward{n_}, shape(pass), center(pass), whole(x), whole(dx), In(q_(pass.kept)),
         In(grads.dlog_det), shares(pass), Sum(log_scale_(grads.dparams)), Sum(steepness_(grads.dparams)));
    move_backward(x, dx, dz, pass, grads);
  }

 private:
  Given<RadialShape<T>> shape(const Pass<T>& pass) const { return Given(shape_(pass.derived)); }
  Table<T> center(const Pass<T>& pass) const { return Table(center_(pass.params), n_); }
  Out<T> shares(const Pass<T>& pass) const { return Out(share_(pass.scratch), 1, 2); }
  In<T> whole(Panels<const T> x) const { return In<T>(x, 1, n_); }
  Out<T> whole(Panels<T> x) const { return Out<T>(x, 1, n_); }

  void move_backward(Panels<const T> x, Panels<const T> dout, Panels<T> din, const Pass<T>& pass,
                     const Gradients<T>& grads) const {
    each(n_, RadialMoveBackward{}, Given(center_(pass.params)), In(x), In(dout),
         In(share_(pass.scratch), 0, 2), Out(din), Sum(center_(grads.dparams)));
  }

  Index n_;
  Numbers center_{this->params_, "center", n_}, log_scale_{this->params_, "log_scale", 1},
      steepness_{this->params_, "steepness", 1};
  Derived<RadialShape<T>> shape_{this->derived_, 1};
  Slots q_{this->kept_, 1};
  Slots share_{this->scratch_, 2};  // of dx - dz: the shares of x - c and of dz
};

}  // namespace

void register_radial() { register_bijection<Radial>("radial"); }

}  // namespace nflows
