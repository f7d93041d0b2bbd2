// Elementary functions, written once over a lane: exp expm1 sigmoid tanh, log log1p softplus, sin cos, erf,
// log_ndtr.
//
// R is float, double, Rows<float> or Rows<double>; on a device float and double. Each family's file states for every
// function the largest error in units in the last place, the range, and what happens at zeros, infinities, NaN, denormals
// and overflow. The bounds hold with and without fused multiply-adds. Straight-line code: both sides of a choice are
// computed, nothing is looked up, so every row costs the same.
#pragma once

#include "simd/math_erf.h"
#include "simd/math_exp.h"
#include "simd/math_log.h"
#include "simd/math_ndtr.h"
#include "simd/math_trig.h"
