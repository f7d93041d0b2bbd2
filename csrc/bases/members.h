// What features with densities of their own do with a row; a Member knows one feature's (independent.h).
#pragma once

#include "simd/each.h"

namespace nflows {

struct MemberLogProb {
  template <class Member, class Z, class L>
  NFLOWS_FN void operator()(Member member, Z z, L log_prob) const {
    log_prob.add(member.log_prob(z[0]));
  }
};

struct MemberNormalisers {
  Index n;
  template <class Member, class L>
  NFLOWS_FN void operator()(const Member* members, L log_prob) const {
    double total = 0.0;
    for (Index j = 0; j < n; ++j) total += members[j].normaliser;
    log_prob.constant(total);
  }
};

struct MemberBackward {
  template <class Member, class Z, class L, class DZ, class... D>
  NFLOWS_FN void operator()(Member member, Z z, L dlog_prob, DZ dz, D&&... dparams) const {
    dz.set(0, member.backward(z[0], dlog_prob[0], dparams...));
  }
};

}  // namespace nflows
