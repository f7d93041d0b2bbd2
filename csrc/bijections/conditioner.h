// Conditioner: a net at work in a wiring, with its input, its output and what it keeps laid out in the
// wiring's workspace.
//
//   kept    = [input | output | net]        written by forward passes; the input is [context, features]
//   scratch = [their adjoints | net]        written by backward passes
#pragma once

#include <utility>

#include "bijections/bijection.h"
#include "bijections/feature.h"

namespace nflows {

template <class T>
class Conditioner {
 public:
  Conditioner(Net<T> net, Index n_context) : net_(std::move(net)), n_context_(n_context) {}

  const Net<T>& net() const { return net_; }
  Index n_kept() const { return net_.n_inputs() + net_.n_outputs() + net_.n_kept(); }
  Index n_scratch() const { return net_.n_inputs() + net_.n_outputs() + net_.n_scratch(); }

  // The rows that the wiring fills, one per feature; the rows it reads, n_params of the transformer per moved
  // feature; and the same of their adjoints.
  Panels<T> features(const Pass<T>& pass) const { return pass.kept.from(n_context_); }
  Panels<T> output(const Pass<T>& pass) const { return pass.kept.from(net_.n_inputs()); }
  Panels<T> dfeatures(const Pass<T>& pass) const { return pass.scratch.from(n_context_); }
  Panels<T> doutput(const Pass<T>& pass) const { return pass.scratch.from(net_.n_inputs()); }

  void take_context(const Pass<T>& pass) const { copy_rows<T>(pass.context, pass.kept, n_context_); }

  void forward(const Pass<T>& pass) const { net_.forward(pass.params, pass.kept, kept(pass), output(pass)); }
  void forward_degree(Index degree, const Pass<T>& pass) const {
    net_.forward_degree(degree, pass.params, pass.kept, kept(pass), output(pass));
  }

  // From doutput: dfeatures, the context's adjoint and the weights' gradients.
  void backward(const Pass<T>& pass, const Gradients<T>& grads) const {
    net_.backward(pass.params, kept(pass), doutput(pass), scratch(pass), pass.scratch);
    finish(pass, grads);
  }

  // The same in steps: dfeatures of one feature once the degrees above it are done, a degree, and the rest at
  // the end.
  void backward_feature(Index feature, const Pass<T>& pass) const {
    const Index row = n_context_ + feature;
    net_.input_gradient(row, row + 1, pass.params, doutput(pass), scratch(pass), pass.scratch);
  }
  void backward_degree(Index degree, const Pass<T>& pass) const {
    net_.backward_degree(degree, pass.params, kept(pass), doutput(pass), scratch(pass));
  }
  void backward_rest(const Pass<T>& pass, const Gradients<T>& grads) const {
    net_.input_gradient(0, n_context_, pass.params, doutput(pass), scratch(pass), pass.scratch);
    finish(pass, grads);
  }

 private:
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
};

}  // namespace nflows
