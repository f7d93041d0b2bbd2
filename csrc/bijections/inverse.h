// Inverse: the same bijection in the other direction. IAF is the inverse of MAF.
#pragma once

#include "bijections/bijection.h"

namespace nflows {

template <class T>
class Inverse : public Bijection<T> {
 public:
  Inverse(const Spec& spec, Index n_features, Index n_context)
      : Inverse(make_bijection<T>(spec.child("bijection"), n_features, n_context)) {}
  explicit Inverse(std::unique_ptr<Bijection<T>> of) : of_(this->part(std::move(of))) {
    this->scratch_.take(of_->n_scratch());
  }

  Index n_kept(Keep keep) const override { return of_->n_kept(keep); }

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
  typename Layer<T>::template Part<Bijection<T>> of_;
};

}  // namespace nflows
