// WithoutGil: the interpreter's lock is free while the engine works.
//
// A daemon thread that comes back while the interpreter shuts down does not get the lock: Python up to 3.13 ends the
// thread by unwinding its stack, which C++ turns into an abort of the process where that meets a destructor. Here the
// thread waits for the process to end, as threads of Python 3.14 do.
#pragma once

#include <Python.h>
#include <unistd.h>

namespace nflows {

class WithoutGil {
 public:
  WithoutGil() : state_(PyEval_SaveThread()) {}
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;
  ~WithoutGil() {
    try {
      PyEval_RestoreThread(state_);
    } catch (...) {  // no exception of C++: the thread is being ended
      for (;;) pause();
    }
  }

 private:
  PyThreadState* state_;
};

}  // namespace nflows
