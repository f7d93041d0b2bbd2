// Adjoints at the border of a flow: what a backward pass is given, and where what it returns goes.
#pragma once

namespace nflows {

// din is overwritten, dparams and dcontext are added to. Arrays of whole panels; dlog_det has one number per lane.
template <class T>
struct Adjoints {
  const T *dout, *dlog_det;
  T *din, *dparams, *dcontext;
};

}  // namespace nflows
