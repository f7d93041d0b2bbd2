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

#include "bases/independent.h"
#include "bases/student_member.h"

namespace nflows {
namespace {

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

  using Member = StudentMember<T>;
  void derive(Index n, Made<Member> members, Table<T> df_of) const {
    once(n, typename Member::Derive{}, df_of, members);
  }

  double df;
};

template <class T>
using StudentT = Independent<T, StudentFamily>;

}  // namespace

void register_student_t() { register_base<StudentT>("student_t"); }

}  // namespace nflows
