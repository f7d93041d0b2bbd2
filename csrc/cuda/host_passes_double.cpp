// The pass of double numbers on the host: one kernel for all formulas.
#include "cuda/device_flow.h"
#include "cuda/formulas.h"
#include "cuda/host_queue.h"

namespace nflows {

template <>
const std::vector<PassVariant<double, HostQueue>>& pass_variants() {
  static const std::vector<PassVariant<double, HostQueue>> all{
      pass_variant<double, HostQueue, NFLOWS_FORMULAS>()};
  return all;
}

}  // namespace nflows
