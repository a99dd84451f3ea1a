/* jpeg.h - what the files of the JPEG codec share. Private to them.
 *
 * libjpeg reports errors by a callback that must not return. Every entry point of the codec is
 * one setjmp; nothing of that is visible outside these files. */
#ifndef IBX_CODEC_JPEG_H
#define IBX_CODEC_JPEG_H

#include "codec/codec.h"
#include "codec/jpeg_scans.h"
#include <setjmp.h>

/* The error manager: `base` must be first, libjpeg hands back a pointer to it. */
typedef struct {
    struct jpeg_error_mgr base;
    jmp_buf jump;
    const char *name;   /* of the file, for sentences; NULL when writing */
    bool accept_damage; /* damage is noted in `warning` and decoding goes on */
    ibx_error error;    /* why it jumped */
    ibx_error warning;  /* the first damage that was accepted */
} ibx_jpeg_errors;

/* Fills in the callbacks. jpeg->err must be set to the result. */
struct jpeg_error_mgr *ibx_jpeg_errors_init(ibx_jpeg_errors *e, const char *name,
                                            bool accept_damage);

/* Gives up with e->error, which the caller has filled. */
_Noreturn void ibx_jpeg_give_up(ibx_jpeg_errors *e);

/* The source manager over an ibx_source. A file that stands in memory is one buffer, so that the
 * fast Huffman decoder runs to its end; chunks follow one another without suspension. */
typedef struct {
    struct jpeg_source_mgr base;
    ibx_source *source;
    const uint8_t *rest; /* of the present chunk: what libjpeg was not given yet */
    size_t left;
    uint64_t at;              /* of `rest` in the file */
    const ibx_jpeg_scan *gap; /* what comes next that libjpeg is not given, `gaps` of them */
    int gaps;
    bool ended; /* libjpeg was given an artificial end of image */
} ibx_jpeg_source;
void ibx_jpeg_source_init(ibx_jpeg_source *s, ibx_source *source);

/* Begins once more with a file that stands in memory; nothing is left out. */
void ibx_jpeg_source_rewind(ibx_jpeg_source *s);

/* How much of the file libjpeg has read. */
static inline uint64_t ibx_jpeg_source_place(const ibx_jpeg_source *s) {
    return s->at - s->base.bytes_in_buffer;
}

/* From now on these scans, in the order of the file, are kept from libjpeg, which has read nothing
 * of them yet. The list is borrowed. */
void ibx_jpeg_source_leave_out(ibx_jpeg_source *s, const ibx_jpeg_scan *gap, int gaps);

/* The coefficients of one component, for images with several scans. The tag is libjpeg's, which
 * leaves the contents to whoever manages its memory. */
struct jvirt_barray_control {
    JDIMENSION across, down; /* blocks */
    JDIMENSION defined;      /* rows from here on were never asked for */
    JBLOCKROW *row;          /* start of each row */
};

/* All of them, in lent memory instead of libjpeg's own. */
enum { IBX_JPEG_ARRAYS = MAX_COMPS_IN_SCAN };
typedef struct {
    ibx_lender *lender;
    void (*realize)(j_common_ptr jpeg); /* libjpeg's own */
    struct jvirt_barray_control array[IBX_JPEG_ARRAYS];
    int count;
    JBLOCK *block; /* lent: the rows of all, one array after another */
    size_t blocks;
} ibx_jpeg_arrays;

/* Takes the place of libjpeg's functions in a decompressor that has just been created. */
void ibx_jpeg_arrays_init(ibx_jpeg_arrays *arrays, j_decompress_ptr jpeg, ibx_lender *lender);

/* Gives the memory back. For a decompressor that is not used any more, never was, or begins anew.
 */
void ibx_jpeg_arrays_close(ibx_jpeg_arrays *arrays);

/* The destination manager over an ibx_sink. */
enum { IBX_JPEG_BUFFER = 65536 };
typedef struct {
    struct jpeg_destination_mgr base;
    ibx_sink *sink;
    JOCTET buffer[IBX_JPEG_BUFFER];
} ibx_jpeg_sink;
void ibx_jpeg_sink_init(ibx_jpeg_sink *s, ibx_sink *sink);

/* Copies EXIF, XMP, IPTC and, if it fits the colour model, the ICC profile out of the saved
 * markers. False only without memory. May jump. */
bool ibx_jpeg_markers_read(j_decompress_ptr jpeg, ibx_model model, ibx_metadata *m);

/* Asks libjpeg to save the markers that ibx_jpeg_markers_read looks at. */
void ibx_jpeg_markers_save(j_decompress_ptr jpeg);

/* Writes the blocks behind the JFIF header. A block that JPEG has no room for is left out. May
 * jump. */
void ibx_jpeg_markers_write(j_compress_ptr jpeg, const ibx_metadata *m, ibx_bytes profile);

/* ---- components (jpeg_components.c), all of which may jump ---------------------------------- */

/* How chroma is sampled, if it can be handed over as it is. */
ibx_chroma ibx_jpeg_chroma(j_decompress_ptr jpeg);

/* Fills three strips, from libjpeg's row (of luma) on. */
void ibx_jpeg_read_components(j_decompress_ptr jpeg, const ibx_strip strip[IBX_COMPONENTS]);

/* Appends three strips. Completes their last blocks by repeating edge samples, beyond the image. */
void ibx_jpeg_write_components(j_compress_ptr jpeg, const ibx_strip strip[IBX_COMPONENTS]);

/* ---- bands (jpeg_bands.c): large images have restart markers, between which the bytes depend on
 * nothing in front of them, so that bands can be compressed as images of their own. -------------
 */

/* Rows between two markers; 0: the image has none. */
int ibx_jpeg_band_rows(const ibx_save_job *job);

/* Writes a band's bytes behind those of the band before, or behind the header. */
bool ibx_jpeg_append_band(void *encoder, ibx_bytes band, ibx_error *err);

/* Writes bytes behind all that libjpeg has written. May jump. */
void ibx_jpeg_put(j_compress_ptr jpeg, const void *data, size_t size);

/* The callbacks of ibx_codec_jpeg. */
extern const ibx_band_codec ibx_jpeg_bands;
void *ibx_jpeg_open(ibx_source *source, const ibx_decode_limits *limits, ibx_info *info,
                    ibx_error *err);
bool ibx_jpeg_start(void *decoder, int shrink, ibx_info *info, ibx_error *err);
void ibx_jpeg_coarsen(void *decoder, int reduction);
void ibx_jpeg_start_components(void *decoder);
void ibx_jpeg_columns(void *decoder, int x, int w);
bool ibx_jpeg_skip(void *decoder, int rows, ibx_error *err);
bool ibx_jpeg_read(void *decoder, const ibx_strip *strip, ibx_error *err);
void ibx_jpeg_close(void *decoder);
void *ibx_jpeg_create(ibx_sink *sink, const ibx_save_job *job, ibx_error *err);
bool ibx_jpeg_write(void *encoder, const ibx_strip *strip, ibx_error *err);
bool ibx_jpeg_finish(void *encoder, ibx_error *err);
void ibx_jpeg_destroy(void *encoder);
ibx_chroma ibx_jpeg_saved_chroma(const ibx_save_job *job);
size_t ibx_jpeg_encoder_bytes(const ibx_save_job *job);

#endif
