// A column of numbers with atoms at its ends, or with cells that are left out.
//
//   p(low) = pi_-,   p(high) = pi_+,   p(x) = pi_0 phi(y) y'(x)   elsewhere,   y = spline(affine(x))
//
// with (pi_-, pi_0, pi_+) a softmax: a hurdle model. An atom stands at -+1e15 (float) or 1e100, where numbers of a flow are
// held (bijections/saturate.h), so that -+inf come to it. The latent is the normal score of the whole distribution,
// Phi(z) = pi_- + pi_0 Phi(y). Without atoms it is y.
//
// Parameters per column: the log-odds of each atom against all else that is not one, then those of affine_spline.h. Nets
// see x as they see any number, 0 where there is none, and a flag for each atom and for a left-out cell.
#include <limits>

#include "conditionals/conditional.h"
#include "conditionals/normal_interval.h"
#include "transformers/affine_spline.h"

namespace nflows {
namespace {

struct AtomsFormula {
  AffineSpline map;
  double low_share, high_share;  // at the start; 0: there is no such atom
  bool missing;
  int n_params, n_seen;

  explicit AtomsFormula(const Spec& spec)
      : map(spec),
        low_share(spec.real("low_share")),
        high_share(spec.real("high_share")),
        missing(spec.flag("missing")),
        n_params(n_atoms() + map.n_params),
        n_seen(1 + n_atoms() + missing) {
    check(low_share >= 0.0 && high_share >= 0.0 && low_share + high_share < 1.0, spec.name,
          ": shares of atoms must add up to less than 1, got ", low_share, " and ", high_share);
  }

  NFLOWS_FN bool has_low() const { return low_share > 0.0; }
  NFLOWS_FN bool has_high() const { return high_share > 0.0; }
  NFLOWS_FN int n_atoms() const { return has_low() + has_high(); }

  template <class R, class P>
  NFLOWS_PART Mapped<R> forward(R x, P p) const {
    const State<R> at(*this, x);
    const Mapped<R> y = map.forward(at.number, Rest<P>{p, n_atoms()});
    const R half = scalar<R>(0.5), turn = scalar<R>(kHalfLogTurn);
    if (n_atoms() == 0) return {select(at.is_number, y.value, R(0)), select(at.is_number, y.log_det, turn)};
    const Place<R> place(*this, at, y.value, p);
    const R own = select(at.is_number, fma(-half * y.value, y.value, y.log_det), turn) + place.log_share;
    return {select(at.present, place.z, R(0)), select(at.present, fma(half * place.z, place.z, own), turn)};
  }

  template <class R, class P>
  NFLOWS_PART Mapped<R> inverse(R z, P p) const {
    const MaskOf<R> present = z == z;
    z = select(present, z, R(0));
    if (n_atoms() == 0) return {select(present, map.inverse(z, p).value, nan<R>()), R(0)};
    const Shares<R> pi(*this, p);
    const R below = ndtr(z), above = ndtr(-z);
    const R y = ndtri((below - pi.low) / pi.number, (above - pi.high) / pi.number);
    // Far out on a side without an atom nothing but the share parts the two scores.
    const MaskOf<R> far = abs(z) > R(kSingle<R> ? 12 : 36);
    const R x = map.inverse(select(far, z, y), Rest<P>{p, n_atoms()}).value, place = scalar<R>(kAtomPlace<R>);
    const R value = select(below < pi.low, -place, select(above < pi.high, place, x));
    return {select(present, value, nan<R>()), R(0)};
  }

  template <class R, class P, class D>
  NFLOWS_PART R backward(R x, P p, R dz, R dlog_det, D dp) const {
    const State<R> at(*this, x);
    const R none = R(0), by_slope = select(at.is_number, dlog_det, none);
    if (n_atoms() == 0) return map.backward(at.number, p, select(at.is_number, dz, none), by_slope, dp);
    const R y = map.forward(at.number, Rest<P>{p, n_atoms()}).value, half = scalar<R>(0.5);
    const Place<R> place(*this, at, y, p);
    const R by_log = select(at.present, dlog_det, none);
    const R by_z = select(at.present, fma(dlog_det, place.z, dz), none);
    const R z_by_y = place.pi.number * exp(min(R(80), half * (place.z - y) * (place.z + y)));
    const R dy = select(at.is_number, fma(by_z, z_by_y, -by_log * y), none);
    const R dx = map.backward(at.number, Rest<P>{p, n_atoms()}, dy, by_slope, Rest<D>{dp, n_atoms()});
    const R by_mass = by_z * mills_ratio(abs(place.z));
    if (has_low())
      dp.set(0, fma(by_log, select(at.is_low, R(1), none) - place.pi.low, by_mass * place.by_share(0)));
    if (has_high())
      dp.set(has_low(),
             fma(by_log, select(at.is_high, R(1), none) - place.pi.high, by_mass * place.by_share(2)));
    return select(at.is_number, dx, none);
  }

  template <class R, class U>
  NFLOWS_FN void show(R x, U u) const {
    const State<R> at(*this, x);
    const R one = R(1), none = R(0);
    u.set(0, at.number / fma(abs(at.number), scalar<R>(ShownNumber::kPerBend), one));
    int i = 1;
    if (has_low()) u.set(i++, select(at.is_low, one, none));
    if (has_high()) u.set(i++, select(at.is_high, one, none));
    if (missing) u.set(i, select(at.present, none, one));
  }
  // What is shown of an atom or of nothing is 0, as the middle is: then the adjoint meets no number.
  template <class U, class DU>
  NFLOWS_FN auto show_backward(U u, DU du) const {
    using R = typename U::Number;
    const R left = R(1) - abs(u[0]) * scalar<R>(ShownNumber::kPerBend);
    return du[0] * (left * left);
  }

  template <class T>
  void start(T* p) const {
    const double rest = 1.0 - low_share - high_share;
    if (has_low()) *p++ = static_cast<T>(std::log(low_share / rest));
    if (has_high()) *p = static_cast<T>(std::log(high_share / rest));
  }

 private:
  template <class R>
  static NFLOWS_FN R nan() {
    return R(std::numeric_limits<ScalarOf<R>>::quiet_NaN());
  }

  // The parameters, or their adjoints, behind those of the atoms.
  template <class P>
  struct Rest {
    P all;
    int k;
    NFLOWS_FN auto operator[](int i) const { return all[k + i]; }
    template <class R>
    NFLOWS_FN void set(int i, R value) const {
      all.set(k + i, value);
    }
  };

  // What a cell holds.
  template <class R>
  struct State {
    MaskOf<R> present, is_low, is_high, is_number;
    R number;
    NFLOWS_FN State(const AtomsFormula& f, R x)
        : present(x == x),
          is_low(x <= scalar<R>(f.has_low() ? -kAtomPlace<R> : -2 * kAtomPlace<R>)),
          is_high(x >= scalar<R>(f.has_high() ? kAtomPlace<R> : 2 * kAtomPlace<R>)),
          is_number(present & ~(is_low | is_high)),
          number(select(is_number, x, R(0))) {}
  };

  template <class R>
  struct Shares {
    R low, number, high, log_total;
    R low_odds, high_odds;  // logarithms
    template <class P>
    NFLOWS_FN Shares(const AtomsFormula& f, P p) {
      const R never = scalar<R>(kSingle<R> ? -80 : -600);
      low_odds = f.has_low() ? p[0] : never;
      high_odds = f.has_high() ? p[f.has_low()] : never;
      const R most = max(R(0), max(low_odds, high_odds));
      low = f.has_low() ? exp(low_odds - most) : R(0);
      high = f.has_high() ? exp(high_odds - most) : R(0);
      number = exp(-most);
      const R total = low + number + high, per = R(1) / total;
      log_total = most + log(total);
      low = low * per;
      high = high * per;
      number = max(scalar<R>(kSingle<R> ? 1e-30 : 1e-300), number * per);
    }
  };

  // Where a cell lies in the whole distribution: the masses below and above it, as parts of those of the atoms and of the
  // numbers.
  template <class R>
  struct Place {
    Shares<R> pi;
    R parts[3], others[3];  // of (low, number, high) that lie below, and that lie above
    R below, above, z, log_share;

    template <class P>
    NFLOWS_FN Place(const AtomsFormula& f, const State<R>& at, R y, P p) : pi(f, p) {
      const R half = scalar<R>(0.5), one = R(1), none = R(0);
      const R inner = select(at.is_low, none, select(at.is_high, one, ndtr(y)));
      const R outer = select(at.is_low, one, select(at.is_high, none, ndtr(-y)));
      parts[0] = select(at.is_low, half, one), others[0] = select(at.is_low, half, none);
      parts[1] = inner, others[1] = outer;
      parts[2] = select(at.is_high, half, none), others[2] = select(at.is_high, half, one);
      const R least = scalar<R>(kSingle<R> ? 1e-37 : 1e-300);
      below = max(least, parts[0] * pi.low + parts[1] * pi.number + parts[2] * pi.high);
      above = max(least, others[0] * pi.low + others[1] * pi.number + others[2] * pi.high);
      const MaskOf<R> told = min(below, above) > scalar<R>(kSingle<R> ? 1e-32 : 1e-290);
      z = select(told, ndtri(below, above), y);
      log_share = select(at.is_low, pi.low_odds, select(at.is_high, pi.high_odds, none)) - pi.log_total;
    }

    // phi(z) dz by the logit of an atom, over the smaller of the masses below and above.
    NFLOWS_FN R by_share(int i) const {
      const R share = i == 0 ? pi.low : pi.high;
      return share * select(below < above, (parts[i] - below) / below, (above - others[i]) / above);
    }
  };
};

template <class T>
class Atoms final : public ConditionalLanes<T, AtomsFormula> {
 public:
  using ConditionalLanes<T, AtomsFormula>::ConditionalLanes;
  void start(T* p) const override { this->formula_.start(p); }
};

}  // namespace

void register_atoms() { register_conditional<Atoms>("atoms"); }

}  // namespace nflows
