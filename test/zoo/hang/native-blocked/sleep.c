/* Waits for a signal that never comes. dlopen() runs the constructor on the thread that calls it. */
#include <unistd.h>

__attribute__((constructor)) static void wait_for_device(void) { pause(); }
