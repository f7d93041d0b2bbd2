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
  GaussianMixture(const Spec& spec, Index n_features) : n_(n_features), k_(spec.integer("n_components")) {
    check(k_ >= 1 && k_ <= kMostComponents, spec.name, ": n_components must be from 1 to ", kMostComponents,
          ", got ", k_);
  }

  Index n_params() const override { return k_ + 2 * k_ * n_; }
  std::vector<Block> blocks() const override {
    return {
        {"logits", 0, k_, false}, {"loc", k_, k_ * n_, false}, {"log_scale", k_ + k_ * n_, k_ * n_, false}};
  }

  void start(T* params, Rng& rng) const override {
    std::fill_n(params, n_params(), T(0));
    for (Index i = 0; i < k_ * n_ && k_ > 1; ++i) params[k_ + i] = static_cast<T>(kApart * rng.symmetric());
  }

  bool starts_from_data() const override { return true; }
  void start_from_data(Panels<const T> z, const double* weights, Rng& rng, T* params) const override {
    const Moments whole = moments(z, n_, weights);
    const Clusters found = kmeans(z, n_, weights, k_, rng);
    for (Index c = 0; c < k_; ++c) {
      params[c] = static_cast<T>(std::log(std::max(k_ * found.share[c], kLeastShare)));
      for (Index j = 0; j < n_; ++j) {
        const Index i = c * n_ + j;
        const double variance = std::max(whole.covariance[j * n_ + j], kLeastVariance);
        params[k_ + i] = static_cast<T>(found.centre[i]);
        params[k_ + k_ * n_ + i] = static_cast<T>(unbounded(
            0.5 * std::log(std::max(found.variance[i], kVarianceFloor * variance)), kBaseScaleBound));
      }
    }
  }

  void log_prob(const T* params, Panels<const T> z, Panels<double> log_prob, Panels<T>) const override {
    const double normaliser = log_total(params);
    double log_p[kTogether * kLanes];
    for (Index first = 0; first < z.count; first += kTogether) {
      const Panels<const T> some = z.slice(first, std::min(kTogether, z.count - first));
      density(params, normaliser, some, log_p);
      for (Index p = 0; p < some.count; ++p)
        accumulate(log_prob.lanes(first + p, 0), D::load(log_p + p * kLanes));
    }
  }

  void backward(const T* params, Panels<const T> z, Panels<const T> dlog_prob, Panels<T> dz, T* dparams,
                Panels<T>) const override {
    const double normaliser = log_total(params);
    for (Index first = 0; first < z.count; first += kTogether) {
      const Index count = std::min(kTogether, z.count - first);
      pull(params, normaliser, z.slice(first, count), dlog_prob.slice(first, count), dz.slice(first, count),
           dparams);
    }
  }

 private:
  NormalFeature<T> feature(const T* params, Index c, Index j) const {
    const T* loc = params + k_ + c * n_ + j;
    return {loc[0], loc[k_ * n_]};
  }

  // log sum_k exp(logits_k), which makes weights of them.
  double log_total(const T* params) const {
    const double largest = *std::max_element(params, params + k_);
    double total = 0.0;
    for (Index c = 0; c < k_; ++c) total += exp(params[c] - largest);
    return largest + log(total);
  }

  // term[16 p ..] = log w_c + log N(z; loc_c, ...) of at most kTogether panels.
  void component(const T* params, double normaliser, Index c, Panels<const T> z, double* term) const {
    std::fill_n(term, z.count * kLanes, 0.0);
    double constant = params[c] - normaliser;
    for (Index j = 0; j < n_; ++j) {
      const NormalFeature<T> f = feature(params, c, j);
      constant += f.normaliser;
      for (Index p = 0; p < z.count; ++p) accumulate(term + p * kLanes, f.log_prob(R::load(z.lanes(p, j))));
    }
    for (Index p = 0; p < z.count; ++p) accumulate(term + p * kLanes, D(constant));
  }

  void density(const T* params, double normaliser, Panels<const T> z, double* log_p) const {
    double term[kTogether * kLanes], total[kTogether * kLanes];
    component(params, normaliser, 0, z, log_p);
    std::fill_n(total, z.count * kLanes, 1.0);
    for (Index c = 1; c < k_; ++c) {
      component(params, normaliser, c, z, term);
      for (Index at = 0; at < z.count * kLanes; at += kLanes) {
        const D m = D::load(log_p + at), l = D::load(term + at), larger = max(m, l);
        (D::load(total + at) * exp(m - larger) + exp(l - larger)).store(total + at);
        larger.store(log_p + at);
      }
    }
    for (Index at = 0; at < z.count * kLanes; at += kLanes)
      (D::load(log_p + at) + log(D::load(total + at))).store(log_p + at);
  }

  void pull(const T* params, double normaliser, Panels<const T> z, Panels<const T> dlog_prob, Panels<T> dz,
            T* dparams) const {
    double log_p[kTogether * kLanes], term[kTogether * kLanes];
    T dterm[kTogether * kLanes];
    density(params, normaliser, z, log_p);
    for (Index p = 0; p < z.count; ++p) std::fill_n(dz.lanes(p, 0), n_ * kLanes, T(0));
    for (Index c = 0; c < k_; ++c) {
      const double weight = exp(params[c] - normaliser);
      component(params, normaliser, c, z, term);
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
      dparams[c] += static_cast<T>(dlogit);
      for (Index j = 0; j < n_; ++j) {
        const NormalFeature<T> f = feature(params, c, j);
        R total[2] = {};
        for (Index p = 0; p < z.count; ++p) {
          const R pulled = f.pull(R::load(z.lanes(p, j)), R::load(dterm + p * kLanes), total);
          (R::load(dz.lanes(p, j)) + pulled).store(dz.lanes(p, j));
        }
        T* dloc = dparams + k_ + c * n_ + j;
        dloc[0] += sum(total[0]);
        dloc[k_ * n_] += sum(total[1]);
      }
    }
  }

  Index n_, k_;
};

}  // namespace

void register_gaussian_mixture() { register_base<GaussianMixture>("gaussian_mixture"); }

}  // namespace nflows
