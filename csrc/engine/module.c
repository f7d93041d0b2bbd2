// The module of one engine: a capsule with its Engine, as the attribute `engine`.
//
// This file is C and is compiled for every CPU of the architecture, unlike the engine: a CPU that does not run the engine
// gets an ImportError instead of an illegal instruction. Engines have no static constructors, which would run before.
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "engine/cpu_features.h"

const void* nflows_engine(void);  // cpu_engine.cpp

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                                        "_engine_" NFLOWS_ISA,
                                        "The nflows_np engine for " NFLOWS_ISA ".",
                                        -1,
                                        NULL,
                                        NULL,
                                        NULL,
                                        NULL,
                                        NULL};

PyMODINIT_FUNC NFLOWS_INIT(void) {
  const char* lacking[NFLOWS_MOST_FEATURES];
  if (nflows_missing(nflows_level(NFLOWS_ISA), lacking) > 0)
    return PyErr_Format(PyExc_ImportError,
                        "the nflows_np engine '" NFLOWS_ISA
                        "' cannot run here: this CPU or its operating system lacks %s",
                        lacking[0]);
  PyObject* module = PyModule_Create(&definition);
  if (module == NULL) return NULL;
  PyObject* engine = PyCapsule_New((void*)nflows_engine(), "nflows_np.engine", NULL);
  if (engine == NULL || PyModule_AddObject(module, "engine", engine) < 0) {
    Py_XDECREF(engine);
    Py_DECREF(module);
    return NULL;
  }
  return module;
}
