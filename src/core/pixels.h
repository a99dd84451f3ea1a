/* pixels.h - between samples in memory and planes of float, and between kinds of light.
 *
 * These loops touch every pixel of every image. Like filters they are compiled twice, for the
 * baseline CPU and for x86-64-v3; ibx_pixel_loops() picks once. Both give the same bits. */
#ifndef IBX_CORE_PIXELS_H
#define IBX_CORE_PIXELS_H

#include "imbrex.h"

typedef struct {
    /* One row of n interleaved pixels of `planes` samples to one row in each plane, 0..1.
     * U8: v / 255, U16: v / 65535 (correctly rounded products with the reciprocal), F32: as is.
     * Packing an unpacked row returns the same samples, but for the bits of NaN.
     *
     * What lies `ahead` bytes behind the row will be wanted soon and is asked for meanwhile: rows
     * of tiles lie in pages of their own, which the processor does not foresee. It need not
     * exist. */
    void (*unpack)(ibx_sample type, const void *row, ptrdiff_t ahead, int planes, int n,
                   float *const plane[]);

    /* The same for 8-bit samples, through a table of their 256 values. */
    void (*look_up)(const float *table, const uint8_t *row, ptrdiff_t ahead, int planes, int n,
                    float *const plane[]);

    /* The other way: clamped to 0..1 (NaN becomes 0), rounded to nearest, ties to even. F32: as
     * is, but every NaN becomes the same. Writes exactly n pixels. */
    void (*pack)(ibx_sample type, float *const plane[], int planes, int n, void *row,
                 ptrdiff_t ahead);

    /* sRGB curve on n samples in place, by polynomials: absolute error below 3e-6 on 0..1;
     * outside as ibx_srgb_to_linear and ibx_linear_to_srgb say. 0 and 1 are exact. */
    void (*to_linear)(float *v, int n);
    void (*to_encoded)(float *v, int n);

    /* n samples of colour times alpha, in place; and back: divided by alpha where that is above 0,
     * 0 elsewhere. */
    void (*premultiply)(float *v, const float *alpha, int n);
    void (*unpremultiply)(float *v, const float *alpha, int n);
} ibx_pixel_ops;

/* The loops for this CPU. */
const ibx_pixel_ops *ibx_pixel_loops(void);

/* Does this CPU run the x86-64-v3 variants? The environment variable IMBREX_CPU=baseline says no,
 * for tests. */
bool ibx_cpu_is_v3(void);

/* Bytes of one sample. */
static inline size_t ibx_sample_size(ibx_sample type) {
    return type == IBX_U8 ? 1 : type == IBX_U16 ? 2 : 4;
}

#endif
