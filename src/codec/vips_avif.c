/* vips_avif.c - see vips_avif.h. */
#include "codec/vips_avif.h"
#include "core/format.h"
#include <libheif/heif.h>
#include <stdlib.h>

/* What libheif needs to be given back. */
typedef struct {
    struct heif_context *context;
    struct heif_encoder *encoder;
    struct heif_encoding_options *options;
    struct heif_color_profile_nclx *colours;
    struct heif_image *image;
    struct heif_image_handle *coded;
} work;

static bool good(struct heif_error e, ibx_error *err) {
    return e.code == heif_error_Ok ||
           ibx_fail(err, e.subcode == heif_suberror_Unspecified ? IBX_MEMORY : IBX_FORMAT,
                    "save:avif: the encoder failed: %s", e.message);
}

/* ---- pixels ---------------------------------------------------------------------------------- */

/* Row y of the store: in place, or read into `row`. */
static const uint8_t *row_of(const ibx_vips_store *store, int y, uint8_t *row) {
    const size_t at = (size_t)y * store->row_bytes;
    const ibx_source file = {.size = (int64_t)store->row_bytes * store->rows, .fd = store->fd};
    if (store->data) return store->data + at;
    return ibx_source_fetch(&file, at, store->row_bytes, row) ? row : NULL;
}

/* Of interleaved samples the first and each `step`th behind it. */
static void take(const uint8_t *from, int step, int count, uint8_t *to) {
    if (step == 1) memcpy(to, from, (size_t)count);
    for (int i = 0; step > 1 && i < count; i++) to[i] = from[i * step];
}

static bool fill(struct heif_image *image, const ibx_vips_store *store, const ibx_head *head,
                 ibx_error *err) {
    const bool gray = head->model == IBX_GRAY;
    const int planes = gray ? ibx_planes(head) : 1;
    const int step = planes, count = head->w * ibx_planes(head) / planes;
    uint8_t *row = malloc(store->row_bytes);
    if (!row) return ibx_fail(err, IBX_MEMORY, "save:avif: no memory for a row");
    const uint8_t *from = row;
    for (int y = 0; y < head->h && from; y++) {
        from = row_of(store, y, row);
        for (int p = 0; p < planes && from; p++) {
            const enum heif_channel channel = !gray ? heif_channel_interleaved
                                              : p   ? heif_channel_Alpha
                                                    : heif_channel_Y;
            int stride;
            uint8_t *to = heif_image_get_plane(image, channel, &stride);
            take(from + p, step, count, to + (size_t)y * (size_t)stride);
        }
    }
    free(row);
    return from || ibx_fail(err, IBX_IO, "save:avif: a temporary file cannot be read");
}

static bool add_planes(struct heif_image *image, const ibx_head *head, ibx_error *err) {
    const int w = head->w, h = head->h;
    if (head->model != IBX_GRAY)
        return good(heif_image_add_plane(image, heif_channel_interleaved, w, h, 8), err);
    return good(heif_image_add_plane(image, heif_channel_Y, w, h, 8), err) &&
           (!head->alpha || good(heif_image_add_plane(image, heif_channel_Alpha, w, h, 8), err));
}

static bool make_image(work *k, const ibx_vips_store *store, const ibx_head *head, ibx_error *err) {
    const bool gray = head->model == IBX_GRAY;
    const enum heif_chroma chroma = gray          ? heif_chroma_monochrome
                                    : head->alpha ? heif_chroma_interleaved_RGBA
                                                  : heif_chroma_interleaved_RGB;
    return good(heif_image_create(head->w, head->h,
                                  gray ? heif_colorspace_monochrome : heif_colorspace_RGB, chroma,
                                  &k->image),
                err) &&
           add_planes(k->image, head, err) && fill(k->image, store, head, err);
}

/* ---- how it is coded ------------------------------------------------------------------------- */

/* Chroma is halved below quality 90, as with JPEG. */
static bool is_full(const ibx_save_avif *p) {
    return p->lossless || p->quality >= 90;
}

static bool set_encoder(struct heif_encoder *encoder, const ibx_save_avif *p, ibx_error *err) {
    return good(heif_encoder_set_lossy_quality(encoder, p->quality), err) &&
           good(heif_encoder_set_lossless(encoder, p->lossless), err) &&
           good(heif_encoder_set_parameter_integer(encoder, "speed", 9 - p->effort), err) &&
           good(heif_encoder_set_parameter_integer(encoder, "threads", 1), err) &&
           good(heif_encoder_set_parameter_string(encoder, "chroma", is_full(p) ? "444" : "420"),
                err);
}

/* sRGB. Exact colours stay R, G and B, which AV1 stores as if they were luma and chroma. */
static bool set_colours(work *k, const ibx_save_job *job, ibx_error *err) {
    const ibx_save_avif *p = job->params;
    const ibx_bytes profile = job->head.profile;
    const bool gray = job->head.model == IBX_GRAY, exact = p->lossless && !gray;
    k->colours->color_primaries = heif_color_primaries_ITU_R_BT_709_5;
    k->colours->transfer_characteristics = heif_transfer_characteristic_IEC_61966_2_1;
    k->colours->matrix_coefficients =
        exact ? heif_matrix_coefficients_RGB_GBR : heif_matrix_coefficients_ITU_R_BT_601_6;
    k->colours->full_range_flag = 1;
    k->options->output_nclx_profile = k->colours;
    k->options->macOS_compatibility_workaround_no_nclx_profile = 0;
    k->options->save_two_colr_boxes_when_ICC_and_nclx_available = exact;
    k->options->image_orientation = (enum heif_orientation)job->head.orientation;
    return good(heif_image_set_nclx_color_profile(k->image, k->colours), err) &&
           (gray || !profile.size ||
            good(heif_image_set_raw_color_profile(k->image, "prof", profile.data, profile.size),
                 err));
}

static bool add_metadata(work *k, const ibx_metadata *m, ibx_error *err) {
    if (!m) return true;
    return (!m->exif.size || good(heif_context_add_exif_metadata(k->context, k->coded, m->exif.data,
                                                                 (int)m->exif.size),
                                  err)) &&
           (!m->xmp.size ||
            good(heif_context_add_XMP_metadata(k->context, k->coded, m->xmp.data, (int)m->xmp.size),
                 err));
}

/* ---- the file -------------------------------------------------------------------------------- */

typedef struct {
    ibx_sink *sink;
    ibx_error *err;
    bool failed;
} forward;

static struct heif_error write_bytes(struct heif_context *context, const void *data, size_t size,
                                     void *user) {
    forward *f = user;
    (void)context;
    f->failed = !f->sink->write(f->sink, data, size, f->err);
    return (struct heif_error){f->failed ? heif_error_Encoding_error : heif_error_Ok,
                               heif_suberror_Cannot_write_output_data, ""};
}

static bool send(struct heif_context *context, ibx_sink *sink, ibx_error *err) {
    struct heif_writer writer = {.writer_api_version = 1, .write = write_bytes};
    forward f = {.sink = sink, .err = err};
    const struct heif_error e = heif_context_write(context, &writer, &f);
    return !f.failed && good(e, err);
}

static void release(work *k) {
    if (k->coded) heif_image_handle_release(k->coded);
    if (k->image) heif_image_release(k->image);
    if (k->colours) heif_nclx_color_profile_free(k->colours);
    if (k->options) heif_encoding_options_free(k->options);
    if (k->encoder) heif_encoder_release(k->encoder);
    if (k->context) heif_context_free(k->context);
}

static bool start(work *k, ibx_error *err) {
    *k = (work){.context = heif_context_alloc(),
                .options = heif_encoding_options_alloc(),
                .colours = heif_nclx_color_profile_alloc()};
    if (!k->context || !k->options || !k->colours)
        return ibx_fail(err, IBX_MEMORY, "save:avif: no memory");
    return good(heif_context_get_encoder_for_format(k->context, heif_compression_AV1, &k->encoder),
                err);
}

bool ibx_vips_avif_send(const ibx_vips_store *store, const ibx_save_job *job, ibx_sink *sink,
                        ibx_error *err) {
    work k;
    const bool fine =
        start(&k, err) && set_encoder(k.encoder, job->params, err) &&
        make_image(&k, store, &job->head, err) && set_colours(&k, job, err) &&
        good(heif_context_encode_image(k.context, k.image, k.encoder, k.options, &k.coded), err) &&
        add_metadata(&k, job->metadata, err) && send(k.context, sink, err);
    release(&k);
    return fine;
}

/* Measured at 8 megapixels. */
double ibx_vips_avif_bytes(const ibx_save_job *job) {
    if (job->head.model == IBX_GRAY) return 25;
    return is_full(job->params) ? 46 : 31;
}
