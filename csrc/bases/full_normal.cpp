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
#include "linalg/moments.h"
#include "linalg/triangular.h"

namespace nflows {
namespace {

// A direction whose conditional variance is below this share of its variance keeps this share.
inline constexpr double kVarianceFloor = 1e-6;

template <class T>
class FullNormal final : public Base<T> {
  using R = Rows<T>;

 public:
  FullNormal(const Spec&, Index n_features) : n_(n_features), lower_(n_features) {}

  Index n_params() const override { return 2 * n_ + lower_.n_params(); }
  Index n_scratch() const override { return 2 * n_ + kGradientScratch; }
  std::vector<Block> blocks() const override {
    return {{"loc", 0, n_, false}, {"log_scale", n_, n_, false}, {"lower", 2 * n_, lower_.n_params(), false}};
  }

  void start(T* params, Rng&) const override { std::fill_n(params, n_params(), T(0)); }

  // Covariance = M M^T, and M^-1 = diag(1 / M_ii) L.
  bool starts_from_data() const override { return true; }
  void start_from_data(Panels<const T> z, const double* weights, Rng&, T* params) const override {
    const Moments m = moments(z, n_, weights);
    const std::vector<double> factor = cholesky(m.covariance, n_, kVarianceFloor),
                              white = invert_lower(factor, n_);
    for (Index i = 0; i < n_; ++i) {
      params[i] = static_cast<T>(m.mean[i]);
      params[n_ + i] = static_cast<T>(unbounded(std::log(factor[i * n_ + i]), kBaseScaleBound));
      for (Index j = 0; j < i; ++j)
        params[2 * n_ + i * n_ + j] = static_cast<T>(white[i * n_ + j] * factor[i * n_ + i]);
    }
  }

  void log_prob(const T* params, Panels<const T> z, Panels<double> log_prob,
                Panels<T> scratch) const override {
    const Panels<T> centred = scratch, mixed = scratch.feature(n_);
    mix(params, z, centred, mixed);
    double normaliser = 0.0;
    for (Index j = 0; j < n_; ++j) {
      const NormalFeature<T> feature(T(0), params[n_ + j]);
      normaliser += feature.normaliser;
      for (Index p = 0; p < z.count; ++p)
        accumulate(log_prob.lanes(p, 0), feature.log_prob(R::load(mixed.lanes(p, j))));
    }
    for (Index p = 0; p < z.count; ++p) accumulate(log_prob.lanes(p, 0), Rows<double>(normaliser));
  }

  void backward(const T* params, Panels<const T> z, Panels<const T> dlog_prob, Panels<T> dz, T* dparams,
                Panels<T> scratch) const override {
    const Panels<T> centred = scratch, mixed = scratch.feature(n_);
    mix(params, z, centred, mixed);
    for (Index j = 0; j < n_; ++j) {
      const NormalFeature<T> feature(T(0), params[n_ + j]);
      R total[2] = {};
      for (Index p = 0; p < z.count; ++p)
        feature.pull(R::load(mixed.lanes(p, j)), R::load(dlog_prob.lanes(p, 0)), total).store(mixed.lanes(p, j));
      dparams[n_ + j] += sum(total[1]);
    }
    lower_.gradient(mixed, centred, scratch.feature(2 * n_), dparams + 2 * n_);
    lower_.apply_transposed(params + 2 * n_, mixed, dz);
    for (Index j = 0; j < n_; ++j) {
      R total(T(0));
      for (Index p = 0; p < z.count; ++p) total += R::load(dz.lanes(p, j));
      dparams[j] -= sum(total);
    }
  }

 private:
  // centred = z - loc, mixed = L (z - loc).
  void mix(const T* params, Panels<const T> z, Panels<T> centred, Panels<T> mixed) const {
    for (Index p = 0; p < z.count; ++p)
      for (Index j = 0; j < n_; ++j) (R::load(z.lanes(p, j)) - params[j]).store(centred.lanes(p, j));
    lower_.apply(params + 2 * n_, centred, mixed);
  }

  Index n_;
  UnitLower<T> lower_;
};

}  // namespace

void register_full_normal() { register_base<FullNormal>("full_normal"); }

}  // namespace nflows
