// A learned rotation: a product of Householder reflections (Tomczak & Welling 2016; Mhammedi et al. 2017).
//
//   z = Q x,    Q = H_1 H_2 ... H_K        log|det| = 0
//
// Parameters: vectors v (K, D). The identity at the start; see linalg/householder.h.
#include "linalg/householder.h"
#include "bijections/bijection.h"

namespace nflows {
namespace {

template <class T>
class HouseholderRotation final : public Bijection<T> {
 public:
  HouseholderRotation(const Spec& spec, Index n_features, Index)
      : n_(n_features), rotation_(spec, n_features) {}

  Index n_params() const override { return rotation_.n_params(); }
  Index n_scratch() const override { return n_ + Householder<T>::kScratch; }
  std::vector<Block> blocks() const override { return {{"vectors", 0, rotation_.n_params(), false}}; }
  void start(T* params, Rng& rng) const override { rotation_.start(params, rng); }

  void forward(Panels<const T> x, Panels<T> z, Panels<double>, const Pass<T>& pass) const override {
    copy_features<T>(x, z, n_);
    rotation_.apply(pass.params, z);
  }
  void backward(Panels<const T>, Panels<const T> z, Panels<const T> dz, Panels<T> dx, const Pass<T>& pass,
                const Gradients<T>& grads) const override {
    copy_features<T>(z, pass.scratch, n_);
    copy_features<T>(dz, dx, n_);
    rotation_.pull(pass.params, pass.scratch, dx, pass.scratch.feature(n_), grads.dparams);
  }
  void inverse(Panels<const T> z, Panels<T> x, Panels<double>, const Pass<T>& pass) const override {
    copy_features<T>(z, x, n_);
    rotation_.apply_transposed(pass.params, x);
  }
  void inverse_backward(Panels<const T>, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>& pass, const Gradients<T>& grads) const override {
    copy_features<T>(x, pass.scratch, n_);
    copy_features<T>(dx, dz, n_);
    rotation_.pull_transposed(pass.params, pass.scratch, dz, pass.scratch.feature(n_), grads.dparams);
  }

 private:
  Index n_;
  Householder<T> rotation_;
};

}  // namespace

void register_householder() { register_bijection<HouseholderRotation>("householder"); }

}  // namespace nflows
