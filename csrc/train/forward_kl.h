// The forward Kullback-Leibler loss, maximum likelihood: L = -sum_r w_r (log p(z_r) + log|det dz_r/dx_r|).
#pragma once

#include "flow/flow.h"

namespace nflows {

// Returns the loss of one tile and adds its gradient to `grads`, whose dlog_det is the weights with the other sign:
// d(loss)/d(log p). `weights` has one slot per panel, zero for padding lanes; `log_prob` is zero, and overwritten.
template <class T>
double forward_kl(const Flow<T>& flow, Panels<const T> x, Panels<const double> weights,
                  Panels<double> log_prob, const Pass<T>& pass, const Gradients<T>& grads) {
  flow.log_prob(x, log_prob, pass);
  double loss = 0.0;
  for (Index p = 0; p < x.count; ++p)
    for (int l = 0; l < kLanes; ++l) {
      const double w = weights.lanes(p, 0)[l];
      if (w != 0.0)
        loss -= w * log_prob.lanes(p, 0)[l];  // a padding lane's value, whatever it is, does not count
    }
  flow.log_prob_backward(pass, grads);
  return loss;
}

}  // namespace nflows
