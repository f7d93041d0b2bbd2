// Permutation of the features: z_j = x_{order[j]}, log|det| = 0.
#include "bijections/bijection.h"
#include "bijections/order.h"

namespace nflows {
namespace {

template <class T>
class Permutation final : public Bijection<T> {
 public:
  Permutation(const Spec& spec, Index n_features, Index) : order_(spec, n_features) {}

  Index n_params() const override { return 0; }
  std::vector<Block> blocks() const override { return {}; }
  void start(T*, Rng&) const override {}

  void forward(Panels<const T> x, Panels<T> z, Panels<double>, const Pass<T>&) const override {
    order_.gather(x, z);
  }
  void backward(Panels<const T>, Panels<const T>, Panels<const T> dz, Panels<T> dx, const Pass<T>&,
                const Gradients<T>&) const override {
    order_.scatter(dz, dx);
  }
  void inverse(Panels<const T> z, Panels<T> x, Panels<double>, const Pass<T>&) const override {
    order_.scatter(z, x);
  }
  void inverse_backward(Panels<const T>, Panels<const T>, Panels<const T> dx, Panels<T> dz, const Pass<T>&,
                        const Gradients<T>&) const override {
    order_.gather(dx, dz);
  }

 private:
  Order order_;
};

}  // namespace

void register_permutation() { register_bijection<Permutation>("permutation"); }

}  // namespace nflows
