// The contract of a transformer: a monotone map of one feature, z = f(x; p), over the panels of a tile.
//
// All views start at the feature in question: x.feature(j) for feature j, p from the first of its parameters on. Adjoints
// are as in bijection.h: dx, dz and dp are overwritten, log_det is added to.
//
// A transformer also says what a conditioning net sees of its feature. A number x is shown as u(x) = x / (1 + |x| / c),
// c = 10: within a few standard deviations of zero, where the data are, u is close to x; far out it bends towards +-c.
// Nets are trained near the data alone. Given x itself they would extrapolate without limit, and rows far out would be
// shifted by numbers much larger than themselves, which float32 cannot undo. With u, a flow becomes an affine map far
// out, and rows ten standard deviations away come back to five digits instead of none. An angle is shown as sin x and
// cos x: densities are then as smooth at pi as anywhere.
#pragma once

#include <memory>
#include <string>

#include "core/panel.h"
#include "core/registry.h"
#include "core/spec.h"

namespace nflows {

template <class T>
class Transformer {
 public:
  virtual ~Transformer() = default;

  virtual Index n_params() const = 0;

  virtual void forward(Panels<const T> x, Panels<const T> p, Panels<T> z, Panels<double> log_det) const = 0;
  virtual void inverse(Panels<const T> z, Panels<const T> p, Panels<T> x, Panels<double> log_det) const = 0;

  // Of z = f(x; p), and of x = f^-1(z; p) at the solution x.
  virtual void backward(Panels<const T> x, Panels<const T> p, Panels<const T> dz, Panels<const T> dlog_det,
                        Panels<T> dx, Panels<T> dp) const = 0;
  virtual void inverse_backward(Panels<const T> x, Panels<const T> p, Panels<const T> dx,
                                Panels<const T> dlog_det, Panels<T> dz, Panels<T> dp) const = 0;

  // What the net sees: n_seen features u. Backwards the first of du becomes dx, in place.
  virtual Index n_seen() const = 0;
  virtual void show(Panels<const T> x, Panels<T> u) const = 0;
  virtual void show_backward(Panels<const T> u, Panels<T> du) const = 0;
};

template <class T>
using TransformerFactory = std::unique_ptr<Transformer<T>> (*)(const Spec& spec);

template <class T>
std::unique_ptr<Transformer<T>> make_transformer(const Spec& spec) {
  return Registry<TransformerFactory<T>>::global().find(spec.name, "transformer")(spec);
}

}  // namespace nflows
