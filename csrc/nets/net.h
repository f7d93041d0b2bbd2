// Net: the conditioner, a stack of linear layers with an activation between them.
//
// Units of every layer are sorted by degree (Germain et al. 2015): a unit of degree m depends on the features
// 0 .. m-1. So a masked matrix is a Staircase, and the units of one degree are a range. An MLP is the net in
// which all units share one degree. nets/mlp.cpp and nets/made.cpp only say which shape that gives.
//
// A residual net is one where every second hidden layer after the first has the pre-activations of the layer two below
// added to its own: h + W2 a(W1 a(h) + b1) + b2, the blocks of He et al. 2016b. All its hidden layers are of one width,
// so that a unit and the one that is added to it are of one degree.
//
// A pass may run for all units at once or degree by degree:
//   forward       `forward`,        or `forward_degree` for degree 0, 1, ... as the inputs become known;
//   data gradient `backward`,       or `input_gradient` and `backward_degree` for degree D - 1, D - 2, ...
// Degree by degree every unit is still computed once: D features cost one network pass, not D.
#pragma once

#include <string>
#include <vector>

#include "core/layout.h"
#include "core/panel.h"
#include "core/rng.h"
#include "core/spec.h"
#include "linalg/products.h"
#include "nets/activations.h"

namespace nflows {

// The hidden layers as a wiring's spec has them.
struct Hidden {
  std::vector<Index> units;
  Activation activation;
  bool residual;

  explicit Hidden(const Spec& spec);
};

template <class T>
class Net {
 public:
  // A net whose layer l has the mask masks[l]; degree d owns the rows [starts[l][d], starts[l][d + 1]) of
  // layer l.
  Net(std::vector<Staircase> masks, std::vector<std::vector<Index>> starts, const Hidden& hidden);

  Index n_inputs() const { return masks_.front().cols; }
  Index n_outputs() const { return masks_.back().rows; }
  const Blocks& blocks() const { return params_; }
  Index n_kept() const { return kept_.size(); }        // slots that forward leaves for the backward pass
  Index n_scratch() const { return scratch_.size(); }  // slots that a backward pass overwrites

  // Weights and biases of hidden layers are uniform on [-b, b], b = gain / sqrt(inputs of the layer, masked ones
  // included). Nets of one or two inputs have the gain sqrt(6) (He et al. 2015): with smaller weights they do not leave
  // the Gaussian. From twelve inputs on the gain is 1 (LeCun et al. 1998, as PyTorch's default), because steep units
  // there fit single rows. Biases are random so that the units of a single feature bend at different places. The last
  // layer is zero, so that a flow starts as the identity; so is the last layer of a residual block.
  void start(T* params, Rng& rng) const;

  // What the outputs are before any input has a say.
  T* output_bias(T* params) const { return bias_.back()(params); }

  void forward(const T* params, Panels<const T> in, Panels<T> kept, Panels<T> out) const;
  void forward_degree(Index degree, const T* params, Panels<const T> in, Panels<T> kept, Panels<T> out) const;

  // din = d(out)/d(in)^T dout; leaves the hidden adjoints in scratch for weight_gradients.
  void backward(const T* params, Panels<const T> kept, Panels<const T> dout, Panels<T> scratch,
                Panels<T> din) const;
  void backward_degree(Index degree, const T* params, Panels<const T> kept, Panels<const T> dout,
                       Panels<T> scratch) const;
  // Rows [begin, end) of din, once the adjoints of all units that see them stand in scratch.
  void input_gradient(Index begin, Index end, const T* params, Panels<const T> dout, Panels<T> scratch,
                      Panels<T> din) const;

  // Adds to dparams, after backward or all of backward_degree.
  void weight_gradients(Panels<const T> in, Panels<const T> kept, Panels<const T> dout, Panels<T> scratch,
                        T* dparams) const;

 private:
  Index depth() const { return static_cast<Index>(masks_.size()); }
  bool is_last(Index layer) const { return layer == depth() - 1; }
  bool ends_block(Index layer) const {
    return residual_ && layer > 0 && layer % 2 == 0 && layer < depth() - 1;
  }

  void forward_units(Index layer, Index begin, Index end, const T* params, Panels<const T> in, Panels<T> kept,
                     Panels<T> out) const;
  void backward_units(Index layer, Index begin, Index end, const T* params, Panels<const T> kept,
                      Panels<const T> dout, Panels<T> scratch) const;

  std::vector<Staircase> masks_;
  std::vector<std::vector<Index>> starts_;
  Activation activation_;
  bool residual_, keeps_input_;
  Blocks params_;
  Room kept_, scratch_;
  std::vector<Numbers> weight_, bias_;  // by layer
  std::vector<Slots> value_, input_;    // kept, by hidden layer: activations, pre-activations
  std::vector<Slots> adjoint_;          // scratch, by hidden layer
  Slots sums_{scratch_, kGradientScratch};
};

// All outputs see all inputs. Without inputs there is nothing to compute: the hidden layers go, the last bias
// stays.
template <class T>
Net<T> mlp(Index n_inputs, const Hidden& hidden, Index n_outputs);

// first[d] = the first of n_units hidden units of a MADE whose degree is at least d, for d = 0 .. n_features: units
// of degree d are [first[d], first[d+1]).
std::vector<Index> made_degrees(Index n_units, Index n_features, bool has_context);

// The mask where units of degree d, given as above, see the first visible[d] of `cols` columns.
Staircase mask_by_degree(const std::vector<Index>& first, const std::vector<Index>& visible, Index cols);

// Masked autoregressive: inputs are [context, x_0 .. x_{D-1}], outputs the parameters of each feature in turn, and
// those of feature i see the context and x_0 .. x_{i-1}. inputs[i] and outputs[i], for i = 0 .. D, are the first of
// feature i's rows among those of all features.
template <class T>
Net<T> made(Index n_context, const std::vector<Index>& inputs, const Hidden& hidden,
            const std::vector<Index>& outputs);

}  // namespace nflows
