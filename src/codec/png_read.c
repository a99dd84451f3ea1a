/* png_read.c - decoding PNG.
 *
 * Samples are delivered as 8 or 16 bits: fewer bits of gray are scaled up, a palette becomes RGB,
 * and a transparent colour becomes alpha. The first image of an animation is delivered.
 *
 * Colour: an iCCP chunk gives the profile. Without one the samples count as sRGB, whether there
 * is an sRGB chunk or not; gAMA and cHRM alone are not looked at, because most of those in the
 * wild were written by programs that meant sRGB. */
#include "codec/png.h"
#include "codec/png_inflate.h"
#include <stdlib.h>

/* No chunk of metadata needs more, compressed or not. */
enum { CHUNK_MAX = 32 << 20 };

void ibx_png_give_up(ibx_png_reader *r) {
    longjmp(r->jump, 1);
}

void ibx_png_damaged(ibx_png_reader *r, const char *what) {
    ibx_fail(&r->error, IBX_FORMAT, "%s: %s", r->name, what);
    ibx_png_give_up(r);
}

void ibx_png_bytes(ibx_png_reader *r, void *to, size_t size) {
    size_t got;
    if (!ibx_cursor_read(&r->cursor, to, size, &got, &r->error)) ibx_png_give_up(r);
    if (got < size) ibx_png_damaged(r, "premature end of PNG file");
}

/* ---- libpng's callbacks ------------------------------------------------------------------- */

static void on_error(png_structp png, png_const_charp text) {
    ibx_png_damaged(png_get_error_ptr(png), text);
}

/* libpng warns of oddities in metadata, which do no harm, and of pixels that are too many or too
 * few, which do. */
static void on_warning(png_structp png, png_const_charp text) {
    ibx_png_reader *r = png_get_error_ptr(png);
    if (!r->strict && !strstr(text, "IDAT")) return;
    if (!r->accept_damage) ibx_png_damaged(r, text);
    if (!r->warning.code) ibx_fail(&r->warning, IBX_FORMAT, "%s: %s", r->name, text);
}

static void on_read(png_structp png, png_bytep data, size_t size) {
    ibx_png_reader *r = png_get_io_ptr(png);
    ibx_png_bytes(r, data, size);
    if (size == sizeof r->last) memcpy(r->last, data, size);
}

/* 0: not ours, so libpng refuses it if its name says that it is critical. */
static int on_chunk(png_structp png, png_unknown_chunkp chunk) {
    ibx_png_reader *r = png_get_user_chunk_ptr(png);
    const char *type = (const char *)chunk->name;
    if (strcmp(type, "eXIf") != 0 && strcmp(type, "iTXt") != 0) return 0;
    if (!ibx_png_take_metadata(&r->metadata, type, chunk->data, chunk->size)) {
        ibx_fail(&r->error, IBX_MEMORY, "%s: no memory for its metadata", r->name);
        ibx_png_give_up(r);
    }
    return 1;
}

/* ---- header ------------------------------------------------------------------------------- */

/* Which chunks libpng parses, which come to on_chunk, which are stepped over. */
static void choose_chunks(ibx_png_reader *r) {
    static const png_byte OURS[] = "eXIf\0iTXt";
    static const png_byte UNUSED[] = "tEXt\0zTXt\0tIME\0hIST\0sPLT\0pCAL\0sCAL\0oFFs\0bKGD";
    png_set_keep_unknown_chunks(r->png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    png_set_keep_unknown_chunks(r->png, PNG_HANDLE_CHUNK_ALWAYS, OURS, 2);
    png_set_keep_unknown_chunks(r->png, PNG_HANDLE_CHUNK_NEVER, UNUSED, 9);
    png_set_read_user_chunk_fn(r->png, r, on_chunk);
}

static void create(ibx_png_reader *r) {
    r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r, on_error, on_warning);
    if (r->png) r->info = png_create_info_struct(r->png);
    if (!r->info) {
        ibx_fail(&r->error, IBX_MEMORY, "%s: no memory for a decoder", r->name);
        ibx_png_give_up(r);
    }
    png_set_read_fn(r->png, r, on_read);
    png_set_user_limits(r->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); /* check_size refuses better */
    png_set_chunk_malloc_max(r->png, CHUNK_MAX);
    if (r->accept_damage)
        png_set_crc_action(r->png, PNG_CRC_WARN_USE, PNG_CRC_WARN_DISCARD);
    else
        png_set_crc_action(r->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    choose_chunks(r);
}

static void check_size(ibx_png_reader *r, const ibx_decode_limits *limits) {
    const int64_t pixels = (int64_t)r->w * r->h;
    if (!limits->max_pixels || pixels <= limits->max_pixels) return;
    ibx_fail(&r->error, IBX_LIMIT,
             "%s: %d x %d pixels are more than the limit of %lld; raise that of pixels", r->name,
             r->w, r->h, (long long)limits->max_pixels);
    ibx_png_give_up(r);
}

static void check_memory(ibx_png_reader *r, const ibx_decode_limits *limits, size_t needed) {
    if (!limits->memory || needed <= limits->memory) return;
    ibx_fail(&r->error, IBX_MEMORY,
             "%s: decoding this PNG takes %zu MB, more than the %zu MB of memory allowed", r->name,
             needed >> 20, limits->memory >> 20);
    ibx_png_give_up(r);
}

static void read_profile(ibx_png_reader *r, ibx_model model) {
    png_charp name;
    png_bytep data;
    png_uint_32 size;
    int method;
    if (!png_get_iCCP(r->png, r->info, &name, &method, &data, &size)) return;
    if (!ibx_profile_fits((ibx_bytes){data, size}, model)) return;
    if (ibx_metadata_set(&r->metadata.profile, data, size)) return;
    ibx_fail(&r->error, IBX_MEMORY, "%s: no memory for its profile", r->name);
    ibx_png_give_up(r);
}

/* Is there a transparent colour or palette entry? libpng forgets a tRNS chunk that stands in front
 * of PLTE, where the standard does not allow it, but still calls it valid. */
static bool is_transparent(ibx_png_reader *r) {
    int count = 0;
    if (!png_get_tRNS(r->png, r->info, NULL, &count, NULL)) return false;
    if (count > 0 || r->accept_damage) return count > 0;
    ibx_fail(&r->error, IBX_FORMAT, "%s: tRNS: out of place", r->name);
    ibx_png_give_up(r);
    return false;
}

static void expand_samples(png_structp png) {
    png_set_expand(png); /* bits to bytes, palette to RGB, tRNS to alpha */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    png_set_swap(png);
#endif
}

/* Fills *info from the header; the decoder is then ready for rows. */
static void read_header(ibx_png_reader *r, const ibx_decode_limits *limits, ibx_info *info) {
    create(r);
    png_read_info(r->png, r->info);
    r->w = (int)png_get_image_width(r->png, r->info);
    r->h = (int)png_get_image_height(r->png, r->info);
    check_size(r, limits);
    const int depth = png_get_bit_depth(r->png, r->info);
    const int type = png_get_color_type(r->png, r->info);
    const bool transparent = is_transparent(r);
    info->progressive = png_get_interlace_type(r->png, r->info) != PNG_INTERLACE_NONE;
    info->head.model = type & PNG_COLOR_MASK_COLOR ? IBX_RGB : IBX_GRAY;
    info->head.alpha = (type & PNG_COLOR_MASK_ALPHA) || transparent;
    info->head.depth = depth == 16 ? 16 : 8;
    info->sample = depth == 16 ? IBX_U16 : IBX_U8;
    r->row_bytes = (size_t)r->w * (size_t)ibx_planes(&info->head) * (size_t)(info->head.depth / 8);
    const size_t image = (size_t)r->h * (1 + r->row_bytes), block = 256u << 10;
    info->decoder_bytes = (256u << 10) + (image < block ? image : block) + 5 * r->row_bytes;
    if (info->progressive) info->decoder_bytes += (size_t)r->h * r->row_bytes;
    check_memory(r, limits, info->decoder_bytes);
    read_profile(r, info->head.model);

    if (depth >= 8 && type != PNG_COLOR_TYPE_PALETTE && !transparent && !info->progressive)
        r->inflater = ibx_png_inflater_new(r, depth);
    else
        expand_samples(r->png);
}

/* False if libpng or a check gave up. */
static bool open_guarded(ibx_png_reader *r, const ibx_decode_limits *limits, ibx_info *info) {
    if (setjmp(r->jump)) return false;
    read_header(r, limits, info);
    return true;
}

void *ibx_png_open(ibx_source *source, const ibx_decode_limits *limits, ibx_info *info,
                   ibx_error *err) {
    ibx_png_reader *r = calloc(1, sizeof *r);
    if (!r) return ibx_fail(err, IBX_MEMORY, "%s: no memory for a decoder", source->name), NULL;
    *info = (ibx_info){0};
    r->name = source->name;
    r->accept_damage = limits->accept_damage;
    r->cursor.source = source;
    if (!open_guarded(r, limits, info)) {
        if (err) *err = r->error;
        ibx_png_close(r);
        return NULL;
    }
    ibx_png_late_metadata(source, &r->metadata);
    info->head.w = r->w;
    info->head.h = r->h;
    info->head.orientation = ibx_metadata_orientation(&r->metadata);
    info->head.profile = r->metadata.profile;
    info->format = "png";
    info->pages = 1;
    info->metadata = r->metadata;
    return r;
}

/* PNG has nothing to offer but its full size. */
bool ibx_png_start(void *decoder, int shrink, ibx_info *info, ibx_error *err) {
    (void)decoder;
    (void)info;
    return ibx_fail(err, IBX_BUG, "PNG cannot be decoded at 1/%d of its size", shrink);
}

/* ---- rows --------------------------------------------------------------------------------- */

/* Interlaced: the last pass touches every other row, so nothing can be delivered before the whole
 * image is there. Allocated zeroed: what damage leaves out is black. */
static void read_interlaced(ibx_png_reader *r) {
    r->whole = calloc((size_t)r->h, r->row_bytes);
    if (!r->whole) {
        ibx_fail(&r->error, IBX_MEMORY, "%s: no memory for an interlaced image of %d x %d pixels",
                 r->name, r->w, r->h);
        ibx_png_give_up(r);
    }
    for (int passes = png_set_interlace_handling(r->png); passes > 0; passes--)
        for (int y = 0; y < r->h; y++)
            png_read_row(r->png, r->whole + (size_t)y * r->row_bytes, NULL);
    png_read_end(r->png, NULL);
}

static void copy_rows(ibx_png_reader *r, const ibx_strip *s) {
    for (; r->done < s->y + s->rows; r->done++)
        memcpy(s->data + (size_t)(r->done - s->y) * s->stride,
               r->whole + (size_t)r->done * r->row_bytes, r->row_bytes);
}

static void read_by_libpng(ibx_png_reader *r, const ibx_strip *s) {
    for (; r->done < s->y + s->rows; r->done++)
        png_read_row(r->png, s->data + (size_t)(r->done - s->y) * s->stride, NULL);
    if (r->done == r->h) png_read_end(r->png, NULL);
}

static void read_rows(ibx_png_reader *r, const ibx_strip *s) {
    const bool interlaced = png_get_interlace_type(r->png, r->info) != PNG_INTERLACE_NONE;
    r->strict = true;
    if (r->inflater)
        ibx_png_inflater_read(r->inflater, s);
    else if (!interlaced)
        read_by_libpng(r, s);
    else {
        if (!r->whole) read_interlaced(r);
        copy_rows(r, s);
    }
}

/* Rows in front of the damage; what could not be decoded: the interlaced image so far, else
 * black. */
static void fill_rest(ibx_png_reader *r, const ibx_strip *s) {
    if (r->inflater) ibx_png_inflater_rest(r->inflater, s);
    if (r->whole) copy_rows(r, s);
    for (; r->done < s->y + s->rows; r->done++)
        memset(s->data + (size_t)(r->done - s->y) * s->stride, 0, r->row_bytes);
}

bool ibx_png_read(void *decoder, const ibx_strip *strip, ibx_error *err) {
    ibx_png_reader *r = decoder;
    if (setjmp(r->jump))
        r->failed = true;
    else if (!r->failed)
        read_rows(r, strip);

    if (r->failed && (!r->accept_damage || r->error.code != IBX_FORMAT)) {
        if (err) *err = r->error;
        return false;
    }
    if (r->failed) fill_rest(r, strip);
    ibx_strip_touch(strip, true);
    if (err && r->failed)
        *err = r->error;
    else if (err && r->warning.code)
        *err = r->warning;
    return true;
}

void ibx_png_close(void *decoder) {
    ibx_png_reader *r = decoder;
    if (!r) return;
    ibx_png_inflater_free(r->inflater);
    png_destroy_read_struct(&r->png, r->info ? &r->info : NULL, NULL);
    ibx_metadata_free(&r->metadata);
    free(r->whole);
    free(r);
}
