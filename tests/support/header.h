/* header.h - headers of images that no file has, for tests of plans. */
#ifndef HEADER_H
#define HEADER_H

#include "engine/plan.h"

/* A photograph as the JPEG decoder would fill it. */
static inline ibx_info photo(int w, int h) {
    return (ibx_info){.head = {.w = w,
                               .h = h,
                               .model = IBX_RGB,
                               .orientation = 1,
                               .depth = 8,
                               .shrink = 1,
                               .full_w = w,
                               .full_h = h},
                      .sample = IBX_U8,
                      .format = "jpeg",
                      .pages = 1,
                      .shrinks = 2};
}

/* What is usual in plans of a batch. */
static const ibx_plan_options USUAL = {
    .threads = 2, .memory = (size_t)1 << 30, .max_pixels = 1000000000};

#endif
