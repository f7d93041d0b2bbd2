// A normal with full covariance, by the Cholesky factor of its inverse.
//
//   u = exp(-alpha) L (z - loc)        log p = -|u|^2 / 2 - sum_j alpha_j - (D / 2) log(2 pi)
//
// L is unit lower triangular and alpha bounded as in normal.h: P = diag(exp(-alpha)) L is the factor of the precision
// P^T P, which is positive definite at every value of the parameters. A density takes a product with L and no solve,
// which could overflow.
//
// Parameters: loc (D,), log_scale a (D,), lower L - I (D, D) strict.
#include "bases/normal.h"
#include "linalg/gaussian_fit.h"
#include "linalg/triangular.h"

namespace nflows {
namespace {

template <class T>
class FullNormal final : public Base<T> {
  using R = Rows<T>;

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
    for (Index j = 0; j < n_; ++j) features_(derived)[j] = NormalFeature<T>(T(0), log_scale_(params)[j]);
  }

  void log_prob(Panels<const T> z, Panels<double> log_prob, const Pass<T>& pass) const override {
    const Panels<T> mixed = mix(z, pass);
    double normaliser = 0.0;
    for (Index j = 0; j < n_; ++j) {
      const NormalFeature<T> feature = features_(pass.derived)[j];
      normaliser += feature.normaliser;
      for (Index p = 0; p < z.count; ++p)
        accumulate(log_prob.lanes(p, 0), feature.log_prob(R::load(mixed.lanes(p, j))));
    }
    for (Index p = 0; p < z.count; ++p) accumulate(log_prob.lanes(p, 0), Rows<double>(normaliser));
  }

  void backward(Panels<const T> z, Panels<T> dz, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    const Panels<T> mixed = mix(z, pass);
    for (Index j = 0; j < n_; ++j) {
      const NormalFeature<T> feature = features_(pass.derived)[j];
      R total[2] = {};
      for (Index p = 0; p < z.count; ++p)
        feature.backward(R::load(mixed.lanes(p, j)), R::load(grads.dlog_det.lanes(p, 0)), total)
            .store(mixed.lanes(p, j));
      log_scale_(grads.dparams)[j] += sum(total[1]);
    }
    factor_.gradient(mixed, centred_(pass.scratch), sums_(pass.scratch), lower_(grads.dparams));
    factor_.apply_transposed(lower_(pass.params), mixed, dz);
    for (Index j = 0; j < n_; ++j) {
      R total(T(0));
      for (Index p = 0; p < z.count; ++p) total += R::load(dz.lanes(p, j));
      loc_(grads.dparams)[j] -= sum(total);
    }
  }

 private:
  // L (z - loc); z - loc stays in the scratch.
  Panels<T> mix(Panels<const T> z, const Pass<T>& pass) const {
    const Panels<T> centred = centred_(pass.scratch), mixed = mixed_(pass.scratch);
    for (Index p = 0; p < z.count; ++p)
      for (Index j = 0; j < n_; ++j)
        (R::load(z.lanes(p, j)) - loc_(pass.params)[j]).store(centred.lanes(p, j));
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
