/* limits.c - defaults from the machine. */
#include "engine/limits.h"
#include "engine/machine.h"

ibx_limits ibx_limits_fill(const ibx_limits *limits) {
    ibx_limits full = limits ? *limits : (ibx_limits){0};
    if (full.threads < 1) full.threads = ibx_machine_threads();
    if (full.memory == 0) full.memory = ibx_machine_memory();
    if (full.max_pixels == 0) full.max_pixels = IBX_DEFAULT_MAX_PIXELS;
    return full;
}

size_t ibx_limits_plan_memory(size_t memory) {
    return memory - memory / 4;
}
