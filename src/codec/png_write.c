/* png_write.c - encoding PNG.
 *
 * libpng writes everything in front of the pixels. They are filtered and compressed in bands
 * (png_band.h), each of which becomes one IDAT chunk. An interlaced image goes through libpng as a
 * whole, with zlib at a comparable level. */
#include "codec/png.h"
#include "codec/png_band.h"
#include <isa-l/crc.h>
#include <stdlib.h>
#include <zlib.h>

typedef struct {
    png_structp png;
    png_infop info;
    jmp_buf jump;
    ibx_sink *sink;
    ibx_error error;
    int done; /* rows written */
    ibx_png_layout layout;
    uint8_t *whole;       /* interlaced: the image; else: */
    ibx_png_press *press; /* NULL where bands are appended */
    ibx_strip band;       /* rows that wait until their band is complete; owns its data */
    uint32_t adler;       /* of all bands so far */
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

/* ---- start -------------------------------------------------------------------------------- */

static int colour_type(const ibx_head *h) {
    return (h->model == IBX_RGB ? PNG_COLOR_MASK_COLOR : 0) | (h->alpha ? PNG_COLOR_MASK_ALPHA : 0);
}

static void write_header(writer *w, const ibx_save_job *job) {
    static const int ZLIB_LEVEL[] = {
        [IBX_PNG_FAST] = 1, [IBX_PNG_DEFAULT] = 6, [IBX_PNG_SMALL] = 9};
    const ibx_save_png *p = job->params;
    const ibx_bytes profile = job->head.profile;
    png_set_write_fn(w->png, w, on_write, on_flush);
    png_set_user_limits(w->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_compression_level(w->png, ZLIB_LEVEL[p->compression]);
    png_set_filter(w->png, 0, PNG_ALL_FILTERS);
    png_set_IHDR(w->png, w->info, (png_uint_32)job->head.w, (png_uint_32)job->head.h,
                 w->layout.wide ? 16 : 8, colour_type(&job->head),
                 p->interlace ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (ibx_profile_fits(profile, job->head.model))
        png_set_iCCP(w->png, w->info, "ICC profile", 0, profile.data, (png_uint_32)profile.size);
    if (job->metadata) ibx_png_add_metadata(w->png, w->info, job->metadata);
    png_write_info(w->png, w->info);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (w->layout.wide) png_set_swap(w->png);
#endif
}

static ibx_strip empty_band(const writer *w, const ibx_save_job *job) {
    const ibx_png_layout *l = &w->layout;
    return (ibx_strip){.sample = job->sample,
                       .planes = ibx_planes(&job->head),
                       .w = job->head.w,
                       .stride = l->row_bytes,
                       .data = ibx_lend(l->lender, (size_t)ibx_min(l->rows, l->h) * l->row_bytes)};
}

static bool allocate(writer *w, const ibx_save_job *job) {
    w->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, w, on_error, on_warning);
    if (w->png) w->info = png_create_info_struct(w->png);
    if (!w->info) return false;
    if (((const ibx_save_png *)job->params)->interlace)
        return (w->whole = malloc((size_t)job->head.h * w->layout.row_bytes)) != NULL;
    if (job->pressed) return true;
    w->press = ibx_png_press_new(&w->layout);
    w->band = empty_band(w, job);
    return w->press && w->band.data;
}

/* False if there is no memory or libpng gave up. */
static bool create_guarded(writer *w, const ibx_save_job *job) {
    if (setjmp(w->jump)) return false;
    if (!allocate(w, job)) return ibx_fail(&w->error, IBX_MEMORY, "no memory for a PNG encoder");
    write_header(w, job);
    return true;
}

void *ibx_png_create(ibx_sink *sink, const ibx_save_job *job, ibx_error *err) {
    if (job->head.model == IBX_CMYK || job->sample == IBX_F32)
        return ibx_fail(err, IBX_BUG, "the PNG encoder was given CMYK or float samples"), NULL;
    writer *w = calloc(1, sizeof *w);
    if (!w) return ibx_fail(err, IBX_MEMORY, "no memory for a PNG encoder"), NULL;
    w->sink = sink;
    w->layout = ibx_png_layout_of(job);
    w->adler = 1;
    if (create_guarded(w, job)) return w;
    if (err) *err = w->error;
    ibx_png_destroy(w);
    return NULL;
}

/* ---- chunks ------------------------------------------------------------------------------- */

static void put_big_endian(uint8_t *p, uint32_t v) {
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* Writes a chunk whose data has 8 bytes of room in front and 4 behind. */
static bool put_chunk(writer *w, const char type[4], uint8_t *data, size_t size) {
    uint8_t *chunk = data - 8;
    put_big_endian(chunk, (uint32_t)size);
    memcpy(chunk + 4, type, 4);
    put_big_endian(data + size, crc32_gzip_refl(0, chunk + 4, size + 4));
    return w->sink->write(w->sink, chunk, size + 12, &w->error);
}

/* The first piece gets zlib's header, the last one the checksum of all. */
static bool put_piece(writer *w, ibx_png_piece piece) {
    w->adler = (uint32_t)adler32_combine(w->adler, piece.adler, (z_off_t)piece.adler_bytes);
    if (piece.first) {
        static const uint8_t HEADER[] = {0x78, 0x01}; /* DEFLATE, a window of 32 KB */
        piece.data -= sizeof HEADER;
        piece.size += sizeof HEADER;
        memcpy(piece.data, HEADER, sizeof HEADER);
    }
    if (piece.last) {
        put_big_endian(piece.data + piece.size, w->adler);
        piece.size += 4;
    }
    return put_chunk(w, "IDAT", piece.data, piece.size);
}

/* ---- rows --------------------------------------------------------------------------------- */

static bool write_band(writer *w, const ibx_strip *band) {
    return ibx_png_press_band(w->press, band, &w->error) &&
           put_piece(w, ibx_png_press_piece(w->press));
}

/* A row; a band that is complete goes out. */
static bool collect_row(writer *w, const uint8_t *from) {
    const ibx_png_layout *l = &w->layout;
    memcpy(w->band.data + (size_t)w->band.rows * l->row_bytes, from, l->row_bytes);
    w->band.rows++, w->done++;
    if (w->band.rows < l->rows && w->done < l->h) return true;
    w->band.y = w->done - w->band.rows;
    const bool ok = write_band(w, &w->band);
    w->band.rows = 0;
    return ok;
}

/* Bands that come as a whole are not copied. */
static bool collect(writer *w, const ibx_strip *s) {
    for (int y = 0; y < s->rows;) {
        ibx_strip band = *s;
        band.y = w->done;
        band.rows = ibx_min(w->layout.rows, w->layout.h - w->done);
        band.data = s->data + (size_t)y * s->stride;
        const bool whole = !w->band.rows && band.rows <= s->rows - y;
        if (!(whole ? write_band(w, &band) : collect_row(w, band.data))) return false;
        if (whole) w->done += band.rows;
        y += whole ? band.rows : 1;
    }
    return true;
}

static void keep(writer *w, const ibx_strip *s) {
    const size_t n = w->layout.row_bytes;
    for (int y = 0; y < s->rows; y++, w->done++)
        memcpy(w->whole + (size_t)w->done * n, s->data + (size_t)y * s->stride, n);
}

bool ibx_png_write(void *encoder, const ibx_strip *s, ibx_error *err) {
    writer *w = encoder;
    ibx_strip_touch(s, false);
    if (w->whole)
        keep(w, s);
    else if (!collect(w, s)) {
        if (err) *err = w->error;
        return false;
    }
    return true;
}

/* ---- bands that were compressed elsewhere --------------------------------------------------- */

/* Images smaller than this are written in one go: the presses would take more memory than they. */
enum { LEAST_PIXELS = 1 << 22 };

static int band_rows(const ibx_save_job *job) {
    const ibx_png_layout l = ibx_png_layout_of(job);
    const bool interlace = ((const ibx_save_png *)job->params)->interlace;
    return interlace || (int64_t)job->head.w * job->head.h < LEAST_PIXELS ? 0 : l.rows;
}

static void *create_press(const ibx_save_job *job, ibx_error *err) {
    const ibx_png_layout l = ibx_png_layout_of(job);
    ibx_png_press *p = ibx_png_press_new(&l);
    if (!p) ibx_fail(err, IBX_MEMORY, "no memory for a PNG encoder");
    return p;
}

static void destroy_press(void *press) {
    ibx_png_press_free(press);
}

static size_t press_bytes(const ibx_save_job *job) {
    const ibx_png_layout l = ibx_png_layout_of(job);
    return ibx_png_press_bytes(&l);
}

static bool press(void *press_, const ibx_strip *band, ibx_error *err) {
    ibx_strip_touch(band, false);
    return ibx_png_press_band(press_, band, err);
}

static bool append(void *encoder, void *press_, ibx_error *err) {
    writer *w = encoder;
    const bool ok = put_piece(w, ibx_png_press_piece(press_));
    if (!ok && err) *err = w->error;
    return ok;
}

const ibx_band_codec ibx_png_bands = {.rows = band_rows,
                                      .create = create_press,
                                      .destroy = destroy_press,
                                      .bytes = press_bytes,
                                      .press = press,
                                      .append = append};

/* ---- end ---------------------------------------------------------------------------------- */

static void write_interlaced(writer *w) {
    for (int passes = png_set_interlace_handling(w->png); passes > 0; passes--)
        for (int y = 0; y < w->layout.h; y++)
            png_write_row(w->png, w->whole + (size_t)y * w->layout.row_bytes);
    png_write_end(w->png, NULL);
}

bool ibx_png_finish(void *encoder, ibx_error *err) {
    writer *w = encoder;
    if (setjmp(w->jump)) {
        if (err) *err = w->error;
        return false;
    }
    uint8_t end[12];
    if (w->whole)
        write_interlaced(w);
    else if (!put_chunk(w, "IEND", end + 8, 0)) /* png_write_end misses the pixels */
        give_up(w);
    return true;
}

void ibx_png_destroy(void *encoder) {
    writer *w = encoder;
    if (!w) return;
    png_destroy_write_struct(&w->png, w->info ? &w->info : NULL);
    ibx_png_press_free(w->press);
    ibx_take_back(w->layout.lender, w->band.data);
    free(w->whole);
    free(w);
}

size_t ibx_png_encoder_bytes(const ibx_save_job *job) {
    enum { LIBPNG = 512 << 10 };
    const ibx_png_layout l = ibx_png_layout_of(job);
    size_t sum = sizeof(writer) + LIBPNG;
    if (((const ibx_save_png *)job->params)->interlace) return sum + (size_t)l.h * l.row_bytes;
    return sum + (size_t)ibx_min(l.rows, l.h) * l.row_bytes + ibx_png_press_bytes(&l);
}
