// ActNorm: a free affine map per feature that starts by standardising what it sees (Glow, Kingma & Dhariwal
// 2018, sec. 3.1).
//
//   z_j = (x_j - shift_j) exp(-alpha_j)        log|det| = -sum_j alpha_j        alpha = c tanh(a / c), c = 12
//
// Parameters: shift (D,), log_scale a (D,).
#include "bijections/bijection.h"
#include "bijections/free_scale.h"
#include "linalg/moments.h"

namespace nflows {
namespace {

// A feature that varies less than this is a degenerate direction: stretched by e^12 in one such layer after
// another, its rounding errors would outgrow everything. It keeps its scale.
inline constexpr double kVarianceFloor = 1e-6;

template <class T>
class ActNorm final : public Bijection<T> {
 public:
  ActNorm(const Spec&, Index n_features, Index) : n_(n_features) {}

  Index n_params() const override { return 2 * n_; }
  std::vector<Block> blocks() const override {
    return {{"shift", 0, n_, false}, {"log_scale", n_, n_, false}};
  }
  void start(T* params, Rng&) const override { std::fill_n(params, 2 * n_, T(0)); }

  bool starts_from_data() const override { return true; }
  void start_from_data(Panels<const T> x, const double* weights, T* params) const override {
    const Moments m = moments(x, n_, weights);
    for (Index j = 0; j < n_; ++j) {
      params[j] = static_cast<T>(m.mean[j]);
      const double variance = m.covariance[j * n_ + j];
      params[n_ + j] = variance < kVarianceFloor
                           ? T(0)
                           : static_cast<T>(unbounded(0.5 * std::log(variance), kFreeScaleBound));
    }
  }

  void forward(Panels<const T> x, Panels<T> z, Panels<double> log_det, const Pass<T>& pass) const override {
    for (Index j = 0; j < n_; ++j) scale(pass, j).forward(x.feature(j), pass.params[j], z.feature(j), log_det);
  }
  void backward(Panels<const T>, Panels<const T> z, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    for (Index j = 0; j < n_; ++j)
      scale(pass, j).backward(z.feature(j), dz.feature(j), grads.dlog_det, dx.feature(j), grads.dparams + j,
                              grads.dparams + n_ + j);
  }
  void inverse(Panels<const T> z, Panels<T> x, Panels<double> log_det, const Pass<T>& pass) const override {
    for (Index j = 0; j < n_; ++j) scale(pass, j).inverse(z.feature(j), pass.params[j], x.feature(j), log_det);
  }
  void inverse_backward(Panels<const T> z, Panels<const T>, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    for (Index j = 0; j < n_; ++j)
      scale(pass, j).inverse_backward(z.feature(j), dx.feature(j), grads.dlog_det, dz.feature(j), grads.dparams + j,
                                      grads.dparams + n_ + j);
  }

 private:
  FreeScale<T> scale(const Pass<T>& pass, Index j) const { return FreeScale<T>(pass.params[n_ + j]); }

  Index n_;
};

}  // namespace

void register_actnorm() { register_bijection<ActNorm>("actnorm"); }

}  // namespace nflows
