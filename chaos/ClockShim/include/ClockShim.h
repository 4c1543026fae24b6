// Nothing to call: the library is loaded by LD_PRELOAD.
