// Conditioner: a net at work in a wiring, with its input, its output and what it keeps laid out in the
// wiring's workspace.
//
//   kept    = [input | output | net]        written by forward passes; the input is [context, features]
//   scratch = [their adjoints | net]        written by backward passes
//
// The net does not see a feature x but u(x) = x / (1 + |x| / c), c = 10: within a few standard deviations of zero,
// where the data are, u is close to x; far out it bends towards +-c. Nets are trained near the data alone. Given
// x itself they would extrapolate without limit, and rows far out would be shifted by numbers much larger than
// themselves, which float32 cannot undo. With u, a flow becomes an affine map far out, and rows ten standard
// deviations away come back to five digits instead of none. Of a feature on a circle it sees sin x and cos x.
#pragma once

#include <utility>

#include "bijections/bijection.h"
#include "simd/panel_sums.h"

namespace nflows {

template <class T>
class Conditioner {
  using R = Rows<T>;

 public:
  // `inputs`: the first of each feature's rows in the net's input, one row or two, and the number of rows.
  Conditioner(Net<T> net, Index n_context, std::vector<Index> inputs)
      : net_(std::move(net)), n_context_(n_context), inputs_(std::move(inputs)) {}

  const Net<T>& net() const { return net_; }
  Index n_kept() const { return net_.n_inputs() + net_.n_outputs() + net_.n_kept(); }
  Index n_scratch() const { return net_.n_inputs() + net_.n_outputs() + net_.n_scratch(); }

  // What the wiring gives: the context, and the net's i-th feature.
  void take_context(const Pass<T>& pass) const { copy_rows<T>(pass.context, pass.kept, n_context_); }
  void take_feature(Index i, Panels<const T> x, const Pass<T>& pass) const {
    const Panels<T> u = pass.kept.from(row(i));
    for (Index p = 0; p < x.count; ++p) {
      const R value = R::load(x.row(p, 0));
      if (on_circle(i)) {
        sin(value).store(u.row(p, 0));
        cos(value).store(u.row(p, 1));
      } else {
        bend(value).store(u.row(p, 0));
      }
    }
  }

  // What it reads: n_params rows of the transformer for each moved feature. Then it gives their adjoints, and
  // reads those of the net's features.
  Panels<T> output(const Pass<T>& pass) const { return pass.kept.from(net_.n_inputs()); }
  Panels<T> doutput(const Pass<T>& pass) const { return pass.scratch.from(net_.n_inputs()); }
  Panels<T> dfeature(Index i, const Pass<T>& pass) const { return pass.scratch.from(row(i)); }

  void forward(const Pass<T>& pass) const { net_.forward(pass.params, pass.kept, kept(pass), output(pass)); }
  void forward_degree(Index degree, const Pass<T>& pass) const {
    net_.forward_degree(degree, pass.params, pass.kept, kept(pass), output(pass));
  }

  // From doutput: dfeature of all, the context's adjoint and the weights' gradients.
  void backward(const Pass<T>& pass, const Gradients<T>& grads) const {
    net_.backward(pass.params, kept(pass), doutput(pass), scratch(pass), pass.scratch);
    for (std::size_t i = 0; i + 1 < inputs_.size(); ++i) pull_feature(i, pass);
    finish(pass, grads);
  }

  // The same in steps: dfeature of one feature once the degrees above it are done, a degree, and the rest at
  // the end.
  void backward_feature(Index feature, const Pass<T>& pass) const {
    net_.input_gradient(row(feature), row(feature + 1), pass.params, doutput(pass), scratch(pass),
                        pass.scratch);
    pull_feature(feature, pass);
  }
  void backward_degree(Index degree, const Pass<T>& pass) const {
    net_.backward_degree(degree, pass.params, kept(pass), doutput(pass), scratch(pass));
  }
  void backward_rest(const Pass<T>& pass, const Gradients<T>& grads) const {
    net_.input_gradient(0, n_context_, pass.params, doutput(pass), scratch(pass), pass.scratch);
    finish(pass, grads);
  }

 private:
  // u(x), and du/dx = (1 - |u| / c)^2 from u.
  static constexpr T kPerBend = T(0.1);
  static R bend(R x) { return x / fma(abs(x), R(kPerBend), R(1)); }
  static R bend_slope(R u) {
    const R left = R(1) - abs(u) * kPerBend;
    return left * left;
  }

  // The adjoint of u(x_i), or of sin x_i and cos x_i, becomes that of x_i.
  void pull_feature(Index i, const Pass<T>& pass) const {
    const Panels<T> u = pass.kept.from(row(i)), du = dfeature(i, pass);
    for (Index p = 0; p < du.count; ++p) {
      const R seen = R::load(u.row(p, 0)), d = R::load(du.row(p, 0));
      const R dx =
          on_circle(i) ? d * R::load(u.row(p, 1)) - R::load(du.row(p, 1)) * seen : d * bend_slope(seen);
      dx.store(du.row(p, 0));
    }
  }

  Index row(Index i) const { return n_context_ + inputs_[i]; }
  bool on_circle(Index i) const { return inputs_[i + 1] - inputs_[i] == 2; }
  Panels<T> kept(const Pass<T>& pass) const { return pass.kept.from(net_.n_inputs() + net_.n_outputs()); }
  Panels<T> scratch(const Pass<T>& pass) const {
    return pass.scratch.from(net_.n_inputs() + net_.n_outputs());
  }

  void finish(const Pass<T>& pass, const Gradients<T>& grads) const {
    net_.weight_gradients(pass.kept, kept(pass), doutput(pass), scratch(pass), grads.dparams);
    add_rows<T>(pass.scratch, grads.dcontext, n_context_);
  }

  Net<T> net_;
  Index n_context_;
  std::vector<Index> inputs_;
};

}  // namespace nflows
