// Conditioner: a net at work in a wiring, with its input, its output and what it keeps laid out in the
// wiring's workspace.
//
//   kept    = [input | output | net]        written by forward passes; the input is [context, features]
//   scratch = [their adjoints | net]        written by backward passes
//
// The net does not see a feature itself but what the feature's transformer shows of it (transformers/transformer.h).
#pragma once

#include <utility>

#include "bijections/bijection.h"
#include "bijections/columns.h"
#include "nets/net.h"
#include "simd/panel_sums.h"

namespace nflows {

template <class T>
class Conditioner {
 public:
  // The net's features are the columns `seen`, in this order.
  Conditioner(Net<T> net, Index n_context, const Columns<T>& columns, const std::vector<Index>& seen)
      : net_(std::move(net)), n_context_(n_context), inputs_(columns.first_seen(seen)) {
    for (const Index j : seen) shown_.push_back(&columns[j]);
  }

  const Net<T>& net() const { return net_; }
  Index n_kept() const { return net_.n_inputs() + net_.n_outputs() + net_.n_kept(); }
  Index n_scratch() const { return net_.n_inputs() + net_.n_outputs() + net_.n_scratch(); }

  // What the wiring gives: the context, and the net's i-th feature.
  void take_context(const Pass<T>& pass) const { copy_features<T>(pass.context, pass.kept, n_context_); }
  void take_feature(Index i, Panels<const T> x, const Pass<T>& pass) const {
    shown_[i]->show(x, pass.kept.feature(slot(i)));
  }

  // What it reads: n_params rows of the transformer for each moved feature. Then it gives their adjoints, and
  // reads those of the net's features.
  Panels<T> output(const Pass<T>& pass) const { return pass.kept.feature(net_.n_inputs()); }
  Panels<T> doutput(const Pass<T>& pass) const { return pass.scratch.feature(net_.n_inputs()); }
  Panels<T> dfeature(Index i, const Pass<T>& pass) const { return pass.scratch.feature(slot(i)); }

  void forward(const Pass<T>& pass) const { net_.forward(pass.params, pass.kept, kept(pass), output(pass)); }
  void forward_degree(Index degree, const Pass<T>& pass) const {
    net_.forward_degree(degree, pass.params, pass.kept, kept(pass), output(pass));
  }

  // From doutput: dfeature of all, the context's adjoint and the weights' gradients.
  void backward(const Pass<T>& pass, const Gradients<T>& grads) const {
    net_.backward(pass.params, kept(pass), doutput(pass), scratch(pass), pass.scratch);
    for (std::size_t i = 0; i < shown_.size(); ++i) pull_feature(i, pass);
    finish(pass, grads);
  }

  // The same in steps: dfeature of one feature once the degrees above it are done, a degree, and the rest at
  // the end.
  void backward_feature(Index feature, const Pass<T>& pass) const {
    net_.input_gradient(slot(feature), slot(feature + 1), pass.params, doutput(pass), scratch(pass),
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
  // The adjoint of what is shown of x_i becomes that of x_i.
  void pull_feature(Index i, const Pass<T>& pass) const {
    shown_[i]->show_backward(pass.kept.feature(slot(i)), dfeature(i, pass));
  }

  Index slot(Index i) const { return n_context_ + inputs_[i]; }
  Panels<T> kept(const Pass<T>& pass) const { return pass.kept.feature(net_.n_inputs() + net_.n_outputs()); }
  Panels<T> scratch(const Pass<T>& pass) const {
    return pass.scratch.feature(net_.n_inputs() + net_.n_outputs());
  }

  void finish(const Pass<T>& pass, const Gradients<T>& grads) const {
    net_.weight_gradients(pass.kept, kept(pass), doutput(pass), scratch(pass), grads.dparams);
    add_features<T>(pass.scratch, grads.dcontext, n_context_);
  }

  Net<T> net_;
  Index n_context_;
  std::vector<Index> inputs_;  // the first of each feature's slots in the net's input, and the total
  std::vector<const Transformer<T>*> shown_;  // of the wiring's columns
};

}  // namespace nflows
