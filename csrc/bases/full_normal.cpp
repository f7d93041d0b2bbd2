// A normal with full covariance, by the Cholesky factor of its inverse.
//
//   u = exp(-alpha) L (z - loc)        log p = -|u|^2 / 2 - sum_j alpha_j - (D / 2) log(2 pi)
//
// L is unit lower triangular and alpha bounded as in normal.h: P = diag(exp(-alpha)) L is the factor of the precision
// P^T P, which is positive definite at every value of the parameters. A density takes a product with L and no solve,
// which could overflow.
//
// Parameters: loc (D,), log_scale a (D,), lower L - I (D, D) strict.
#include "bases/full_normal.h"
#include "bases/base.h"
#include "bases/members.h"
#include "core/once.h"
#include "linalg/gaussian_fit.h"
#include "linalg/triangular.h"

namespace nflows {
namespace {

template <class T>
class FullNormal final : public Base<T> {
 public:
  FullNormal(const Spec&, Index n_features, Index) : n_(n_features), factor_(n_features) {}

  bool starts_from_data() const override { return true; }
  void start_from_data(const Sample<T>& sample, Rng&, T* params) const override {
    const GaussianFit fit = fit_gaussian(sample.rows, n_, sample.weights);
    for (Index i = 0; i < n_; ++i) {
      loc_(params)[i] = static_cast<T>(fit.mean[i]);
      log_scale_(params)[i] = static_cast<T>(unbounded(std::log(fit.scale(i)), kBaseScaleBound));
      for (Index j = 0; j < i; ++j) lower_(params)[i * n_ + j] = static_cast<T>(fit.lower(i, j));
    }
  }

  void derive(const T* params, std::byte* derived) const override {
    once(n_, ScaleDerive<T>{}, Table(log_scale_(params), 1, 1), Made(features_(derived), 1, 1));
  }

  void log_prob(Panels<const T> z, Panels<double> log_prob, const Pass<T>& pass) const override {
    each(n_, MemberLogProb{}, features(pass), In(mix(z, pass)), Total{log_prob});
    each(1, MemberNormalisers{n_}, Table(features_(pass.derived), n_), Total{log_prob});
  }

  void backward(Panels<const T> z, Panels<T> dz, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    const Panels<T> mixed = mix(z, pass);
    each(n_, MemberBackward{}, features(pass), In(mixed), In(grads.dlog_det, 0), Out(mixed), Sum<T>{nullptr},
         Sum(log_scale_(grads.dparams)));
    factor_.gradient(mixed, centred_(pass.scratch), sums_(pass.scratch), lower_(grads.dparams));
    factor_.apply_transposed(lower_(pass.params), mixed, dz);
    each(n_, SubtractSum{}, In(dz), Sum(loc_(grads.dparams)));
  }

 private:
  Given<NormalFeature<T>> features(const Pass<T>& pass) const { return Given(features_(pass.derived)); }

  // L (z - loc); z - loc stays in the scratch.
  Panels<T> mix(Panels<const T> z, const Pass<T>& pass) const {
    const Panels<T> centred = centred_(pass.scratch), mixed = mixed_(pass.scratch);
    each(n_, Centre{}, Given(loc_(pass.params)), In(z), Out(centred));
    factor_.apply(lower_(pass.params), centred, mixed);
    return mixed;
  }

  Index n_;
  UnitLower<T> factor_;
  Numbers loc_{this->params_, "loc", n_}, log_scale_{this->params_, "log_scale", n_},
      lower_{this->params_, "lower", factor_.n_params()};
  Derived<NormalFeature<T>> features_{this->derived_, n_};
  Slots centred_{this->scratch_, n_}, mixed_{this->scratch_, n_}, sums_{this->scratch_, kGradientScratch};
};

}  // namespace

void register_full_normal() { register_base<FullNormal>("full_normal"); }

}  // namespace nflows
