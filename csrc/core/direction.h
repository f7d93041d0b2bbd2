// The two directions of a flow: forward takes data to latents, inverse takes latents to data.
#pragma once

namespace nflows {

enum class Direction { kForward, kInverse };

}  // namespace nflows
