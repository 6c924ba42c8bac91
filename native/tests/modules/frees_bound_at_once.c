/* Linked so that the loader binds its calls once and for all. */
#include "frees.c"
