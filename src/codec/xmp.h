/* xmp.h - editing an XMP packet (ISO 16684-1) as text. Private to metadata.c. */
#ifndef IBX_CODEC_XMP_H
#define IBX_CODEC_XMP_H

#include "codec/metadata.h"

/* What changes beside xmp:Thumbnails, which always goes: it shows the old picture. */
typedef struct {
    bool upright;  /* tiff:Orientation becomes 1 */
    int w, h;      /* stated sizes become these */
    bool drop_gps; /* properties exif:GPS... go */
} ibx_xmp_edits;

/* An edited copy in *out, malloc'd; empty if the packet is not well-formed. False without
 * memory. */
bool ibx_xmp_edit(ibx_bytes packet, const ibx_xmp_edits *edits, ibx_bytes *out);

/* A new packet with the properties that state rights and authors; empty if there are none. */
bool ibx_xmp_copyright(ibx_bytes packet, ibx_bytes *out);

#endif
