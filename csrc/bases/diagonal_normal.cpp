// Independent normals with free locations and scales (normal.h).
//
// Parameters: loc (D,), log_scale a (D,). The standard normal at zero; the data's means and variances where there are
// data.
#include "bases/independent.h"
#include "bases/normal.h"
#include "linalg/moments.h"

namespace nflows {
namespace {

inline constexpr double kVarianceFloor = 1e-6;

template <class T>
struct NormalFamily {
  static constexpr std::array<const char*, 2> names = {"loc", "log_scale"};

  NormalFamily(const Spec&, Index) {}

  void start(T* p) const { p[0] = p[1] = T(0); }
  void fit(Panels<const T> z, const double* weights, T* p) const {
    const Moments m = moments(z, 1, weights);
    p[0] = static_cast<T>(m.mean[0]);
    p[1] =
        static_cast<T>(unbounded(0.5 * std::log(std::max(m.covariance[0], kVarianceFloor)), kBaseScaleBound));
  }

  using Member = NormalFeature<T>;
  void derive(Index n, Made<Member> members, Table<T> loc, Table<T> log_scale) const {
    once(n, NormalDerive<T>{}, loc, log_scale, members);
  }
};

template <class T>
using DiagonalNormal = Independent<T, NormalFamily>;

}  // namespace

void register_diagonal_normal() { register_base<DiagonalNormal>("diagonal_normal"); }

}  // namespace nflows
