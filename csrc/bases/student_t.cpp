// Independent Student's t with degrees of freedom that are learnt, feature by feature.
//
//   log p(z) = log Gamma((nu + 1) / 2) - log Gamma(nu / 2) - log(pi (nu + 1)) / 2
//              - (nu + 1) / 2 log(1 + z^2 / (nu + 1))
//
// that is scale sqrt((nu + 1) / nu): around zero the score is -z, the standard normal's, at every nu, and what nu
// changes is the tails alone, |z|^-(nu + 1). (Matching the variance instead would fail at nu <= 2, where there is
// none.) nu = 1000^sigmoid(a), from 1 (Cauchy) to 1000.
//
// Parameters: df a (D,). They start at the spec's `df`.
#include <cmath>

#include "bases/gamma_ratio.h"
#include "bases/independent.h"

namespace nflows {
namespace {

inline constexpr double kMostFreedom = 1000.0;

template <class T>
struct StudentFamily {
  static constexpr std::array<const char*, 1> names = {"df"};

  StudentFamily(const Spec& spec, Index) : df(spec.real("df")) {
    check(df > 1.0 && df < kMostFreedom, spec.name, ": df must be above 1 and below ", kMostFreedom, ", got ",
          df);
  }

  void start(T* p) const {
    const double share = std::min(std::log(df) / std::log(kMostFreedom), 1.0 - 1e-6);
    p[0] = static_cast<T>(std::log(share / (1.0 - share)));
  }

  struct Member {
    using R = Rows<T>;
    T exponent, inverse, slope, dnormaliser;  // (nu + 1) / 2, 1 / (nu + 1), d(nu)/da, d(normaliser)/d(nu)
    double normaliser;

    explicit Member(double a) {
      const double share = sigmoid(a), rate = log(kMostFreedom), nu = exp(rate * share), m = nu + 1.0;
      const GammaRatio gamma = gamma_ratio(0.5 * nu);
      normaliser = gamma.log - 0.5 * log(3.14159265358979323846 * m);
      exponent = static_cast<T>(0.5 * m);
      inverse = static_cast<T>(1.0 / m);
      slope = static_cast<T>(nu * rate * share * sigmoid(-a));
      dnormaliser = static_cast<T>(0.5 * gamma.slope - 0.5 / m);
    }

    NFLOWS_FN R log_prob(R z) const { return log1p(z * z * inverse) * -exponent; }

    // d/d(nu) of the rest: -log(1 + t) / 2 + t / (1 + t) / 2, t = z^2 / (nu + 1).
    NFLOWS_FN R backward(R z, R g, R* dparams) const {
      const R t = z * z * inverse, share = R(T(1)) / (t + T(1));
      dparams[0] += ((t * share - log1p(t)) * T(0.5) + dnormaliser) * g * slope;
      return -z * share * g;
    }
  };

  Member member(Index, const T* p) const { return Member(static_cast<double>(p[0])); }

  double df;
};

template <class T>
using StudentT = Independent<T, StudentFamily>;

}  // namespace

void register_student_t() { register_base<StudentT>("student_t"); }

}  // namespace nflows
