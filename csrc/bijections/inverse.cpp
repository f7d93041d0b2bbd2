// Inverse: the same bijection in the other direction. IAF is the inverse of MAF.
#include "bijections/bijection.h"

namespace nflows {
namespace {

template <class T>
class Inverse final : public Bijection<T> {
 public:
  Inverse(const Spec& spec, Index n_features, Index n_context)
      : of_(make_bijection<T>(spec.child("bijection"), n_features, n_context)) {}

  Index n_params() const override { return of_->n_params(); }
  Index n_kept() const override { return of_->n_kept(); }
  Index n_scratch() const override { return of_->n_scratch(); }
  std::vector<Block> blocks() const override { return of_->blocks(); }
  void start(T* params, Rng& rng) const override { of_->start(params, rng); }

  void forward(Panels<const T> x, Panels<T> z, Panels<double> log_det, const Pass<T>& pass) const override {
    of_->inverse(x, z, log_det, pass);
  }
  void backward(Panels<const T> x, Panels<const T> z, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    of_->inverse_backward(x, z, dz, dx, pass, grads);
  }
  void inverse(Panels<const T> z, Panels<T> x, Panels<double> log_det, const Pass<T>& pass) const override {
    of_->forward(z, x, log_det, pass);
  }
  void inverse_backward(Panels<const T> z, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    of_->backward(z, x, dx, dz, pass, grads);
  }

 private:
  std::unique_ptr<Bijection<T>> of_;
};

}  // namespace

void register_inverse() { register_bijection<Inverse>("inverse"); }

}  // namespace nflows
