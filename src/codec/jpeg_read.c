/* jpeg_read.c - decoding JPEG by libjpeg-turbo.
 *
 * Huffman decoding is most of the work and cannot be shared out, so the decoder does nothing else:
 * full size by default, the accurate integer DCT, smooth chroma upsampling. Where the file stands
 * in memory, our own loops do it (jpeg_entropy.h). */
#include "codec/jpeg.h"
#include "codec/jpeg_entropy.h"
#include <stdlib.h>

/* A scan may say almost nothing and still costs a pass over all coefficients. Encoders write
 * about ten; thousands are an attack. */
enum { MAX_SCANS = 500 };

/* Rows handed to libjpeg at a time; it fills one or two per turn. */
enum { ROWS = 16 };

/* Columns beside those that are needed, so that these have their neighbours. */
enum { BESIDE = 4 };

typedef struct {
    struct jpeg_decompress_struct jpeg;
    ibx_jpeg_errors errors;
    ibx_jpeg_source source;
    ibx_jpeg_scans scans;
    ibx_jpeg_arrays arrays;
    uint64_t *known; /* lent, for ibx_jpeg_progressive_take */
    struct jpeg_progress_mgr progress;
    ibx_metadata metadata;
    ibx_chroma chroma;
    int x, w;     /* columns that are needed, or w is 0 */
    int left;     /* the first that libjpeg delivers */
    int done;     /* rows delivered */
    bool plain;   /* libjpeg decodes entropy itself */
    bool offered; /* ibx_jpeg_progressive_take had its turn */
    bool coarse;  /* scans are left out */
    bool started; /* jpeg_start_decompress has run */
    bool failed;  /* libjpeg gave up; errors.error says why */
    bool invert;  /* CMYK is stored as light, as Adobe programs do */
} decoder;

static void count_scans(j_decompress_ptr jpeg) {
    ibx_jpeg_errors *e = (ibx_jpeg_errors *)jpeg->err;
    if (jpeg->input_scan_number <= MAX_SCANS) return;
    ibx_fail(&e->error, IBX_FORMAT, "%s: more than %d scans: this progressive JPEG is an attack",
             e->name, MAX_SCANS);
    ibx_jpeg_give_up(e);
}

/* Once, before the first scan: within it, our loops cannot go on where libjpeg is. */
static void take_progressive(decoder *d) {
    d->offered = true;
    const size_t bytes = d->arrays.blocks * sizeof *d->known;
    d->known = ibx_lend(d->arrays.lender, bytes);
    if (!d->known) return;
    memset(d->known, 0, bytes);
    ibx_jpeg_progressive_take(&d->jpeg, d->arrays.block, d->known);
}

/* libjpeg calls this before every row of MCUs that it reads ahead; the tables of the first scan are
 * ready then. */
static void watch(j_common_ptr common) {
    decoder *d = (decoder *)common;
    count_scans(&d->jpeg);
    if (!d->plain && !d->offered && d->jpeg.progressive_mode) take_progressive(d);
}

/* The model that is delivered, or 0. Sets the conversion that leads to it. */
static ibx_model choose_model(j_decompress_ptr jpeg) {
    switch (jpeg->jpeg_color_space) {
    case JCS_GRAYSCALE:
        jpeg->out_color_space = JCS_GRAYSCALE;
        return IBX_GRAY;
    case JCS_RGB:
    case JCS_YCbCr:
        jpeg->out_color_space = JCS_RGB;
        return IBX_RGB;
    case JCS_CMYK:
    case JCS_YCCK:
        jpeg->out_color_space = JCS_CMYK;
        return IBX_CMYK;
    default:
        return 0;
    }
}

/* What libjpeg allocates. Files with several scans need the coefficients of the whole image; the
 * others a few rows of blocks for each component. */
static size_t memory_needed(j_decompress_ptr jpeg) {
    const bool whole = jpeg_has_multiple_scans(jpeg);
    size_t sum = 65536;
    for (int i = 0; i < jpeg->num_components; i++) {
        const jpeg_component_info *c = &jpeg->comp_info[i];
        const size_t across = c->width_in_blocks + (size_t)c->h_samp_factor;
        const size_t down = c->height_in_blocks + (size_t)c->v_samp_factor;
        sum += across * (size_t)jpeg->max_v_samp_factor * DCTSIZE2 * 4;
        if (whole) sum += across * down * (sizeof(JBLOCK) + sizeof(uint64_t));
    }
    return sum;
}

/* Refuses what is not supported or above a limit; jumps. */
static void check(decoder *d, const ibx_decode_limits *limits, ibx_info *info) {
    ibx_error *error = &d->errors.error;
    const struct jpeg_decompress_struct *jpeg = &d->jpeg;
    const char *name = d->errors.name;
    if (!info->head.model)
        ibx_fail(error, IBX_FORMAT, "%s: a JPEG of %d components has no colours that are known",
                 name, jpeg->num_components);
    else if (limits->max_pixels &&
             (int64_t)jpeg->image_width * jpeg->image_height > limits->max_pixels)
        ibx_fail(error, IBX_LIMIT,
                 "%s: %u x %u pixels are more than the limit of %lld; raise that of pixels", name,
                 jpeg->image_width, jpeg->image_height, (long long)limits->max_pixels);
    else if (limits->memory && info->decoder_bytes > limits->memory)
        ibx_fail(error, IBX_MEMORY,
                 "%s: decoding this JPEG takes %zu MB, more than the %zu MB of memory allowed",
                 name, info->decoder_bytes >> 20, limits->memory >> 20);
    else
        return;
    ibx_jpeg_give_up(&d->errors);
}

static void read_header(decoder *d, const ibx_decode_limits *limits, ibx_info *info) {
    j_decompress_ptr jpeg = &d->jpeg;
    jpeg_create_decompress(jpeg);
    ibx_jpeg_arrays_init(&d->arrays, jpeg, limits->lender);
    jpeg->src = &d->source.base;
    d->progress.progress_monitor = watch;
    jpeg->progress = &d->progress;
    ibx_jpeg_markers_save(jpeg);
    jpeg_read_header(jpeg, TRUE);

    info->head.model = choose_model(jpeg);
    info->decoder_bytes = memory_needed(jpeg);
    check(d, limits, info);
    d->chroma = ibx_jpeg_chroma(jpeg);
    jpeg->dct_method = JDCT_ISLOW;
    d->invert = jpeg->out_color_space == JCS_CMYK && jpeg->saw_Adobe_marker;
    if (!ibx_jpeg_markers_read(jpeg, info->head.model, &d->metadata)) {
        ibx_fail(&d->errors.error, IBX_MEMORY, "%s: no memory for its metadata", d->errors.name);
        ibx_jpeg_give_up(&d->errors);
    }
}

static void fill_info(decoder *d, ibx_info *info) {
    info->head.w = (int)d->jpeg.image_width;
    info->head.h = (int)d->jpeg.image_height;
    info->head.depth = 8;
    info->head.orientation = ibx_metadata_orientation(&d->metadata);
    info->head.profile = d->metadata.profile;
    info->sample = IBX_U8;
    info->format = "jpeg";
    info->pages = 1;
    info->progressive = d->jpeg.progressive_mode;
    info->shrinks = 2 + 4 + 8;
    info->coarsens = ibx_jpeg_scans_find(&d->scans, &d->jpeg, ibx_jpeg_source_place(&d->source),
                                         d->source.source);
    info->chroma = d->chroma;
    info->metadata = d->metadata;
}

/* False if libjpeg gave up. */
static bool open_guarded(decoder *d, const ibx_decode_limits *limits, ibx_info *info) {
    if (setjmp(d->errors.jump)) return false;
    read_header(d, limits, info);
    fill_info(d, info);
    return true;
}

void *ibx_jpeg_open(ibx_source *source, const ibx_decode_limits *limits, ibx_info *info,
                    ibx_error *err) {
    decoder *d = calloc(1, sizeof *d);
    if (!d) return ibx_fail(err, IBX_MEMORY, "%s: no memory for a decoder", source->name), NULL;
    *info = (ibx_info){0};
    d->jpeg.err = ibx_jpeg_errors_init(&d->errors, source->name, limits->accept_damage);
    ibx_jpeg_source_init(&d->source, source);
    d->plain = !source->whole;
    if (open_guarded(d, limits, info)) return d;
    if (err) *err = d->errors.error;
    ibx_jpeg_close(d);
    return NULL;
}

bool ibx_jpeg_start(void *decoder_, int shrink, ibx_info *info, ibx_error *err) {
    decoder *d = decoder_;
    if (setjmp(d->errors.jump)) {
        if (err) *err = d->errors.error;
        return false;
    }
    d->jpeg.scale_num = (unsigned)(8 / shrink);
    d->jpeg.scale_denom = 8;
    jpeg_calc_output_dimensions(&d->jpeg);
    info->head.w = (int)d->jpeg.output_width;
    info->head.h = (int)d->jpeg.output_height;
    return true;
}

/* libjpeg would guess the coefficients that it does not get, which takes longer than decoding
 * them. */
void ibx_jpeg_coarsen(void *decoder_, int reduction) {
    decoder *d = decoder_;
    d->coarse = true;
    ibx_jpeg_scans_drop(&d->scans, reduction);
    ibx_jpeg_source_leave_out(&d->source, d->scans.scan, d->scans.count);
    d->jpeg.do_block_smoothing = FALSE;
}

/* How many strips `read` is given at a time. */
static int strips(const decoder *d) {
    return d->jpeg.raw_data_out ? IBX_COMPONENTS : 1;
}

void ibx_jpeg_start_components(void *decoder_) {
    decoder *d = decoder_;
    d->jpeg.raw_data_out = TRUE;
}

void ibx_jpeg_columns(void *decoder_, int x, int w) {
    decoder *d = decoder_;
    d->x = x;
    d->w = w;
}

/* Lets libjpeg decode the blocks of the columns that are needed alone. Chroma is enlarged from
 * neighbours, which the first and the last column that it delivers do not have. Of a progressive
 * image it has all coefficients anyway, and may smooth them. */
static void cut_columns(decoder *d) {
    if (d->w == 0 || jpeg_has_multiple_scans(&d->jpeg)) return;
    const int from = ibx_max(d->x - BESIDE, 0);
    const int to = ibx_min(d->x + d->w + BESIDE, (int)d->jpeg.output_width);
    JDIMENSION left = (JDIMENSION)from, w = (JDIMENSION)(to - from);
    jpeg_crop_scanline(&d->jpeg, &left, &w);
    d->left = (int)left;
}

static void invert_rows(const decoder *d, const ibx_strip *s, int from, int rows) {
    for (int y = from; y < from + rows; y++) {
        uint8_t *row = s->data + (size_t)y * s->stride + (size_t)d->left * (size_t)s->planes;
        for (int x = 0; x < (int)d->jpeg.output_width * s->planes; x++)
            row[x] = (uint8_t)(255 - row[x]);
    }
}

/* Rows of interleaved samples, converted by libjpeg. */
static void read_rows(decoder *d, const ibx_strip *s) {
    while (d->done < s->y + s->rows) {
        JSAMPROW row[ROWS];
        const int at = d->done - s->y, n = ibx_min(ROWS, s->rows - at);
        for (int i = 0; i < n; i++)
            row[i] = s->data + (size_t)(at + i) * s->stride + (size_t)d->left * (size_t)s->planes;
        for (int i = 0; i < n;) {
            const int got = (int)jpeg_read_scanlines(&d->jpeg, row + i, (unsigned)(n - i));
            if (d->invert) invert_rows(d, s, at + i, got);
            d->done += got;
            i += got;
        }
    }
}

/* From the beginning of the file, by libjpeg alone: for a progressive file with something in it
 * that our loops leave to libjpeg, which has delivered nothing of it yet. */
static void start_again(decoder *d) {
    j_decompress_ptr jpeg = &d->jpeg;
    const struct jpeg_decompress_struct was = *jpeg;
    jpeg_abort_decompress(jpeg);
    ibx_jpeg_arrays_close(&d->arrays);
    ibx_jpeg_source_rewind(&d->source);
    d->plain = true;
    jpeg_read_header(jpeg, TRUE);
    jpeg->out_color_space = was.out_color_space;
    jpeg->dct_method = was.dct_method;
    jpeg->scale_num = was.scale_num;
    jpeg->scale_denom = was.scale_denom;
    jpeg->raw_data_out = was.raw_data_out;
    jpeg->do_block_smoothing = was.do_block_smoothing;
    if (d->coarse) ibx_jpeg_source_leave_out(&d->source, d->scans.scan, d->scans.count);
    jpeg_start_decompress(jpeg);
}

static void begin(decoder *d) {
    if (d->started) return;
    if (!jpeg_start_decompress(&d->jpeg)) start_again(d);
    ibx_take_back(d->arrays.lender, d->known);
    d->known = NULL;
    d->jpeg.progress = NULL; /* all scans are read, or there is one */
    if (!d->plain) ibx_jpeg_sequential_take(&d->jpeg);
    cut_columns(d);
    d->started = true;
}

/* May decoding go on? Not after a failure, but for damage that is accepted. */
static bool goes_on(const decoder *d, ibx_error *err) {
    const ibx_jpeg_errors *e = &d->errors;
    if (!d->failed || (e->accept_damage && e->error.code == IBX_FORMAT)) return true;
    if (err) *err = e->error;
    return false;
}

bool ibx_jpeg_skip(void *decoder_, int rows, ibx_error *err) {
    decoder *d = decoder_;
    if (setjmp(d->errors.jump)) {
        d->failed = true;
    } else {
        begin(d);
        jpeg_skip_scanlines(&d->jpeg, (JDIMENSION)rows);
    }
    d->done = rows;
    return goes_on(d, err);
}

/* Fills the strip or strips as far as libjpeg can; jumps at damage. */
static void read_strip(decoder *d, const ibx_strip *s) {
    begin(d);
    if (d->jpeg.raw_data_out) {
        ibx_jpeg_read_components(&d->jpeg, s);
        d->done = s->y + s->rows;
    } else {
        read_rows(d, s);
    }
    /* The end of the file is part of the picture: a file without it was cut off. */
    if (d->done == (int)d->jpeg.output_height) jpeg_finish_decompress(&d->jpeg);
}

/* Rows from `from` on that could not be decoded become medium gray, which is what libjpeg itself
 * takes. */
static void fill_rows(const ibx_strip *s, int from) {
    for (int y = from; y < s->rows; y++)
        memset(s->data + (size_t)y * s->stride, 128, (size_t)s->w * s->planes);
}

static void fill_rest(decoder *d, const ibx_strip *s) {
    if (d->jpeg.raw_data_out) d->done = ibx_min((int)d->jpeg.output_scanline, s->y + s->rows);
    const int from = ibx_max(d->done - s->y, 0), round = (1 << d->chroma.halved_y) - 1;
    fill_rows(s, from);
    for (int c = 1; c < strips(d); c++) fill_rows(&s[c], (from + round) >> d->chroma.halved_y);
    d->done = s->y + s->rows;
}

bool ibx_jpeg_read(void *decoder_, const ibx_strip *strip, ibx_error *err) {
    decoder *d = decoder_;
    if (setjmp(d->errors.jump))
        d->failed = true;
    else if (!d->failed)
        read_strip(d, strip);

    if (!goes_on(d, err)) return false;
    const ibx_jpeg_errors *e = &d->errors;
    if (d->failed) fill_rest(d, strip);
    for (int c = 0; c < strips(d); c++) ibx_strip_touch(&strip[c], true);
    if (err && d->failed)
        *err = e->error;
    else if (err && e->warning.code)
        *err = e->warning;
    return true;
}

void ibx_jpeg_close(void *decoder_) {
    decoder *d = decoder_;
    if (!d) return;
    jpeg_destroy_decompress(&d->jpeg);
    ibx_take_back(d->arrays.lender, d->known);
    ibx_jpeg_arrays_close(&d->arrays);
    ibx_metadata_free(&d->metadata);
    free(d);
}
