/* Leaves free() to the process, as a runtime does. */
#include <stdlib.h>

void give_back(void* memory) { free(memory); }
