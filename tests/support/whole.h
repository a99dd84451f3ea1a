/* whole.h - a recipe applied to an image as one single tile, for tests.
 *
 * The plainest reading of src/filter.h: no tiles, strips, threads or stages, and nothing of the
 * engine. It shows what a filter computes before the engine exists, and is the oracle for it
 * afterwards: an image cut into any tiles must come out with the same bytes.
 *
 * Everything around the image is hostile: padding, scratch and the output before the kernel are
 * NaN, and rows are an odd number of floats apart. */
#ifndef WHOLE_H
#define WHOLE_H

#include "imbrex.h"

/* Runs the steps of `recipe` (no `save`; nothing is inserted or reordered) over `in`, which may
 * have any sample type. *out becomes an interleaved F32 image with a copy of its profile, freed
 * with whole_free. False with a sentence where a step refuses. */
bool whole_apply(const char *recipe, const ibx_image *in, ibx_image *out, ibx_error *err);

/* The image that whole_apply makes; the test fails where a step refuses. */
ibx_image whole_applied(const char *recipe, const ibx_image *in);

/* The test fails unless the recipe refuses an RGB image, with `why` in its sentence. */
void whole_refused(const char *recipe, const char *why);

/* The same as whole_apply, but kernels and scans see tiles of tile_w x tile_h pixels (smaller at
 * the right and bottom; 0: the whole side), each with exactly the input that `source` names. */
bool whole_apply_tiled(const char *recipe, const ibx_image *in, int tile_w, int tile_h,
                       ibx_image *out, ibx_error *err);

/* A new F32 image of zeros, without profile; freed with whole_free. Ends the process without
 * memory. */
ibx_image whole_new(int w, int h, ibx_model model, bool alpha);

/* Frees pixels and profile of an image from this file. Twice is allowed. */
void whole_free(ibx_image *image);

/* Sample p of the pixel (x, y) of an F32 image. */
static inline float *whole_at(const ibx_image *image, int p, int x, int y) {
    return (float *)((char *)image->pixels + (size_t)y * image->stride) +
           x * ibx_planes(&image->head) + p;
}

#endif
