// The standard normal: log p(z) = -|z|^2 / 2 - (D / 2) log(2 pi), gradient -z.
#include "bases/normal.h"

namespace nflows {
namespace {

template <class T>
class StandardNormal final : public Base<T> {
  using R = Rows<T>;

 public:
  StandardNormal(const Spec&, Index n_features, Index) : n_(n_features) {}

  void log_prob(Panels<const T> z, Panels<double> log_prob, const Pass<T>&) const override {
    const Rows<double> normaliser(-kHalfLogTwoPi * static_cast<double>(n_));
    for (Index p = 0; p < z.count; ++p) {
      for (Index j = 0; j < n_; ++j) {
        const R v = R::load(z.lanes(p, j));
        accumulate(log_prob.lanes(p, 0), v * v * T(-0.5));
      }
      accumulate(log_prob.lanes(p, 0), normaliser);
    }
  }

  void backward(Panels<const T> z, Panels<T> dz, const Pass<T>&, const Gradients<T>& grads) const override {
    for (Index p = 0; p < z.count; ++p)
      for (Index j = 0; j < n_; ++j)
        (-R::load(z.lanes(p, j)) * R::load(grads.dlog_det.lanes(p, 0))).store(dz.lanes(p, j));
  }

 private:
  Index n_;
};

}  // namespace

void register_standard_normal() { register_base<StandardNormal>("standard_normal"); }

}  // namespace nflows
