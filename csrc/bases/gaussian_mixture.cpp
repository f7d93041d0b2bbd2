// A mixture of K normals with diagonal covariances.
//
//   log p(z) = log sum_k w_k N(z; loc_k, diag(exp(2 alpha_k)))        w = softmax(logits)
//
// The sum runs on a scale that follows its largest term (in double, so that no term far out is lost), one component
// after the other: l the log of the next term,
//
//   m' = max(m, l)        s' = s exp(m - m') + exp(l - m')        log p = m + log s
//
// and nothing but m and s is kept. The backward pass works out each l once more: exp(l - log p) is the component's
// responsibility.
//
// Parameters: logits (K,), loc (K, D), log_scale a (K, D), bounded as in normal.h. The start is nearly the standard
// normal, its components just far enough apart for gradients to part them; or clusters of the data.
#include "bases/normal.h"
#include "linalg/kmeans.h"
#include "linalg/moments.h"
#include "simd/math.h"

namespace nflows {
namespace {

inline constexpr double kApart = 0.1;  // the start's locations are within so much of zero
inline constexpr double kVarianceFloor =
    1e-4;  // of a component's feature, as a share of the whole's variance
inline constexpr double kLeastVariance = 1e-6;     // of the whole
inline constexpr double kLeastShare = 1e-3;        // of an equal share of the weights
inline constexpr Index kMostComponents = 1 << 16;  // far beyond any use
inline constexpr Index kTogether = 8;              // panels, whose densities are kept on the stack

template <class T>
class GaussianMixture final : public Base<T> {
  using R = Rows<T>;
  using D = Rows<double>;

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
    const T* logits = logits_(params);
    const double largest = *std::max_element(logits, logits + k_);
    double total = 0.0;
    for (Index c = 0; c < k_; ++c) total += exp(logits[c] - largest);
    const double log_total = largest + log(total);
    for (Index c = 0; c < k_; ++c) log_weights_(derived)[c] = logits[c] - log_total;
    for (Index i = 0; i < k_ * n_; ++i) features_(derived)[i] = {loc_(params)[i], log_scale_(params)[i]};
  }

  void log_prob(Panels<const T> z, Panels<double> log_prob, const Pass<T>& pass) const override {
    double log_p[kTogether * kLanes];
    for (Index first = 0; first < z.count; first += kTogether) {
      const Panels<const T> some = z.slice(first, std::min(kTogether, z.count - first));
      density(pass.derived, some, log_p);
      for (Index p = 0; p < some.count; ++p)
        accumulate(log_prob.lanes(first + p, 0), D::load(log_p + p * kLanes));
    }
  }

  void backward(Panels<const T> z, Panels<T> dz, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    for (Index first = 0; first < z.count; first += kTogether) {
      const Index count = std::min(kTogether, z.count - first);
      some_backward(pass.derived, z.slice(first, count), grads.dlog_det.slice(first, count),
                    dz.slice(first, count), grads.dparams);
    }
  }

 private:
  static Index checked(const Spec& spec) {
    const Index k = spec.integer("n_components");
    check(k >= 1 && k <= kMostComponents, spec.name, ": n_components must be from 1 to ", kMostComponents,
          ", got ", k);
    return k;
  }

  // term[16 p ..] = log w_c + log N(z; loc_c, ...) of at most kTogether panels.
  void component(const std::byte* derived, Index c, Panels<const T> z, double* term) const {
    std::fill_n(term, z.count * kLanes, 0.0);
    double constant = log_weights_(derived)[c];
    for (Index j = 0; j < n_; ++j) {
      const NormalFeature<T> f = features_(derived)[c * n_ + j];
      constant += f.normaliser;
      for (Index p = 0; p < z.count; ++p) accumulate(term + p * kLanes, f.log_prob(R::load(z.lanes(p, j))));
    }
    for (Index p = 0; p < z.count; ++p) accumulate(term + p * kLanes, D(constant));
  }

  void density(const std::byte* derived, Panels<const T> z, double* log_p) const {
    double term[kTogether * kLanes], total[kTogether * kLanes];
    component(derived, 0, z, log_p);
    std::fill_n(total, z.count * kLanes, 1.0);
    for (Index c = 1; c < k_; ++c) {
      component(derived, c, z, term);
      for (Index at = 0; at < z.count * kLanes; at += kLanes) {
        const D m = D::load(log_p + at), l = D::load(term + at), larger = max(m, l);
        (D::load(total + at) * exp(m - larger) + exp(l - larger)).store(total + at);
        larger.store(log_p + at);
      }
    }
    for (Index at = 0; at < z.count * kLanes; at += kLanes)
      (D::load(log_p + at) + log(D::load(total + at))).store(log_p + at);
  }

  void some_backward(const std::byte* derived, Panels<const T> z, Panels<const T> dlog_prob, Panels<T> dz,
                     T* dparams) const {
    double log_p[kTogether * kLanes], term[kTogether * kLanes];
    T dterm[kTogether * kLanes];
    density(derived, z, log_p);
    for (Index p = 0; p < z.count; ++p) std::fill_n(dz.lanes(p, 0), n_ * kLanes, T(0));
    for (Index c = 0; c < k_; ++c) {
      const double weight = exp(log_weights_(derived)[c]);
      component(derived, c, z, term);
      double dlogit = 0.0;
      for (Index p = 0; p < z.count; ++p) {
        const Index at = p * kLanes;
        exp(D::load(term + at) - D::load(log_p + at)).store(term + at);  // the responsibilities
        const T* g = dlog_prob.lanes(p, 0);
        for (int l = 0; l < kLanes; ++l) {
          dterm[at + l] = static_cast<T>(term[at + l]) * g[l];
          dlogit += (term[at + l] - weight) * static_cast<double>(g[l]);
        }
      }
      logits_(dparams)[c] += static_cast<T>(dlogit);
      for (Index j = 0; j < n_; ++j) {
        const NormalFeature<T> f = features_(derived)[c * n_ + j];
        R total[2] = {};
        for (Index p = 0; p < z.count; ++p) {
          const R from_term = f.backward(R::load(z.lanes(p, j)), R::load(dterm + p * kLanes), total);
          (R::load(dz.lanes(p, j)) + from_term).store(dz.lanes(p, j));
        }
        loc_(dparams)[c * n_ + j] += sum(total[0]);
        log_scale_(dparams)[c * n_ + j] += sum(total[1]);
      }
    }
  }

  Index n_, k_;
  Numbers logits_{this->params_, "logits", k_}, loc_{this->params_, "loc", k_ * n_},
      log_scale_{this->params_, "log_scale", k_ * n_};
  Derived<double> log_weights_{this->derived_, k_};
  Derived<NormalFeature<T>> features_{this->derived_, k_ * n_};  // component by component
};

}  // namespace

void register_gaussian_mixture() { register_base<GaussianMixture>("gaussian_mixture"); }

}  // namespace nflows
