/* format.h - pixels of GEGL as imbrex sees them: which format an operation asks for, and gives. */
#ifndef IBX_GEGL_FORMAT_H
#define IBX_GEGL_FORMAT_H

#include "imbrex.h"
#include <gegl.h>

/* A buffer's pixels, as an operation asks for them: gray or R'G'B', with straight alpha where there
 * is any, encoded by the curve of the buffer's own space, of which the primaries are not changed.
 * 8- and 16-bit samples stay what they are, unless they are linear: those, and all others, become
 * floats, so that no value is lost on the way to the encoded ones and back. */
typedef struct {
    const Babl *format;
    ibx_sample sample;
    ibx_head head; /* of an image of that format; w and h are 0. Its profile says what the space is,
                      where that is not sRGB, and belongs to babl. */
} ibx_gegl_format;

/* What to ask a buffer of the format `source` for; NULL: nobody knows yet. */
ibx_gegl_format ibx_gegl_format_of(const Babl *source);

/* The format of the pixels of a result, in the space of `from`; or, where the recipe manages
 * colours, in that of the head's profile (none: sRGB; one that babl does not know: as `from`). */
const Babl *ibx_gegl_format_for(const ibx_head *head, ibx_sample sample, const Babl *from,
                                bool managed);

#endif
