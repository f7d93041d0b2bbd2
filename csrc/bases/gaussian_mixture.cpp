// A mixture of K normals with diagonal covariances.
//
//   log p(z) = log sum_k w_k N(z; loc_k, diag(exp(2 alpha_k)))        w = softmax(logits)
//
// Parameters: logits (K,), loc (K, D), log_scale a (K, D), bounded as in normal.h. The start is nearly the standard
// normal, its components just far enough apart for gradients to part them; or clusters of the data.
#include "bases/base.h"
#include "bases/mixture_rows.h"
#include "core/once.h"
#include "linalg/kmeans.h"
#include "linalg/moments.h"
#include "simd/panel_sums.h"

namespace nflows {
namespace {

inline constexpr double kApart = 0.1;  // the start's locations are within so much of zero
inline constexpr double kVarianceFloor =
    1e-4;  // of a component's feature, as a share of the whole's variance
inline constexpr double kLeastVariance = 1e-6;     // of the whole
inline constexpr double kLeastShare = 1e-3;        // of an equal share of the weights
inline constexpr Index kMostComponents = 1 << 16;  // far beyond any use

template <class T>
class GaussianMixture final : public Base<T> {
 public:
  GaussianMixture(const Spec& spec, Index n_features, Index) : n_(n_features), k_(checked(spec)) {}

  void start(T* params, Rng& rng) const override {
    std::fill_n(params, this->n_params(), T(0));
    for (Index i = 0; i < k_ * n_ && k_ > 1; ++i) loc_(params)[i] = static_cast<T>(kApart * rng.symmetric());
  }

  bool starts_from_data() const override { return true; }
  void start_from_data(const Sample<T>& sample, Rng& rng, T* params) const override {
    const Moments whole = moments(sample.rows, n_, sample.weights);
    const Clusters found = kmeans(sample.rows, n_, sample.weights, k_, rng);
    for (Index c = 0; c < k_; ++c) {
      logits_(params)[c] = static_cast<T>(std::log(std::max(k_ * found.share[c], kLeastShare)));
      for (Index j = 0; j < n_; ++j) {
        const Index i = c * n_ + j;
        const double variance = std::max(whole.covariance[j * n_ + j], kLeastVariance);
        loc_(params)[i] = static_cast<T>(found.centre[i]);
        log_scale_(params)[i] = static_cast<T>(unbounded(
            0.5 * std::log(std::max(found.variance[i], kVarianceFloor * variance)), kBaseScaleBound));
      }
    }
  }

  void derive(const T* params, std::byte* derived) const override {
    once(1, MixtureWeights<T>{k_}, Table(logits_(params), k_), Made(log_weights_(derived), k_));
    once(k_ * n_, NormalDerive<T>{}, Table(loc_(params), 1, 1), Table(log_scale_(params), 1, 1),
         Made(features_(derived), 1, 1));
  }

  void log_prob(Panels<const T> z, Panels<double> log_prob, const Pass<T>& pass) const override {
    each(1, MixtureLogProb{n_, k_}, log_weights(pass), features(pass), In(z, 1, n_), Total{log_prob});
  }

  void backward(Panels<const T> z, Panels<T> dz, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    const Panels<T> log_p = log_p_(pass.scratch), dterm = dterm_(pass.scratch);
    each(1, MixtureDensity{n_, k_}, log_weights(pass), features(pass), In(z, 1, n_),
         Out(log_p, 1, kWideSlots<T>));
    each(n_, Put{}, Given<T>{nullptr}, Out(dz));
    for (Index c = 0; c < k_; ++c) {
      const NormalFeature<T>* own = features_(pass.derived) + c * n_;
      each(1, MixtureTermBackward{n_}, Table(log_weights_(pass.derived) + c, 1), Table(own, n_), In(z, 1, n_),
           In(log_p, 1, kWideSlots<T>), In(grads.dlog_det), Out(dterm), Sum(logits_(grads.dparams) + c));
      each(n_, MixtureFeatureBackward{}, Given(own), In(z), In(dterm, 0), Out(dz),
           Sum(loc_(grads.dparams) + c * n_), Sum(log_scale_(grads.dparams) + c * n_));
    }
  }

 private:
  static Index checked(const Spec& spec) {
    const Index k = spec.integer("n_components");
    check(k >= 1 && k <= kMostComponents, spec.name, ": n_components must be from 1 to ", kMostComponents,
          ", got ", k);
    return k;
  }

  Table<double> log_weights(const Pass<T>& pass) const { return Table(log_weights_(pass.derived), k_); }
  Table<NormalFeature<T>> features(const Pass<T>& pass) const {
    return Table(features_(pass.derived), k_ * n_);
  }

  Index n_, k_;
  Numbers logits_{this->params_, "logits", k_}, loc_{this->params_, "loc", k_ * n_},
      log_scale_{this->params_, "log_scale", k_ * n_};
  Derived<double> log_weights_{this->derived_, k_};
  Derived<NormalFeature<T>> features_{this->derived_, k_ * n_};  // component by component
  Slots log_p_{this->scratch_, kWideSlots<T>}, dterm_{this->scratch_, 1};
};

}  // namespace

void register_gaussian_mixture() { register_base<GaussianMixture>("gaussian_mixture"); }

}  // namespace nflows
