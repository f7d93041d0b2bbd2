// A mixture of normals, row by row (gaussian_mixture.cpp has the formula).
//
// The sum runs on a scale that follows its largest term (in double, so that no term far out is lost), one component
// after the other: l the log of the next term,
//
//   m' = max(m, l)        s' = s exp(m - m') + exp(l - m')        log p = m + log s
//
// and nothing but m and s is kept. The backward pass works out each l once more: exp(l - log p) is the component's
// responsibility.
#pragma once

#include "bases/normal.h"
#include "simd/math.h"

namespace nflows {

template <class T>
struct MixtureWeights {
  Index k;
  NFLOWS_FN void operator()(const T* logits, double* log_weights) const {
    double largest = logits[0], total = 0.0;
    for (Index c = 1; c < k; ++c) largest = largest < logits[c] ? logits[c] : largest;
    for (Index c = 0; c < k; ++c) total += exp(logits[c] - largest);
    const double log_total = largest + log(total);
    for (Index c = 0; c < k; ++c) log_weights[c] = logits[c] - log_total;
  }
};

// log w_c + log N(z; loc_c, ...) of a component, in double.
template <class Feature, class Z>
NFLOWS_FN auto mixture_term(double log_weight, const Feature* features, Z z, Index n) {
  using D = typename Z::Wide;
  D term(0.0);
  double constant = log_weight;
  for (Index j = 0; j < n; ++j) {
    const Feature f = features[j];
    constant += f.normaliser;
    term += widened(f.log_prob(z[j]));
  }
  return term + D(constant);
}

struct MixtureDensity {
  Index n, k;
  template <class Feature, class Z>
  NFLOWS_FN auto of(const double* log_weights, const Feature* features, Z z) const {
    using D = typename Z::Wide;
    D largest = mixture_term(log_weights[0], features, z, n), total(1.0);
    for (Index c = 1; c < k; ++c) {
      const D term = mixture_term(log_weights[c], features + c * n, z, n), larger = max(largest, term);
      total = total * exp(largest - larger) + exp(term - larger);
      largest = larger;
    }
    return largest + log(total);
  }
  template <class Feature, class Z, class P>
  NFLOWS_FN void operator()(const double* log_weights, const Feature* features, Z z, P log_p) const {
    log_p.set_wide(of(log_weights, features, z));
  }
};

struct MixtureLogProb {
  Index n, k;
  template <class Feature, class Z, class L>
  NFLOWS_FN void operator()(const double* log_weights, const Feature* features, Z z, L log_prob) const {
    log_prob.add(MixtureDensity{n, k}.of(log_weights, features, z));
  }
};

// The adjoint of a component's term, and the gradient of its logit.
struct MixtureTermBackward {
  Index n;
  template <class Feature, class Z, class P, class L, class D, class Logit>
  NFLOWS_FN void operator()(const double* log_weight, const Feature* features, Z z, P log_p, L dlog_prob,
                            D dterm, Logit&& dlogit) const {
    using R = typename Z::Number;
    const auto share = exp(mixture_term(*log_weight, features, z, n) - log_p.wide());  // its responsibility
    const R g = dlog_prob[0];
    dterm.set(0, narrowed<R>(share) * g);
    dlogit.add(narrowed<R>((share - exp(*log_weight)) * widened(g)));
  }
};

// Of one feature, added to dz.
struct MixtureFeatureBackward {
  template <class Feature, class Z, class D, class DZ, class DLoc, class DA>
  NFLOWS_FN void operator()(Feature f, Z z, D dterm, DZ dz, DLoc&& dloc, DA&& da) const {
    const auto from_term = f.backward(z[0], dterm[0], dloc, da);
    dz.set(0, dz[0] + from_term);
  }
};

}  // namespace nflows
