// The module of a device: a capsule with the function that makes its Engine (engine/engine.h), as the attribute `device`.
#define PY_SSIZE_T_CLEAN
#include <Python.h>

const void* nflows_device(void);  // device_module.h

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, NFLOWS_MODULE, "The nflows_np engine of a device.", -1, NULL, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC NFLOWS_INIT(void) {
  PyObject* module = PyModule_Create(&definition);
  if (module == NULL) return NULL;
  PyObject* device = PyCapsule_New((void*)nflows_device(), "nflows_np.device", NULL);
  if (device == NULL || PyModule_AddObject(module, "device", device) < 0) {
    Py_XDECREF(device);
    Py_DECREF(module);
    return NULL;
  }
  return module;
}
