/* registry.c - the table of filters, made by the build from the files under filters/. */
#include "core/pixels.h"
#include "imbrex.h"
#include <stdlib.h>

#define FILTER(id) extern const ibx_filter ibx_filter_##id##_baseline;
#include "filters.inc"
#undef FILTER

/* Sorted by name, because the build lists files in that order. */
#define FILTER(id) &ibx_filter_##id##_baseline,
static const ibx_filter *const BASELINE[] = {
#include "filters.inc"
};
#undef FILTER

enum { COUNT = sizeof BASELINE / sizeof BASELINE[0] };

#ifdef IBX_HAVE_V3
#define FILTER(id) extern const ibx_filter ibx_filter_##id##_v3;
#include "filters.inc"
#undef FILTER

#define FILTER(id) &ibx_filter_##id##_v3,
static const ibx_filter *const V3[COUNT] = {
#include "filters.inc"
};
#undef FILTER
#endif

const ibx_filter *const *ibx_filters(size_t *count) {
    if (count) *count = COUNT;
#ifdef IBX_HAVE_V3
    if (ibx_cpu_is_v3()) return V3;
#endif
    return BASELINE;
}

static int compare_name(const void *name, const void *entry) {
    return strcmp(name, (*(const ibx_filter *const *)entry)->name);
}

const ibx_filter *ibx_filter_find(const char *name) {
    const ibx_filter *const *all = ibx_filters(NULL);
    const ibx_filter *const *found = bsearch(name, all, COUNT, sizeof(*all), compare_name);
    return found ? *found : NULL;
}
