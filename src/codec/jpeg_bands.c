/* jpeg_bands.c - bands of a large JPEG, compressed in any order.
 *
 * A restart marker (ITU-T T.81, F.1.1.5) sets the predictions of the decoder to zero, as at the
 * start of an image. So what lies between two markers is what an image of those rows alone would
 * have behind its header. */
#include "codec/jpeg.h"
#include <stdlib.h>

/* Images from this size on have markers. Smaller ones are hardly ever alone on a machine, and
 * markers would make their decoders slower. */
enum { LEAST_PIXELS = 1 << 26, BAND_ROWS = 32 };

int ibx_jpeg_band_rows(const ibx_save_job *job) {
    const ibx_save_jpeg *p = job->params;
    const bool large = (int64_t)job->head.w * job->head.h >= LEAST_PIXELS;
    return large && !p->progressive && !p->optimize ? BAND_ROWS : 0;
}

typedef struct {
    ibx_save_job job; /* of a band */
    ibx_memory_sink sink;
    ibx_bytes scan; /* in the sink */
} press;

static void *create(const ibx_save_job *job, ibx_error *err) {
    press *p = calloc(1, sizeof *p);
    if (!p) return ibx_fail(err, IBX_MEMORY, "no memory for a JPEG encoder"), NULL;
    p->job = *job;
    p->job.pressed = false;
    p->job.metadata = NULL;
    p->job.head.profile = (ibx_bytes){NULL, 0};
    ibx_memory_sink_init(&p->sink);
    return p;
}

static void destroy(void *press_) {
    press *p = press_;
    if (!p) return;
    free(p->sink.data);
    free(p);
}

static size_t bytes(const ibx_save_job *job) {
    ibx_save_job band = *job;
    band.head.h = BAND_ROWS;
    const size_t samples = (size_t)job->head.w * BAND_ROWS * (size_t)ibx_planes(&job->head);
    return sizeof(press) + ibx_jpeg_encoder_bytes(&band) + 2 * samples; /* sinks grow twofold */
}

/* What lies between the header and the end of the image. */
static ibx_bytes scan_of(const ibx_memory_sink *file) {
    size_t at = 2;
    while (file->data[at + 1] != 0xDA /* SOS */)
        at += 2 + (size_t)(file->data[at + 2] << 8 | file->data[at + 3]);
    at += 2 + (size_t)(file->data[at + 2] << 8 | file->data[at + 3]);
    return (ibx_bytes){file->data + at, file->size - at - 2};
}

static bool press_band(void *press_, const ibx_strip *band, ibx_error *err) {
    press *p = press_;
    p->sink.size = 0;
    p->job.head.h = band->rows;
    void *encoder = ibx_jpeg_create(&p->sink.sink, &p->job, err);
    const bool ok = encoder && ibx_jpeg_write(encoder, band, err) && ibx_jpeg_finish(encoder, err);
    ibx_jpeg_destroy(encoder);
    if (ok) p->scan = scan_of(&p->sink);
    return ok;
}

static bool append(void *encoder, void *press_, ibx_error *err) {
    return ibx_jpeg_append_band(encoder, ((press *)press_)->scan, err);
}

const ibx_band_codec ibx_jpeg_bands = {.rows = ibx_jpeg_band_rows,
                                       .create = create,
                                       .destroy = destroy,
                                       .bytes = bytes,
                                       .press = press_band,
                                       .append = append};
