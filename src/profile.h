/* profile.h - tools for filters that convert colours by ICC profiles (ICC.1:2022).
 *
 * Profiles are read and written by lcms2. Most conversions are then done by our own loops, in
 * floating point and at 50 to 200 megapixels per second instead of lcms2's 3:
 *   - between profiles of curves and a matrix, and from gray to gray;
 *   - from profiles with a table of colours (CMYK, scanners, printers; lut8, lut16 and lutAToB
 *     tags) to sRGB, P3, Adobe RGB and gray: the profile's own curves and table are taken over
 *     node by node. Before such a conversion is used it is compared with lcms2 on a thousand
 *     colours; where the two differ by more than 1/1000 of the range, lcms2 does the work.
 * lcms2 does the rest: the absolute intent, targets from files, floating-point tags. */
#ifndef IBX_PROFILE_H
#define IBX_PROFILE_H

#include "lattice.h"

#define ibx_conversion_apply IBX_OWN(ibx_conversion_apply, IBX_VARIANT)

/* ---- profiles ------------------------------------------------------------------------------ */

/* Spaces to convert to; only the last one, any other space, needs a file. */
enum { IBX_SPACE_SRGB, IBX_SPACE_P3, IBX_SPACE_ADOBERGB, IBX_SPACE_GRAY, IBX_SPACE_OTHER };

/* Puts the bytes of the profile of a space into *profile, the same on every day. Free its data
 * with free(). */
bool ibx_profile_build(int space, ibx_bytes *profile, ibx_error *err);

/* Reads a profile file that colours can be converted to: RGB or gray, with what it takes to leave
 * the connection space. False with IBX_USAGE and a sentence that names the filter `who` and the
 * file. Free its data with free(), also after a failure. */
bool ibx_profile_read(const char *path, const char *who, ibx_bytes *profile, ibx_error *err);

/* ---- conversions --------------------------------------------------------------------------- */

/* Rendering intents, and words for an IBX_CHOICE of them. */
enum { IBX_INTENT_RELATIVE, IBX_INTENT_PERCEPTUAL, IBX_INTENT_SATURATION, IBX_INTENT_ABSOLUTE };
#define IBX_INTENT_WORDS                                                                           \
    { "relative", "perceptual", "saturation", "absolute", NULL }

/* Where to, and how. */
typedef struct {
    int space;         /* IBX_SPACE_...; gray images become gray, except by the profile of OTHER */
    ibx_bytes profile; /* that the space has in files; may be empty but for OTHER */
    int intent;        /* IBX_INTENT_... */
    bool black_points; /* black point compensation: black becomes black */
} ibx_destination;

typedef struct ibx_colour_conversion ibx_colour_conversion;

/* Sets up the conversion of colours of a model with a profile; without one they are sRGB, or gray
 * with the curve of sRGB, and no CMYK. *result becomes NULL if nothing changes: if no colour of a
 * 16 x 16 x 16 grid moves by half an 8-bit step, since most profiles that say sRGB differ from it
 * in rounding only. False, with IBX_FORMAT or IBX_MEMORY, if the profile is damaged, does not
 * belong to the model, or cannot be linked with the destination. Profiles are only borrowed for
 * the call. */
bool ibx_conversion_make(ibx_colour_conversion **result, ibx_model model, ibx_bytes profile,
                         const ibx_destination *to, ibx_error *err);
void ibx_conversion_free(ibx_colour_conversion *conversion); /* NULL is allowed */

/* The model that a conversion leads to. */
ibx_model ibx_conversion_model(const ibx_colour_conversion *conversion);

/* Replaces n colours: ink and light from 0 to 1. Conversions between matrix profiles do not clip,
 * so that colours outside the space survive. Threads may share a conversion. */
void ibx_conversion_apply(const ibx_colour_conversion *conversion, ibx_block v, int n);

#endif
