/* png_write.c - encoding PNG.
 *
 * libpng writes everything in front of the pixels. What `compression` means:
 *
 *   0      stored, no filter                                      libpng
 *   1..5   ISA-L level 1, the best of the five filters per row    the own path below
 *   6      ISA-L level 2, likewise
 *   7..9   zlib level 4, 6, 9, libpng's choice of filters         libpng
 *
 * An interlaced image goes through libpng too, with zlib at the level that was asked for. */
#include "codec/png.h"
#include "codec/png_deflate.h"
#include "codec/png_filter.h"
#include <stdlib.h>

/* Bytes in front of and behind a row that the filters may read. */
enum { PAD = 16 };

typedef struct {
    png_structp png;
    png_infop info;
    jmp_buf jump;
    ibx_sink *sink;
    ibx_error error;
    int w, h, done; /* pixels; rows written */
    bool wide;      /* 16 bits, which PNG stores big-endian */
    bool interlace;
    size_t pixel, row_bytes;
    uint8_t *whole;             /* interlaced: the image */
    ibx_png_deflater *deflater; /* NULL: libpng does it */
    uint8_t *row, *above;       /* as PNG stores them, behind PAD zeros */
    uint8_t *room;              /* for five filtered rows */
} writer;

_Noreturn static void give_up(writer *w) {
    longjmp(w->jump, 1);
}

static void on_error(png_structp png, png_const_charp text) {
    writer *w = png_get_error_ptr(png);
    if (!w->error.code) ibx_fail(&w->error, IBX_BUG, "libpng cannot write: %s", text);
    give_up(w);
}

static void on_warning(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static void on_write(png_structp png, png_bytep data, size_t size) {
    writer *w = png_get_io_ptr(png);
    if (!w->sink->write(w->sink, data, size, &w->error)) give_up(w);
}

static void on_flush(png_structp png) {
    (void)png;
}

/* ---- what compression levels mean --------------------------------------------------------- */

static int isal_level(const ibx_save_png *p) {
    if (p->interlace || p->compression < 1 || p->compression > 6) return 0;
    return p->compression < 6 ? 1 : 2;
}

static int zlib_level(const ibx_save_png *p) {
    static const int HIGH[] = {4, 6, 9};
    return p->interlace || p->compression < 7 ? p->compression : HIGH[p->compression - 7];
}

/* ---- start -------------------------------------------------------------------------------- */

static int colour_type(const ibx_head *h) {
    return (h->model == IBX_RGB ? PNG_COLOR_MASK_COLOR : 0) | (h->alpha ? PNG_COLOR_MASK_ALPHA : 0);
}

static void write_header(writer *w, const ibx_save_job *job) {
    const ibx_save_png *p = job->params;
    const ibx_bytes profile = job->head.profile;
    png_set_write_fn(w->png, w, on_write, on_flush);
    png_set_user_limits(w->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_compression_level(w->png, zlib_level(p));
    png_set_filter(w->png, 0, p->compression ? PNG_ALL_FILTERS : PNG_FILTER_NONE);
    png_set_IHDR(w->png, w->info, (png_uint_32)w->w, (png_uint_32)w->h, w->wide ? 16 : 8,
                 colour_type(&job->head), p->interlace ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (ibx_profile_fits(profile, job->head.model))
        png_set_iCCP(w->png, w->info, "ICC profile", 0, profile.data, (png_uint_32)profile.size);
    if (job->metadata) ibx_png_add_metadata(w->png, w->info, job->metadata);
    png_write_info(w->png, w->info);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (w->wide) png_set_swap(w->png);
#endif
}

static bool allocate(writer *w, const ibx_save_job *job) {
    w->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, w, on_error, on_warning);
    if (w->png) w->info = png_create_info_struct(w->png);
    if (!w->info) return false;
    const int level = isal_level(job->params);
    if (w->interlace) return (w->whole = malloc((size_t)w->h * w->row_bytes)) != NULL;
    if (!level) return true;
    w->deflater = ibx_png_deflater_new(w->sink, level);
    w->row = calloc(1, w->row_bytes + PAD + IBX_PNG_SLACK);
    w->above = calloc(1, w->row_bytes + PAD + IBX_PNG_SLACK);
    w->room = malloc(5 * (w->row_bytes + 1 + IBX_PNG_SLACK));
    return w->deflater && w->row && w->above && w->room;
}

/* False if there is no memory or libpng gave up. */
static bool create_guarded(writer *w, const ibx_save_job *job) {
    if (setjmp(w->jump)) return false;
    if (!allocate(w, job)) return ibx_fail(&w->error, IBX_MEMORY, "no memory for a PNG encoder");
    write_header(w, job);
    return true;
}

void *ibx_png_create(ibx_sink *sink, const ibx_save_job *job, ibx_error *err) {
    const ibx_head *h = &job->head;
    if (h->model == IBX_CMYK || job->sample == IBX_F32)
        return ibx_fail(err, IBX_BUG, "the PNG encoder was given CMYK or float samples"), NULL;
    writer *w = calloc(1, sizeof *w);
    if (!w) return ibx_fail(err, IBX_MEMORY, "no memory for a PNG encoder"), NULL;
    w->sink = sink;
    w->w = h->w;
    w->h = h->h;
    w->wide = job->sample == IBX_U16;
    w->interlace = ((const ibx_save_png *)job->params)->interlace;
    w->pixel = (size_t)ibx_planes(h) * (w->wide ? 2 : 1);
    w->row_bytes = (size_t)w->w * w->pixel;
    if (create_guarded(w, job)) return w;
    if (err) *err = w->error;
    ibx_png_destroy(w);
    return NULL;
}

/* ---- rows --------------------------------------------------------------------------------- */

static void store_row(const writer *w, const uint8_t *from, uint8_t *to) {
    if (!w->wide) {
        memcpy(to, from, w->row_bytes);
        return;
    }
    const uint16_t *wide = (const uint16_t *)from; /* strips of 16 bits are aligned for them */
    for (size_t x = 0; x < w->row_bytes / 2; x++) {
        to[2 * x] = (uint8_t)(wide[x] >> 8);
        to[2 * x + 1] = (uint8_t)wide[x];
    }
}

static void write_row(writer *w, const uint8_t *samples) {
    uint8_t *row = w->row + PAD;
    store_row(w, samples, row);
    const uint8_t *filtered =
        ibx_png_filter(row, w->above + PAD, w->row_bytes, w->pixel, IBX_PNG_ALL_FILTERS, w->room,
                       w->row_bytes + 1 + IBX_PNG_SLACK);
    if (!ibx_png_deflate(w->deflater, filtered, w->row_bytes + 1, w->done + 1 == w->h, &w->error))
        give_up(w);
    w->row = w->above;
    w->above = row - PAD;
}

bool ibx_png_write(void *encoder, const ibx_strip *s, ibx_error *err) {
    writer *w = encoder;
    if (setjmp(w->jump)) {
        if (err) *err = w->error;
        return false;
    }
    ibx_strip_touch(s, false);
    for (int y = 0; y < s->rows; y++, w->done++) {
        const uint8_t *samples = s->data + (size_t)y * s->stride;
        if (w->whole)
            memcpy(w->whole + (size_t)w->done * w->row_bytes, samples, w->row_bytes);
        else if (w->deflater)
            write_row(w, samples);
        else
            png_write_row(w->png, samples);
    }
    return true;
}

/* png_write_end would miss the pixels that libpng has not seen. */
static bool finish_own(writer *w) {
    uint8_t chunk[12];
    return ibx_png_put_chunk(w->sink, chunk, "IEND", 0, &w->error);
}

static void finish_libpng(writer *w) {
    if (w->whole)
        for (int passes = png_set_interlace_handling(w->png); passes > 0; passes--)
            for (int y = 0; y < w->h; y++)
                png_write_row(w->png, w->whole + (size_t)y * w->row_bytes);
    png_write_end(w->png, NULL);
}

bool ibx_png_finish(void *encoder, ibx_error *err) {
    writer *w = encoder;
    if (setjmp(w->jump)) {
        if (err) *err = w->error;
        return false;
    }
    if (!w->deflater)
        finish_libpng(w);
    else if (!finish_own(w))
        give_up(w);
    return true;
}

void ibx_png_destroy(void *encoder) {
    writer *w = encoder;
    if (!w) return;
    png_destroy_write_struct(&w->png, w->info ? &w->info : NULL);
    ibx_png_deflater_free(w->deflater);
    free(w->row);
    free(w->above);
    free(w->room);
    free(w->whole);
    free(w);
}

size_t ibx_png_encoder_bytes(const ibx_save_job *job) {
    const ibx_save_png *p = job->params;
    const size_t sample = job->sample == IBX_U16 ? 2 : 1;
    const size_t row = (size_t)job->head.w * (size_t)ibx_planes(&job->head) * sample;
    const size_t zlib = 512 << 10;
    size_t sum = sizeof(writer) + 8 * row;
    sum += isal_level(p) ? ibx_png_deflater_bytes() : zlib;
    if (p->interlace) sum += row * (size_t)job->head.h;
    return sum;
}
