// The forward Kullback-Leibler loss, maximum likelihood: L = -sum_r w_r (log p(z_r) + log|det dz_r/dx_r|).
#pragma once

#include "flow/flow.h"

namespace nflows {

// Returns the loss of one tile and adds its gradient to dparams, or sets dparams to it. `weights` is one row per
// panel, zero for padding lanes; `minus_weights` the same with the other sign, in T: it is d(loss)/d(log_det) and
// d(loss)/d(log p).
template <class T>
double forward_kl(const Flow<T>& flow, const T* params, Panels<const T> x, Panels<const T> context,
                  Panels<const double> weights, Panels<const T> minus_weights, Workspace<T>& workspace,
                  Panels<T> unused_dcontext, T* dparams, Accumulate accumulate) {
  const Chain<T>& chain = flow.chain();
  const Panels<T> rows = workspace.panels(x.count);
  const Panels<double> log_prob = workspace.totals(x.count);
  const Panels<const T> z =
      chain.run(Direction::kForward, Keep::kForPull, params, x, context, log_prob, rows);
  const Panels<T> scratch = flow.base_scratch(Keep::kForPull, rows);
  flow.base().log_prob(flow.base_params(params), z, log_prob, scratch);

  double loss = 0.0;
  for (Index p = 0; p < x.count; ++p)
    for (int l = 0; l < kLanes; ++l) {
      const double w = weights.lanes(p, 0)[l];
      if (w != 0.0)
        loss -= w * log_prob.lanes(p, 0)[l];  // a padding lane's value, whatever it is, does not count
    }

  const Panels<T> dz = chain.dout_buffer(rows);
  T* dbase = flow.base_params(dparams);
  if (accumulate == Accumulate::kAfresh) std::fill_n(dbase, flow.base().n_params(), T(0));
  flow.base().backward(flow.base_params(params), z, minus_weights, dz, dbase, scratch);
  chain.pull(Direction::kForward, params, context, dz, {minus_weights, dparams, unused_dcontext}, rows,
             accumulate);
  return loss;
}

}  // namespace nflows
