/* vips_write.c - TIFF, WebP and GIF through libvips, AVIF through libheif.
 *
 * These encoders need the whole picture, or want it in their own order. Rows are collected in a
 * store; `finish` gives it to libvips as an image and forwards what comes out: at once, or from an
 * unnamed file where the encoder goes back in it, or where EXIF is ours to put in. */
#include "codec/exif.h"
#include "codec/vips.h"
#include "codec/vips_avif.h"
#include "codec/vips_exif.h"
#include "codec/webp.h"
#include "core/pixels.h"
#include <unistd.h>

/* One format: what it can hold, and how libvips writes it. */
typedef struct {
    const char *name;
    int side;              /* pixels of the longest side that the format has */
    bool deep, gray, cmyk; /* it holds 16 bit, gray as such, CMYK */
    /* Bytes that the encoder takes per pixel beside the store, measured at 10 megapixels. */
    double (*bytes)(const ibx_save_job *job);
    int (*save)(VipsImage *image, VipsTarget *target, const ibx_save_job *job);
    /* Puts the job's EXIF into a file that libvips wrote and sends it; NULL: its bytes are sent as
     * they come. */
    bool (*send)(int fd, const ibx_save_job *job, ibx_sink *sink, ibx_error *err);
    /* Instead of both, without libvips. */
    bool (*alone)(const ibx_vips_store *store, const ibx_save_job *job, ibx_sink *sink,
                  ibx_error *err);
    bool (*check)(const ibx_save_job *job, ibx_error *err); /* or NULL */
} writer;

typedef struct {
    ibx_sink *sink;
    ibx_save_job job;
    const writer *writer;
    ibx_vips_store store;
    int rows; /* that have come */
} encoder;

/* ---- the formats ----------------------------------------------------------------------------- */

static ibx_bytes exif_of(const ibx_save_job *job) {
    return job->metadata ? job->metadata->exif : (ibx_bytes){0};
}

/* The last of them is the file, which is kept in memory as the store is. */
static double webp_bytes(const ibx_save_job *job) {
    return ((const ibx_save_webp *)job->params)->lossless ? 25 + 3 : 6 + 1;
}

static int save_webp(VipsImage *image, VipsTarget *target, const ibx_save_job *job) {
    const ibx_save_webp *p = job->params;
    return vips_webpsave_target(image, target, "Q", p->quality, "lossless", p->lossless, "effort",
                                p->effort, NULL);
}

static bool send_webp(int fd, const ibx_save_job *job, ibx_sink *sink, ibx_error *err) {
    const ibx_source file = {.name = "the WebP", .size = lseek(fd, 0, SEEK_END), .fd = fd};
    return ibx_webp_send(&file, exif_of(job), &job->head, sink, err);
}

static double gif_bytes(const ibx_save_job *job) {
    (void)job;
    return 12;
}

/* A palette of 2^n colours: the most that do not exceed what was asked for. */
static int save_gif(VipsImage *image, VipsTarget *target, const ibx_save_job *job) {
    const ibx_save_gif *p = job->params;
    int bits = 1;
    while (bits < 8 && 2 << bits <= p->colours) bits++;
    return vips_gifsave_target(image, target, "bitdepth", bits, "dither", (double)p->dither,
                               "effort", p->effort, NULL);
}

static VipsForeignTiffCompression tiff_compression(const ibx_save_tiff *p) {
    switch (p->compression) {
    case IBX_TIFF_LZW:
        return VIPS_FOREIGN_TIFF_COMPRESSION_LZW;
    case IBX_TIFF_DEFLATE:
        return VIPS_FOREIGN_TIFF_COMPRESSION_DEFLATE;
    case IBX_TIFF_JPEG:
        return VIPS_FOREIGN_TIFF_COMPRESSION_JPEG;
    case IBX_TIFF_ZSTD:
        return VIPS_FOREIGN_TIFF_COMPRESSION_ZSTD;
    default:
        return VIPS_FOREIGN_TIFF_COMPRESSION_NONE;
    }
}

static size_t frame_size(const ibx_save_job *job) {
    return (size_t)job->head.w * (size_t)job->head.h * (size_t)ibx_planes(&job->head) *
           ibx_sample_size(job->sample);
}

/* Do the rows, and a file in which libtiff goes back, wait on disk? */
static bool is_on_disk(const ibx_save_job *job) {
    return frame_size(job) > IBX_VIPS_HEAP && !job->in_memory;
}

/* The file, as long as it is kept in memory, and for a pyramid the next levels. */
static double tiff_bytes(const ibx_save_job *job) {
    const ibx_save_tiff *p = job->params;
    const double pixel = (double)ibx_planes(&job->head) * (double)ibx_sample_size(job->sample);
    return pixel * ((is_on_disk(job) ? 0 : 1) + (p->pyramid ? 5 : 0));
}

/* Classic TIFF has 32-bit offsets. Whether a compressed picture will fit is known too late, so
 * what could exceed 3.5 GB becomes BigTIFF. */
static int save_tiff(VipsImage *image, VipsTarget *target, const ibx_save_job *job) {
    const ibx_save_tiff *p = job->params;
    const bool big = p->bigtiff || frame_size(job) > (size_t)3584 << 20;
    return vips_tiffsave_target(image, target, "compression", tiff_compression(p), "predictor",
                                VIPS_FOREIGN_TIFF_PREDICTOR_HORIZONTAL, "Q", p->quality, "tile",
                                p->tiled || p->pyramid, "tile_width", 256, "tile_height", 256,
                                "pyramid", p->pyramid, "bigtiff", big, NULL);
}

static bool send_tiff(int fd, const ibx_save_job *job, ibx_sink *sink, ibx_error *err) {
    return ibx_vips_exif_append(fd, exif_of(job), err) && ibx_vips_send_file(fd, sink, err);
}

static bool check_tiff(const ibx_save_job *job, ibx_error *err) {
    const ibx_save_tiff *p = job->params;
    if (p->compression != IBX_TIFF_JPEG) return true;
    if (job->sample == IBX_U16)
        return ibx_fail(err, IBX_USAGE,
                        "save:tiff: compression=jpeg holds 8 bits per sample; add depth=8 or take "
                        "compression=deflate");
    if (job->head.alpha)
        return ibx_fail(err, IBX_USAGE,
                        "save:tiff: compression=jpeg holds no transparency; flatten the image or "
                        "take compression=deflate");
    return true;
}

static const writer WRITERS[] = {
    {.name = "tiff",
     .side = 1 << 30,
     .deep = true,
     .gray = true,
     .cmyk = true,
     .bytes = tiff_bytes,
     .save = save_tiff,
     .send = send_tiff,
     .check = check_tiff},
    {.name = "webp", .side = 16383, .bytes = webp_bytes, .save = save_webp, .send = send_webp},
    {.name = "avif",
     .side = 16384,
     .gray = true,
     .bytes = ibx_vips_avif_bytes,
     .alone = ibx_vips_avif_send},
    {.name = "gif", .side = 65535, .bytes = gif_bytes, .save = save_gif},
};

static const writer *writer_of(const ibx_save_job *job) {
    for (size_t i = 0; i < G_N_ELEMENTS(WRITERS); i++)
        if (!strcmp(WRITERS[i].name, job->format->name)) return &WRITERS[i];
    return NULL;
}

size_t ibx_vips_encoder_bytes(const ibx_save_job *job) {
    const writer *w = writer_of(job);
    const size_t held = is_on_disk(job) ? IBX_VIPS_HEAP : frame_size(job);
    const double pixels = (double)job->head.w * job->head.h;
    return held + (size_t)(pixels * (w ? w->bytes(job) : 0)) + ((size_t)4 << 20);
}

/* ---- collecting rows ------------------------------------------------------------------------- */

static bool can_hold(const writer *w, const ibx_save_job *job, ibx_error *err) {
    const ibx_head *h = &job->head;
    if (h->w > w->side || h->h > w->side)
        return ibx_fail(err, IBX_USAGE,
                        "save:%s: %d x %d pixels are more than the %d per side that the format "
                        "has; resize the image or take another format",
                        w->name, h->w, h->h, w->side);
    if (h->model == IBX_CMYK && !w->cmyk)
        return ibx_fail(err, IBX_USAGE,
                        "save:%s: the format holds no CMYK; convert the colours to sRGB first",
                        w->name);
    if (job->sample != IBX_U8 && !(job->sample == IBX_U16 && w->deep))
        return ibx_fail(err, IBX_BUG, "save:%s: samples of this depth cannot be written", w->name);
    return !w->check || w->check(job, err);
}

void *ibx_vips_create(ibx_sink *sink, const ibx_save_job *job, ibx_error *err) {
    const writer *w = writer_of(job);
    if (!w) return ibx_fail(err, IBX_BUG, "save:%s: no encoder", job->format->name), NULL;
    if (!ibx_vips_start(err) || !can_hold(w, job, err)) return NULL;
    encoder *e = g_new0(encoder, 1);
    *e = (encoder){.sink = sink, .job = *job, .writer = w};
    const size_t row_bytes =
        (size_t)job->head.w * (size_t)ibx_planes(&job->head) * ibx_sample_size(job->sample);
    if (ibx_vips_store_open(&e->store, row_bytes, job->head.h, job->in_memory, err)) return e;
    ibx_vips_destroy(e);
    return NULL;
}

bool ibx_vips_write(void *encoder_, const ibx_strip *strip, ibx_error *err) {
    encoder *e = encoder_;
    if (strip->rows > e->job.head.h - e->rows)
        return ibx_fail(err, IBX_BUG, "save:%s: too many rows", e->writer->name);
    ibx_strip_touch(strip, false);
    if (!ibx_vips_store_put(&e->store, e->rows, strip, err)) return false;
    e->rows += strip->rows;
    return true;
}

void ibx_vips_destroy(void *encoder_) {
    encoder *e = encoder_;
    if (!e) return;
    ibx_vips_store_close(&e->store);
    g_free(e);
}

/* ---- the file -------------------------------------------------------------------------------- */

static VipsInterpretation interpretation(const ibx_save_job *job) {
    const bool deep = job->sample == IBX_U16;
    if (job->head.model == IBX_CMYK) return VIPS_INTERPRETATION_CMYK;
    if (job->head.model == IBX_GRAY)
        return deep ? VIPS_INTERPRETATION_GREY16 : VIPS_INTERPRETATION_B_W;
    return deep ? VIPS_INTERPRETATION_RGB16 : VIPS_INTERPRETATION_sRGB;
}

static void attach(VipsImage *image, const char *name, ibx_bytes block) {
    if (block.size) vips_image_set_blob_copy(image, name, block.data, block.size);
}

/* Pixels per millimetre as in EXIF, which TIFF has as tags of its own; else 72 per inch. */
static void resolution(const ibx_metadata *m, double *x, double *y, const char **unit) {
    ibx_exif exif;
    *unit = "in";
    *x = *y = 72 / 25.4;
    if (!m || !ibx_exif_open(&exif, m->exif.data, m->exif.size)) return;
    const bool cm = ibx_exif_number(&exif, IBX_EXIF_RESOLUTION_UNIT, 2) == 3;
    const double mm = cm ? 10 : 25.4;
    const double h = ibx_exif_fraction(&exif, IBX_EXIF_X_RESOLUTION) / mm;
    const double v = ibx_exif_fraction(&exif, IBX_EXIF_Y_RESOLUTION) / mm;
    if (cm) *unit = "cm";
    if (h > 0) *x = h;
    if (v > 0) *y = v;
}

/* EXIF is put in behind the encoder. IPTC stays behind: only TIFF could hold it, and there libvips
 * writes a quarter of it. A gray profile cannot describe the RGB that some formats make of gray. */
static void attach_metadata(VipsImage *image, const encoder *e) {
    if (e->job.head.model != IBX_GRAY || e->writer->gray)
        attach(image, VIPS_META_ICC_NAME, e->job.head.profile);
    if (e->job.metadata) attach(image, VIPS_META_XMP_NAME, e->job.metadata->xmp);
}

/* The store as an image of libvips; the store must outlive it. */
static VipsImage *as_image(encoder *e) {
    const ibx_head *h = &e->job.head;
    VipsImage *plain =
        ibx_vips_store_image(&e->store, h->w, ibx_planes(h),
                             e->job.sample == IBX_U16 ? VIPS_FORMAT_USHORT : VIPS_FORMAT_UCHAR);
    VipsImage *image = NULL;
    if (!plain) return NULL;
    double x, y;
    const char *unit;
    resolution(e->job.metadata, &x, &y, &unit);
    const int failed = vips_copy(plain, &image, "interpretation", interpretation(&e->job), "xres",
                                 x, "yres", y, NULL);
    g_object_unref(plain);
    if (failed) return NULL;
    vips_image_set_string(image, VIPS_META_RESOLUTION_UNIT, unit);
    if (h->orientation != 1) vips_image_set_int(image, VIPS_META_ORIENTATION, h->orientation);
    attach_metadata(image, e);
    return image;
}

static bool encode(const encoder *e, VipsImage *image, VipsTarget *target, ibx_error *err) {
    if (!e->writer->save(image, target, &e->job)) return true;
    char where[32];
    g_snprintf(where, sizeof where, "save:%s", e->writer->name);
    return ibx_vips_fail(err, IBX_FORMAT, where, "the encoder failed");
}

/* GIF is written from front to end. */
static bool encode_to_sink(const encoder *e, VipsImage *image, ibx_error *err) {
    ibx_vips_forward forward = {.sink = e->sink};
    VipsTarget *target = ibx_vips_target(&forward);
    bool fine = encode(e, image, target, err);
    g_object_unref(target);
    if (forward.err.code == IBX_OK) return fine;
    if (err) *err = forward.err;
    return false;
}

/* libtiff goes back to fill in what it learnt later; and RIFF says at its start how long it is. */
static bool encode_to_file(const encoder *e, VipsImage *image, ibx_error *err) {
    const int fd = ibx_vips_unnamed_file(0, !e->store.data, err);
    if (fd < 0) return false;
    VipsTarget *target = vips_target_new_to_descriptor(fd);
    const bool fine = target && encode(e, image, target, err);
    if (target) g_object_unref(target);
    const bool sent = fine && e->writer->send(fd, &e->job, e->sink, err);
    close(fd);
    return sent;
}

bool ibx_vips_finish(void *encoder_, ibx_error *err) {
    encoder *e = encoder_;
    if (e->rows != e->job.head.h)
        return ibx_fail(err, IBX_BUG, "save:%s: rows are missing", e->writer->name);
    if (e->writer->alone) return e->writer->alone(&e->store, &e->job, e->sink, err);
    VipsImage *image = as_image(e);
    if (!image) return ibx_vips_fail(err, IBX_MEMORY, "save", "no image could be made");
    const bool fine =
        e->writer->send ? encode_to_file(e, image, err) : encode_to_sink(e, image, err);
    g_object_unref(image);
    return fine;
}
