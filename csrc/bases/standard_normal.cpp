// The standard normal: log p(z) = -|z|^2 / 2 - (D / 2) log(2 pi), gradient -z.
#include "bases/standard_normal.h"
#include "bases/base.h"

namespace nflows {
namespace {

template <class T>
class StandardNormal final : public Base<T> {
 public:
  StandardNormal(const Spec&, Index n_features, Index) : n_(n_features) {}

  void log_prob(Panels<const T> z, Panels<double> log_prob, const Pass<T>&) const override {
    each(1, StandardNormalLogProb{n_}, In(z, 1, n_), Total{log_prob});
  }
  void backward(Panels<const T> z, Panels<T> dz, const Pass<T>&, const Gradients<T>& grads) const override {
    each(n_, StandardNormalBackward{}, In(z), In(grads.dlog_det, 0), Out(dz));
  }

 private:
  Index n_;
};

}  // namespace

void register_standard_normal() { register_base<StandardNormal>("standard_normal"); }

}  // namespace nflows
