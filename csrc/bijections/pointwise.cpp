// Pointwise: a map of one number (pointwise_maps.h) as a bijection of every feature. `inverse` makes log, logit and the
// inverse of softplus of them.
#include "bijections/pointwise_maps.h"

#include <vector>

#include "bijections/bijection.h"

namespace nflows {
namespace {

template <class T, class Map>
class Pointwise final : public Bijection<T> {
 public:
  Pointwise(const Spec& spec, Index n_features, Index) : n_(n_features) {
    for (Index j = 0; j < n_features; ++j) maps_.emplace_back(spec, j, n_features);
  }

  void forward(Panels<const T> x, Panels<T> z, Panels<double> log_det, const Pass<T>&) const override {
    each(n_, PointwiseForward{}, maps(), In(x), Out(z), Total{log_det});
  }
  void backward(Panels<const T> x, Panels<const T>, Panels<const T> dz, Panels<T> dx, const Pass<T>&,
                const Gradients<T>& grads) const override {
    each(n_, PointwiseBackward{}, maps(), In(x), In(dz), In(grads.dlog_det, 0), Out(dx));
  }
  void inverse(Panels<const T> z, Panels<T> x, Panels<double> log_det, const Pass<T>&) const override {
    each(n_, PointwiseInverse{}, maps(), In(z), Out(x), Total{log_det});
  }
  void inverse_backward(Panels<const T> z, Panels<const T> x, Panels<const T> dx, Panels<T> dz,
                        const Pass<T>&, const Gradients<T>& grads) const override {
    each(n_, PointwiseInverseBackward{}, maps(), In(z), In(x), In(dx), In(grads.dlog_det, 0), Out(dz));
  }

 private:
  Given<Map> maps() const { return Given(maps_.data()); }

  Index n_;
  std::vector<Map> maps_;  // one per feature
};

// Enters a map's bijection, for float and double.
template <template <class> class Map>
struct PointwiseOf {
  template <class T>
  using Layer = Pointwise<T, Map<T>>;
};
template <template <class> class Map>
void register_map(const std::string& name) {
  register_bijection<PointwiseOf<Map>::template Layer>(name);
}

}  // namespace

void register_pointwise() {
  register_map<Exp>("exp");
  register_map<Softplus>("softplus");
  register_map<Sigmoid>("sigmoid");
  register_map<LeakyRelu>("leaky_relu");
  register_map<FixedAffine>("fixed_affine");
}

}  // namespace nflows
