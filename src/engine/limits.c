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

bool ibx_limits_admit(const ibx_limits *limits, const ibx_head *head, ibx_error *err) {
    if (head->w >= 1 && head->h >= 1 && (int64_t)head->w * head->h <= limits->max_pixels)
        return true;
    return ibx_fail(err, IBX_LIMIT, "an image of %d x %d pixels; the limit is %lld", head->w,
                    head->h, (long long)limits->max_pixels);
}

size_t ibx_limits_plan_memory(size_t memory) {
    return memory - memory / 4;
}
