// The device engine with the host for a device: what tests run of all that a device does.
#include "cuda/device_module.h"
#include "cuda/host_queue.h"

extern "C" const void* nflows_device() { return nflows::device_module<nflows::HostQueue>(); }
