// What the products could reach at most: the multiply-adds of one core that wait for nothing.
#pragma once

namespace nflows {

// FLOP/s of independent chains of multiply-adds that stay in registers; a multiply-add is two operations.
template <class T>
double fma_peak();

}  // namespace nflows
