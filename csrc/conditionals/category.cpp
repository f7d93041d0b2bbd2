// A column of categories 0 .. K-1 by a softmax.
//
//   log p(k) = l_k - log sum_i exp(l_i)
//
// The categories lie beside each other, in the order of their numbers: z is the normal score of the middle of k's mass.
// Nets see a one-hot code, and of a left-out cell zeros alone.
//
// Parameters per column: the K logits, at the start the logarithms of the spec's shares.
#include "conditionals/conditional.h"
#include "conditionals/normal_interval.h"

namespace nflows {
namespace {

struct CategoryFormula {
  static constexpr int kMost = 1 << 14;

  int n_params, n_seen;

  explicit CategoryFormula(const Spec& spec) {
    const Index n = static_cast<Index>(spec.reals("shares").size());
    check(n >= 1 && n <= kMost, spec.name, ": shares must be of 1 to ", kMost, " categories, got ", n);
    n_params = n_seen = static_cast<int>(n);
  }

  template <class R, class P>
  NFLOWS_FN Mapped<R> forward(R x, P p) const {
    const MaskOf<R> present = x == x;
    const Masses<R> at = masses(select(present, x, R(0)), p);
    const R z = at.score(), half = scalar<R>(0.5), turn = scalar<R>(kHalfLogTurn);
    return {select(present, z, R(0)), select(present, at.log_mass + half * z * z, R(0)) + turn};
  }

  template <class R, class P>
  NFLOWS_FN Mapped<R> inverse(R z, P p) const {
    const R below = ndtr(z), above = ndtr(-z);
    const Masses<R> at = masses(R(0), p);
    R reached = R(0), k = R(0);
    for (int i = 0; i + 1 < n_params; ++i) {
      reached += exp(p[i] - at.highest);
      const MaskOf<R> passed =
          select(z < R(0), below * at.total - reached, (at.total - reached) - above * at.total) >= R(0);
      k = select(passed, R(static_cast<ScalarOf<R>>(i + 1)), k);
    }
    return {select(z == z, k, z), R(0)};
  }

  // By l_i: of log p, [i = k] - s_i; of z, s_i (w_i - u) / phi(z), where u is the mass below z and w_i the part of s_i that
  // lies below it. Taken relative to the smaller of the masses below and above, no term overflows.
  template <class R, class P, class D>
  NFLOWS_FN R backward(R x, P p, R dz, R dlog_det, D dp) const {
    const MaskOf<R> present = x == x;
    const R k = select(present, x, R(0)), half = scalar<R>(0.5);
    const Masses<R> at = masses(k, p);
    const R z = at.score(), by_mass = select(present, dlog_det, R(0));
    const R by_score = select(present, fma(dlog_det, z, dz), R(0)) * mills_ratio(abs(z));
    const MaskOf<R> left = at.below < at.above;
    const R least = min(at.below, at.above);
    for (int i = 0; i < n_params; ++i) {
      const R place = R(static_cast<ScalarOf<R>>(i)), share = exp(p[i] - at.highest) / at.total;
      const MaskOf<R> own = place == k;
      const R part_below = select(own, half, select(place < k, R(1), R(0)));
      const R moved = select(left, part_below - at.below, at.above - (R(1) - part_below));
      dp.set(i, by_mass * (select(own, R(1), R(0)) - share) + by_score * (share * moved / least));
    }
    return R(0);
  }

  template <class R, class U>
  NFLOWS_FN void show(R x, U u) const {
    for (int i = 0; i < n_seen; ++i) u.set(i, select(x == R(static_cast<ScalarOf<R>>(i)), R(1), R(0)));
  }
  template <class U, class DU>
  NFLOWS_FN auto show_backward(U u, DU) const {
    return u[0] - u[0];
  }

 private:
  // The masses below the middle of category k and above it, and its own.
  template <class R>
  struct Masses {
    R highest, total, log_mass, below, above;
    NFLOWS_FN R score() const { return ndtri(below, above); }
  };
  template <class R, class P>
  NFLOWS_FN Masses<R> masses(R k, P p) const {
    R highest = p[0], logit = p[0];
    for (int i = 1; i < n_params; ++i) {
      highest = max(highest, p[i]);
      logit = select(k == R(static_cast<ScalarOf<R>>(i)), p[i], logit);
    }
    R total = R(0), below = R(0), above = R(0);
    for (int i = 0; i < n_params; ++i) {
      const R place = R(static_cast<ScalarOf<R>>(i)), size = exp(p[i] - highest);
      total += size;
      below += select(place < k, size, R(0));
      above += select(place > k, size, R(0));
    }
    const R own = scalar<R>(0.5) * exp(logit - highest), per = R(1) / total;
    const R least = scalar<R>(kSingle<R> ? 1e-37 : 1e-300);
    return {highest, total, (logit - highest) - log(total), max(least, (below + own) * per),
            max(least, (above + own) * per)};
  }
};

template <class T>
class Category final : public ConditionalLanes<T, CategoryFormula> {
 public:
  explicit Category(const Spec& spec)
      : ConditionalLanes<T, CategoryFormula>(spec), shares_(spec.reals("shares")) {
    for (const double share : shares_)
      check(share > 0.0, spec.name, ": shares must be positive, got ", share);
  }
  void start(T* p) const override {
    for (const double share : shares_) *p++ = static_cast<T>(std::log(share));
  }

 private:
  std::vector<double> shares_;
};

}  // namespace

void register_category() { register_conditional<Category>("category"); }

}  // namespace nflows
