// An angle, with cells that may be left out.
//
//   p(x) = w'(x) / 2 pi,   Phi(z) = (w(x) wrapped to [-pi, pi) + pi) / 2 pi,   w the circular spline
//
// The spline takes the circle to one on which angles are uniform (circular_spline.h); cut open at its phase, that is the
// normal score. Nets see sine and cosine, and whether the cell is left out if that happens.
//
// Parameters per column: those of circular_spline.h.
#include <limits>

#include "conditionals/conditional.h"
#include "conditionals/normal_interval.h"
#include "transformers/circular_spline.h"

namespace nflows {
namespace {

struct CircleFormula {
  static constexpr double kPi = 3.14159265358979323846;

  CircularSpline map;
  bool missing;
  int n_params, n_seen;

  explicit CircleFormula(const Spec& spec)
      : map(spec), missing(spec.flag("missing")), n_params(map.n_params), n_seen(missing ? 3 : 2) {}

  template <class R, class P>
  NFLOWS_PART Mapped<R> forward(R x, P p) const {
    const MaskOf<R> present = x == x;
    const Mapped<R> w = map.forward(select(present, x, R(0)), p);
    const R z = score(w.value), half = scalar<R>(0.5), turn = scalar<R>(kHalfLogTurn);
    const R own = w.log_det + fma(half * z, z, -turn);  // log 2 pi is twice `turn`
    return {select(present, z, R(0)), select(present, own, turn)};
  }

  template <class R, class P>
  NFLOWS_PART Mapped<R> inverse(R z, P p) const {
    const R w = scalar<R>(kPi) * (ndtr(z) - ndtr(-z));
    const R x = within_turn(map.inverse(select(z == z, w, R(0)), p).value);
    return {select(z == z, x, R(std::numeric_limits<ScalarOf<R>>::quiet_NaN())), R(0)};
  }

  template <class R, class P, class D>
  NFLOWS_PART R backward(R x, P p, R dz, R dlog_det, D dp) const {
    const MaskOf<R> present = x == x;
    const R number = select(present, x, R(0)), z = score(map.forward(number, p).value);
    const R by_z = select(present, fma(dlog_det, z, dz), R(0));
    // dz/dw = 1 / (2 pi phi(z))
    const R dw = by_z * exp(min(R(60), scalar<R>(0.5) * z * z - scalar<R>(kHalfLogTurn)));
    return select(present, map.backward(number, p, dw, select(present, dlog_det, R(0)), dp), R(0));
  }

  template <class R, class U>
  NFLOWS_FN void show(R x, U u) const {
    const MaskOf<R> present = x == x;
    const R angle = select(present, x, R(0));
    u.set(0, select(present, sin(angle), R(0)));
    u.set(1, select(present, cos(angle), R(0)));
    if (missing) u.set(2, select(present, R(0), R(1)));
  }
  template <class U, class DU>
  NFLOWS_FN auto show_backward(U u, DU du) const {
    return du[0] * u[1] - du[1] * u[0];
  }

 private:
  template <class R>
  static NFLOWS_FN R score(R w) {
    const R turn = scalar<R>(0.5 / kPi) * within_turn(w), half = scalar<R>(0.5);
    const R least = scalar<R>(kSingle<R> ? 1e-7 : 1e-16);
    return ndtri(max(least, half + turn), max(least, half - turn));
  }
};

template <class T>
class Circle final : public ConditionalLanes<T, CircleFormula> {
 public:
  using ConditionalLanes<T, CircleFormula>::ConditionalLanes;
  void start(T*) const override {}
};

}  // namespace

void register_circle() { register_conditional<Circle>("circle"); }

}  // namespace nflows
