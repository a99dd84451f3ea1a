/* exif.h - reading and patching a TIFF structure that holds EXIF (CIPA DC-008).
 *
 * Nothing is taken apart and put together again: makers' notes hold positions that nobody knows,
 * so values are changed where they stand and what has to go is overwritten with zeros. Every
 * position is checked against the size of the block; hostile bytes give "not there".
 * Private to metadata.c. */
#ifndef IBX_CODEC_EXIF_H
#define IBX_CODEC_EXIF_H

#include "codec/metadata.h"

/* A block that is to be read or changed. */
typedef struct {
    uint8_t *data;
    size_t size;
    bool big; /* "MM": numbers are big-endian */
} ibx_exif;

/* False if the bytes do not begin with a TIFF header whose first directory lies inside. */
bool ibx_exif_open(ibx_exif *e, const void *data, size_t size);

/* The value of a tag of the first directory that holds a whole number, or `otherwise`. */
uint32_t ibx_exif_number(const ibx_exif *e, uint16_t tag, uint32_t otherwise);

/* A positive fraction of the first directory; 0 if there is none. */
double ibx_exif_fraction(const ibx_exif *e, uint16_t tag);

/* The text of a tag of the first directory, without the zeros at its end. Empty: not there. */
ibx_bytes ibx_exif_text(const ibx_exif *e, uint16_t tag);

/* The orientation becomes 1, if the block has one. */
void ibx_exif_set_upright(ibx_exif *e);

/* Width and height become these, in every directory that states them. */
void ibx_exif_set_size(ibx_exif *e, int w, int h);

/* Removes the second directory and its picture. May make the block smaller. */
void ibx_exif_drop_thumbnail(ibx_exif *e);

/* Removes the GPS directory and everything it points at. */
void ibx_exif_drop_gps(ibx_exif *e);

/* A new block with artist and copyright only; *out is malloc'd, or empty if the block has
 * neither. False without memory. */
bool ibx_exif_copyright(const ibx_exif *e, ibx_bytes *out);

enum {
    IBX_EXIF_ORIENTATION = 0x112,
    IBX_EXIF_X_RESOLUTION = 0x11A,
    IBX_EXIF_Y_RESOLUTION = 0x11B,
    IBX_EXIF_RESOLUTION_UNIT = 0x128
};

#endif
