/* pixels.h - between GEGL's buffers, as both versions of libgimp give them, and images of ours.
 *
 * Samples come as the drawable has them, so that nothing is rounded twice: 8 and 16 bits with the
 * curve of the image's space as they are; everything else (linear, half, 32-bit integer or float,
 * double) as 32-bit float, with linear values encoded by the curve of sRGB, since recipes work on
 * encoded values (libgimp 2.10 tells no other curve). Colours stay in the image's own space: no
 * profile is applied. */
#ifndef IBX_GIMP_PIXELS_H
#define IBX_GIMP_PIXELS_H

#include "imbrex.h"
#include <gegl.h>

/* How a drawable's pixels are read and written. */
typedef struct {
    const Babl *format; /* that buffers are asked in */
    ibx_sample sample;
    ibx_model model; /* IBX_GRAY or IBX_RGB */
    bool alpha;
} ibx_gimp_form;

/* The form for a drawable of this format. plain: it is a mask or a channel, whose values are not
 * encoded and stay as they are. False for a palette. */
bool ibx_gimp_form_of(const Babl *drawable, bool plain, ibx_gimp_form *form);

/* What recipes are told of a drawable of this form and size; no profile. */
ibx_head ibx_gimp_head(const ibx_gimp_form *form, int w, int h);

/* Memory for a rectangle of pixels, rows without padding. */
bool ibx_gimp_region_new(ibx_region *region, ibx_rect at, int planes, ibx_sample sample,
                         ibx_error *err);
void ibx_gimp_region_free(ibx_region *region); /* and empties it */

/* Reads a rectangle of a buffer into a new region. */
bool ibx_gimp_read(GeglBuffer *buffer, const ibx_gimp_form *form, ibx_rect at, ibx_region *region,
                   ibx_error *err);

/* Are the pixels of a rectangle of the buffer still those of a region that was read? Without the
 * memory for a comparison the answer is no. */
bool ibx_gimp_is_as_read(GeglBuffer *buffer, const ibx_gimp_form *form, const ibx_region *region,
                         ibx_rect at);

/* A number that tells whether pixels of a rectangle, which the region holds, are others by now:
 * FNV-1a (Fowler, Noll, Vo) over words of 64 bits of its rows, of every fourth word and then of
 * these sums. One word that differs always shows, several but for a chance. */
uint64_t ibx_gimp_sum(const ibx_region *region, ibx_rect at);

/* Gives the pixels of a region, which are those of an image with this head, the components of a
 * form: gray becomes three equal colours, and missing alpha opaque. The form must have what the
 * head has. */
bool ibx_gimp_fit(ibx_region *region, const ibx_head *head, const ibx_gimp_form *form,
                  ibx_error *err);

/* Writes a rectangle of a region that has the form into the buffer, at the same place. */
void ibx_gimp_write(GeglBuffer *buffer, const ibx_gimp_form *form, const ibx_region *region,
                    ibx_rect at);

#endif
