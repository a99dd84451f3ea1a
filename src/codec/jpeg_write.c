/* jpeg_write.c - encoding JPEG by libjpeg-turbo.
 *
 * Huffman tables are the standard's unless asked for: optimising them takes 2.4 times the time
 * for 1 % fewer bytes on photographs. Only images so large that they are compressed in bands have
 * restart markers. */
#include "codec/jpeg.h"
#include <stdlib.h>

enum { ROWS = 16, FULL_CHROMA_FROM = 90 };

typedef struct {
    struct jpeg_compress_struct jpeg;
    ibx_jpeg_errors errors;
    uint8_t *inverted;  /* CMYK: one row, as Adobe programs store it */
    bool pressed;       /* bands are appended */
    int bands;          /* so many so far */
    ibx_jpeg_sink sink; /* ends with a buffer */
} encoder;

static bool refuse(const ibx_save_job *job, ibx_error *err) {
    const ibx_head *h = &job->head;
    if (h->w > JPEG_MAX_DIMENSION || h->h > JPEG_MAX_DIMENSION)
        return ibx_fail(err, IBX_USAGE,
                        "%d x %d pixels do not fit into JPEG, which ends at %ld: save as png or "
                        "tiff, or resize first",
                        h->w, h->h, JPEG_MAX_DIMENSION);
    if (h->alpha || job->sample != IBX_U8)
        return ibx_fail(err, IBX_BUG,
                        "the JPEG encoder was given alpha or samples wider than 8 "
                        "bits");
    return true;
}

static bool wants_full_chroma(const ibx_save_jpeg *p) {
    return p->subsampling == IBX_SUBSAMPLING_444 ||
           (p->subsampling == IBX_SUBSAMPLING_AUTO && p->quality >= FULL_CHROMA_FROM);
}

static J_COLOR_SPACE colour_space(ibx_model model) {
    return model == IBX_GRAY ? JCS_GRAYSCALE : model == IBX_RGB ? JCS_RGB : JCS_CMYK;
}

/* Horizontal and vertical sampling factor of the first component; all others are 1. */
static void sampling(const ibx_save_job *job, int *across, int *down) {
    const ibx_save_jpeg *p = job->params;
    const bool full = job->head.model != IBX_RGB || wants_full_chroma(p);
    *across = full ? 1 : 2;
    *down = full || p->subsampling == IBX_SUBSAMPLING_422 ? 1 : 2;
}

ibx_chroma ibx_jpeg_saved_chroma(const ibx_save_job *job) {
    int across, down;
    sampling(job, &across, &down);
    return (ibx_chroma){job->head.model == IBX_RGB, across / 2, down / 2};
}

/* The JFIF header repeats the resolution that EXIF states. */
static void set_density(j_compress_ptr jpeg, const ibx_metadata *m) {
    ibx_density density;
    if (!m || !ibx_metadata_density(m, &density)) return;
    jpeg->density_unit = density.per_cm ? 2 : 1;
    jpeg->X_density = density.x;
    jpeg->Y_density = density.y;
}

static void begin(encoder *e, const ibx_save_job *job) {
    const ibx_save_jpeg *p = job->params;
    j_compress_ptr jpeg = &e->jpeg;
    jpeg_create_compress(jpeg);
    jpeg->dest = &e->sink.base;
    jpeg->image_width = (JDIMENSION)job->head.w;
    jpeg->image_height = (JDIMENSION)job->head.h;
    jpeg->input_components = ibx_planes(&job->head);
    jpeg->in_color_space = job->components ? JCS_YCbCr : colour_space(job->head.model);
    jpeg_set_defaults(jpeg);
    jpeg->raw_data_in = job->components && !job->pressed;
    jpeg_set_quality(jpeg, p->quality, TRUE);
    sampling(job, &jpeg->comp_info[0].h_samp_factor, &jpeg->comp_info[0].v_samp_factor);
    if (p->progressive) jpeg_simple_progression(jpeg);
    jpeg->optimize_coding = p->optimize;
    jpeg->dct_method = JDCT_ISLOW;
    jpeg->restart_in_rows = ibx_jpeg_band_rows(job) / (DCTSIZE * jpeg->comp_info->v_samp_factor);
    set_density(jpeg, job->metadata);
    jpeg_start_compress(jpeg, TRUE);
    ibx_jpeg_markers_write(jpeg, job->metadata, job->head.profile);
}

/* False if there is no memory or libjpeg gave up. */
static bool create_guarded(encoder *e, const ibx_save_job *job) {
    if (setjmp(e->errors.jump)) return false;
    if (job->head.model == IBX_CMYK && !(e->inverted = malloc((size_t)job->head.w * 4)))
        return ibx_fail(&e->errors.error, IBX_MEMORY, "no memory for a row of CMYK");
    e->pressed = job->pressed;
    begin(e, job);
    return true;
}

void *ibx_jpeg_create(ibx_sink *sink, const ibx_save_job *job, ibx_error *err) {
    if (!refuse(job, err)) return NULL;
    encoder *e = malloc(sizeof *e);
    if (!e) return ibx_fail(err, IBX_MEMORY, "no memory for a JPEG encoder"), NULL;
    memset(e, 0, offsetof(encoder, sink)); /* the buffer is larger than many files */
    e->jpeg.err = ibx_jpeg_errors_init(&e->errors, NULL, false);
    ibx_jpeg_sink_init(&e->sink, sink);
    if (create_guarded(e, job)) return e;
    if (err) *err = e->errors.error;
    ibx_jpeg_destroy(e);
    return NULL;
}

/* CMYK goes row by row through a copy, because the strip is not ours to change. */
static void write_inverted(encoder *e, const ibx_strip *s) {
    for (int y = 0; y < s->rows; y++) {
        const uint8_t *from = s->data + (size_t)y * s->stride;
        for (int x = 0; x < s->w * 4; x++) e->inverted[x] = (uint8_t)(255 - from[x]);
        JSAMPROW row = e->inverted;
        jpeg_write_scanlines(&e->jpeg, &row, 1);
    }
}

static void write_rows(encoder *e, const ibx_strip *s) {
    for (int y = 0; y < s->rows;) {
        JSAMPROW row[ROWS];
        const int n = ibx_min(ROWS, s->rows - y);
        for (int i = 0; i < n; i++) row[i] = s->data + (size_t)(y + i) * s->stride;
        y += (int)jpeg_write_scanlines(&e->jpeg, row, (JDIMENSION)n);
    }
}

bool ibx_jpeg_write(void *encoder_, const ibx_strip *strip, ibx_error *err) {
    encoder *e = encoder_;
    if (setjmp(e->errors.jump)) {
        if (err) *err = e->errors.error;
        return false;
    }
    const bool components = e->jpeg.raw_data_in;
    for (int c = 0; c < (components ? IBX_COMPONENTS : 1); c++) ibx_strip_touch(&strip[c], false);
    if (components)
        ibx_jpeg_write_components(&e->jpeg, strip);
    else if (e->inverted)
        write_inverted(e, strip);
    else
        write_rows(e, strip);
    return true;
}

bool ibx_jpeg_append_band(void *encoder_, ibx_bytes band, ibx_error *err) {
    encoder *e = encoder_;
    if (setjmp(e->errors.jump)) {
        if (err) *err = e->errors.error;
        return false;
    }
    const uint8_t restart[] = {0xFF, (uint8_t)(JPEG_RST0 + (e->bands - 1) % 8)};
    if (e->bands == 0)
        jpeg_write_scanlines(&e->jpeg, NULL, 0); /* the rest of the header */
    else
        ibx_jpeg_put(&e->jpeg, restart, sizeof restart);
    ibx_jpeg_put(&e->jpeg, band.data, band.size);
    e->bands++;
    return true;
}

bool ibx_jpeg_finish(void *encoder_, ibx_error *err) {
    static const uint8_t END[] = {0xFF, JPEG_EOI};
    encoder *e = encoder_;
    if (setjmp(e->errors.jump)) {
        if (err) *err = e->errors.error;
        return false;
    }
    if (e->pressed)
        ibx_jpeg_put(&e->jpeg, END, sizeof END);
    else
        jpeg_finish_compress(&e->jpeg);
    return true;
}

void ibx_jpeg_destroy(void *encoder_) {
    encoder *e = encoder_;
    if (!e) return;
    jpeg_destroy_compress(&e->jpeg);
    free(e->inverted);
    free(e);
}

/* Progressive files and optimal tables need the coefficients of the whole image; the others a few
 * rows of blocks. */
size_t ibx_jpeg_encoder_bytes(const ibx_save_job *job) {
    const ibx_save_jpeg *p = job->params;
    const size_t planes = (size_t)ibx_planes(&job->head);
    int across, down;
    sampling(job, &across, &down);
    const size_t w = (size_t)job->head.w + 8 * (size_t)across,
                 h = (size_t)job->head.h + 8 * (size_t)down;
    const size_t rows = w * planes * (size_t)(8 * down) * 4;
    const size_t chroma = (planes - 1) * w * h / (size_t)(across * down);
    const size_t whole = p->progressive || p->optimize ? (w * h + chroma) * sizeof(JCOEF) : 0;
    return sizeof(encoder) + rows + whole;
}
