/* gaussian.h - a tool for filters: the Gaussian blur of a tile, at any sigma.
 *
 *   - small sigmas are direct taps: ibx_gaussian;
 *   - large sigmas work on a reduced image: ibx_reduction. Every d-th pixel of the image under a
 *     tent 2d wide, direct taps on that, and a cubic B-spline back to the full size (Unser,
 *     Splines: a perfect fit for signal and image processing, 1999). Tent and spline are blurs
 *     too; the taps supply what is missing of the variance. Why a tent and not block means:
 *     stripes nearly d apart alias into the result at 40 dB with block means, at 60 dB with a
 *     tent.
 *
 * All sums are direct, in a fixed order and anchored at pixel (0, 0), so that no result depends
 * on tiles, CPU or compiler. Filters that blur want IBX_PREMULTIPLIED light. */
#ifndef IBX_GAUSSIAN_H
#define IBX_GAUSSIAN_H

#include "vector.h"

#define ibx_gaussian_rows IBX_OWN(ibx_gaussian_rows, IBX_VARIANT)
#define ibx_gaussian_scratch IBX_OWN(ibx_gaussian_scratch, IBX_VARIANT)
#define ibx_gaussian_pixels IBX_OWN(ibx_gaussian_pixels, IBX_VARIANT)
#define ibx_gaussian_pixels_scratch IBX_OWN(ibx_gaussian_pixels_scratch, IBX_VARIANT)
#define ibx_reduce IBX_OWN(ibx_reduce, IBX_VARIANT)
#define ibx_reduce_packed IBX_OWN(ibx_reduce_packed, IBX_VARIANT)
#define ibx_expand IBX_OWN(ibx_expand, IBX_VARIANT)

/* ---- direct taps ---------------------------------------------------------------------------- */

/* Largest radius: of sigma 20. */
enum { IBX_GAUSSIAN_RADIUS = 55 };

/* A sampled Gaussian; its 2 radius + 1 taps sum up to 1. */
typedef struct {
    int radius;                         /* at least 1 */
    float tap[IBX_GAUSSIAN_RADIUS + 1]; /* half of it, from the centre outward */
} ibx_gaussian;

/* Makes the taps for a sigma above 0 and up to 20 pixels. They are cut at 2.75 sigma, where
 * full-contrast stripes of the worst width lose 50 dB and anything else 55; what is cut off goes
 * to all taps alike, the least-squares fit that keeps the sum. For a filter's `prepare`. */
void ibx_gaussian_make(ibx_gaussian *g, double sigma);

/* Rows of the blur in both directions: n samples in each row of b, `b_stride` floats apart, from
 * the n + 2 across->radius samples in each row of a (those rows themselves, from across->radius
 * samples to the left on) and in the down->radius rows above and below, `stride` floats apart. */
void ibx_gaussian_rows(const ibx_gaussian *across, const ibx_gaussian *down, const float *a,
                       ptrdiff_t stride, int n, int rows, float *scratch, float *b,
                       ptrdiff_t b_stride);

/* Bytes of its scratch. */
size_t ibx_gaussian_scratch(const ibx_gaussian *across, int n, int rows);

/* The same from pixels of 8-bit samples without alpha to such pixels: of ibx_gaussian_rows the very
 * sums, rounded. Nothing but the rows at hand is ever a float, and samples stay interleaved. in->at
 * is out->at grown by the radii. For the `move` of a filter with IBX_BYTES and IBX_ROUNDS. */
void ibx_gaussian_pixels(const ibx_gaussian *across, const ibx_gaussian *down, const ibx_region *in,
                         const ibx_region *out, void *scratch);

/* Bytes of its scratch. */
size_t ibx_gaussian_pixels_scratch(const ibx_gaussian *down);

/* ---- large sigmas --------------------------------------------------------------------------- */

enum { IBX_REDUCTION_STEP = 64 };

/* How a blur is done on a reduced image, whose pixel j lies on pixel (j - 1) step. Its first and
 * its last see nothing but repeated edge pixels, so that repeating the reduced image's edge is the
 * same as repeating the image's. */
typedef struct {
    int step;     /* d: a power of 2, up to 64; 1: direct taps are best, there is no reduction */
    double sigma; /* left for the taps, in reduced pixels: 2.2 to 4.7 if there is a reduction */
    float spline[IBX_REDUCTION_STEP][4]; /* weights of the 4 reduced pixels around x, by x mod d */
} ibx_reduction;

/* Chooses the step for a sigma in pixels of the image, and computes the rest. For `prepare`. */
void ibx_reduction_make(ibx_reduction *r, double sigma);

/* Width (height) of the reduced image of one that is `whole` pixels wide (high). */
int ibx_reduced(const ibx_reduction *r, int whole);

/* The pass to the reduced image, of an image of head->w x head->h pixels: its `source` (never
 * outside the image), `scratch` in bytes, and `kernel`. */
ibx_rect ibx_reduce_source(const ibx_reduction *r, const ibx_head *head, ibx_rect out);
size_t ibx_reduce_scratch(const ibx_reduction *r, ibx_rect out);
void ibx_reduce(const ibx_reduction *r, const ibx_head *head, const ibx_tile *in, ibx_tile *out,
                void *scratch);

/* The same from 8-bit samples of one or three planes, in encoded light. For its `packed`. */
void ibx_reduce_packed(const ibx_reduction *r, const ibx_head *head, const ibx_packed *in,
                       ibx_tile *out, void *scratch);

/* The same for the pass back to the full size. */
ibx_rect ibx_expand_source(const ibx_reduction *r, ibx_rect out);
size_t ibx_expand_scratch(const ibx_reduction *r, ibx_rect out);
void ibx_expand(const ibx_reduction *r, const ibx_tile *in, ibx_tile *out, void *scratch);

#endif
