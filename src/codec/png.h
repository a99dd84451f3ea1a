/* png.h - what the files of the PNG codec share. Private to them.
 *
 * libpng reads the header and every chunk in front of the pixels, so that it decides which files
 * are good. Pixels of the common kinds are then inflated and unfiltered here, by ISA-L and the
 * kernels below, at several times its speed. */
#ifndef IBX_CODEC_PNG_H
#define IBX_CODEC_PNG_H

#include "codec/codec.h"
#include <png.h>
#include <setjmp.h>

/* ---- reading ------------------------------------------------------------------------------ */

typedef struct ibx_png_inflater ibx_png_inflater;

typedef struct {
    png_structp png;
    png_infop info;
    jmp_buf jump;
    ibx_cursor cursor;
    const char *name;   /* of the file, for sentences */
    bool accept_damage; /* damage is noted in `warning` and decoding goes on */
    bool strict;        /* pixels are being read: libpng's warnings are damage */
    bool failed;        /* decoding stopped for good; error says why */
    ibx_error error, warning;
    ibx_metadata metadata;
    uint8_t last[8];            /* bytes that libpng read last: at its end the IDAT header */
    ibx_png_inflater *inflater; /* reads the pixels; NULL: libpng does */
    uint8_t *whole;             /* interlaced: the whole image, from the first read on */
    int w, h, done;             /* pixels; rows delivered */
    size_t row_bytes;
} ibx_png_reader;

/* Gives up with r->error, which the caller has filled. */
_Noreturn void ibx_png_give_up(ibx_png_reader *r);

/* Gives up with "NAME: WHAT". */
_Noreturn void ibx_png_damaged(ibx_png_reader *r, const char *what);

/* Reads exactly `size` bytes; jumps at the end of the file. */
void ibx_png_bytes(ibx_png_reader *r, void *to, size_t size);

/* Four bytes of a file, as PNG stores numbers. */
static inline uint32_t ibx_png_number(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Takes EXIF or XMP from a chunk of type eXIf or iTXt. False only without memory. */
bool ibx_png_take_metadata(ibx_metadata *m, const char *type, const uint8_t *data, size_t size);

/* Looks for metadata behind the pixels of a source that is not a pipe. */
void ibx_png_late_metadata(const ibx_source *source, ibx_metadata *m);

/* ---- writing ------------------------------------------------------------------------------ */

/* Adds an XMP packet and EXIF to what png_write_info writes. May jump. */
void ibx_png_add_metadata(png_structp png, png_infop info, const ibx_metadata *m);

/* ---- the callbacks of ibx_codec_png --------------------------------------------------------- */

void *ibx_png_open(ibx_source *source, const ibx_decode_limits *limits, ibx_info *info,
                   ibx_error *err);
bool ibx_png_start(void *decoder, int shrink, ibx_info *info, ibx_error *err);
bool ibx_png_read(void *decoder, const ibx_strip *strip, ibx_error *err);
void ibx_png_close(void *decoder);
void *ibx_png_create(ibx_sink *sink, const ibx_save_job *job, ibx_error *err);
bool ibx_png_write(void *encoder, const ibx_strip *strip, ibx_error *err);
bool ibx_png_finish(void *encoder, ibx_error *err);
void ibx_png_destroy(void *encoder);
size_t ibx_png_encoder_bytes(const ibx_save_job *job);
extern const ibx_band_codec ibx_png_bands;

#endif
