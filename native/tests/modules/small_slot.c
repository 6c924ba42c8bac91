/* A variable of the name that holds a function's address, but too small for one. */
char __TVMFuncCall[4] = {0};
