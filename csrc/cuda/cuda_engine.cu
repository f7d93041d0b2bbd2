// The device engine on CUDA devices.
#include "cuda/cuda_queue.h"
#include "cuda/device_module.h"

extern "C" const void* nflows_device() { return nflows::device_module<nflows::CudaQueue>(); }
