// Independent von Mises: the normal of the circle. Latents are angles, and z and z + 2 pi are the same one.
//
//   log p(z) = kappa (cos(z - loc) - 1) - log(2 pi I0(kappa) e^-kappa)        kappa = exp(c tanh(a / c)), c = 7
//
// The density is that of one turn: it integrates to 1 over any interval of length 2 pi. cos d - 1 = -2 sin^2(d / 2)
// does not cancel.
//
// Parameters: loc (D,), log_concentration a (D,). They start at zero, where the log-density's curvature is the standard
// normal's, or from the data's mean direction and resultant length.
#include "bases/independent.h"
#include "bases/von_mises_member.h"

namespace nflows {
namespace {

inline constexpr double kLongestResultant = 0.9999;  // kappa = 5000, beyond the bound

template <class T>
struct VonMisesFamily {
  static constexpr std::array<const char*, 2> names = {"loc", "log_concentration"};

  VonMisesFamily(const Spec&, Index) {}

  void start(T* p) const { p[0] = p[1] = T(0); }

  // kappa from the mean resultant length as Banerjee, Dhillon, Ghosh, Sra (2005), sec. 4.4.
  void fit(Panels<const T> z, const double* weights, T* p) const {
    double c = 0.0, s = 0.0, total = 0.0;
    for (Index panel = 0; panel < z.count; ++panel)
      for (int l = 0; l < kLanes; ++l) {
        const double w = weights[panel * kLanes + l], angle = static_cast<double>(z.lanes(panel, 0)[l]);
        if (w == 0.0) continue;
        c += w * std::cos(angle);
        s += w * std::sin(angle);
        total += w;
      }
    const double r = std::clamp(std::hypot(c, s) / total, 1e-4, kLongestResultant);
    p[0] = static_cast<T>(std::atan2(s, c));
    p[1] = static_cast<T>(unbounded(std::log(r * (2.0 - r * r) / (1.0 - r * r)), kBaseScaleBound));
  }

  using Member = VonMisesMember<T>;
  void derive(Index n, Made<Member> members, Table<T> loc, Table<T> log_concentration) const {
    once(n, typename Member::Derive{}, loc, log_concentration, members);
  }
};

template <class T>
using VonMises = Independent<T, VonMisesFamily>;

}  // namespace

void register_von_mises() { register_base<VonMises>("von_mises"); }

}  // namespace nflows
