// Conditioner: a net at work in a wiring. It lays out its input, its output and what it keeps in the wiring's workspace,
// and their adjoints in the wiring's scratch. The input is [context, features].
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
  // Its room is part of the wiring's. The net's features are the columns `seen`, in this order.
  Conditioner(Net<T> net, Index n_context, const Columns<T>& columns, const std::vector<Index>& seen,
              Blocks& params, Room& kept, Room& scratch)
      : net_(std::move(net)),
        n_context_(n_context),
        inputs_(columns.first_seen(seen)),
        weights_(params, "", net_.blocks()),
        input_(kept, net_.n_inputs()),
        output_(kept, net_.n_outputs()),
        hidden_(kept, net_.n_kept()),
        dinput_(scratch, net_.n_inputs()),
        doutput_(scratch, net_.n_outputs()),
        dhidden_(scratch, net_.n_scratch()) {
    for (const Index j : seen) shown_.push_back(&columns[j]);
  }

  void start(T* params, Rng& rng) const { net_.start(weights_(params), rng); }
  T* output_bias(T* params) const { return net_.output_bias(weights_(params)); }

  // What the wiring gives: the context, and the net's i-th feature.
  void take_context(const Pass<T>& pass) const { copy_features(pass.context, input_(pass.kept), n_context_); }
  void take_feature(Index i, Panels<const T> x, const Pass<T>& pass) const {
    shown_[i]->show(x, input_(pass.kept).feature(slot(i)));
  }

  // What it reads: the transformers' parameters. Then it gives their adjoints, and reads those of the net's features.
  Panels<T> output(const Pass<T>& pass) const { return output_(pass.kept); }
  Panels<T> doutput(const Pass<T>& pass) const { return doutput_(pass.scratch); }
  Panels<T> dfeature(Index i, const Pass<T>& pass) const { return dinput_(pass.scratch).feature(slot(i)); }

  void forward(const Pass<T>& pass) const {
    net_.forward(weights_(pass.params), input_(pass.kept), hidden_(pass.kept), output(pass));
  }
  void forward_degree(Index degree, const Pass<T>& pass) const {
    net_.forward_degree(degree, weights_(pass.params), input_(pass.kept), hidden_(pass.kept), output(pass));
  }

  // From doutput: dfeature of all, the context's adjoint and the weights' gradients.
  void backward(const Pass<T>& pass, const Gradients<T>& grads) const {
    net_.backward(weights_(pass.params), hidden_(pass.kept), doutput(pass), dhidden_(pass.scratch),
                  dinput_(pass.scratch));
    for (std::size_t i = 0; i < shown_.size(); ++i) show_backward(i, pass);
    finish(pass, grads);
  }

  // The same in steps: dfeature of one feature once the degrees above it are done, a degree, and the rest at the end.
  void backward_feature(Index i, const Pass<T>& pass) const {
    input_gradient(slot(i), slot(i + 1), pass);
    show_backward(i, pass);
  }
  void backward_degree(Index degree, const Pass<T>& pass) const {
    net_.backward_degree(degree, weights_(pass.params), hidden_(pass.kept), doutput(pass),
                         dhidden_(pass.scratch));
  }
  void backward_rest(const Pass<T>& pass, const Gradients<T>& grads) const {
    input_gradient(0, n_context_, pass);
    finish(pass, grads);
  }

 private:
  Index slot(Index i) const { return n_context_ + inputs_[i]; }

  // The adjoint of what is shown of x_i becomes that of x_i.
  void show_backward(Index i, const Pass<T>& pass) const {
    shown_[i]->show_backward(input_(pass.kept).feature(slot(i)), dfeature(i, pass));
  }
  void input_gradient(Index begin, Index end, const Pass<T>& pass) const {
    net_.input_gradient(begin, end, weights_(pass.params), doutput(pass), dhidden_(pass.scratch),
                        dinput_(pass.scratch));
  }
  void finish(const Pass<T>& pass, const Gradients<T>& grads) const {
    net_.weight_gradients(input_(pass.kept), hidden_(pass.kept), doutput(pass), dhidden_(pass.scratch),
                          weights_(grads.dparams));
    add_features(dinput_(pass.scratch), grads.dcontext, n_context_);
  }

  Net<T> net_;
  Index n_context_;
  std::vector<Index> inputs_;  // the first of each feature's slots in the net's input, and the total
  std::vector<const Transformer<T>*> shown_;  // of the wiring's columns
  Numbers weights_;
  Slots input_, output_, hidden_;
  Slots dinput_, doutput_, dhidden_;
};

}  // namespace nflows
