/* memory.c - copies rows between strips and images in memory. */
#include "engine/memory.h"
#include "core/pixels.h"
#include <stdlib.h>

static bool read_rows(void *decoder, const ibx_strip *strip, ibx_error *err) {
    (void)err;
    ibx_memory_reader *r = decoder;
    const size_t row = (size_t)strip->w * (size_t)strip->planes * ibx_sample_size(strip->sample);
    const uint8_t *from = r->image->pixels;
    for (int i = 0; i < strip->rows; i++, r->y++)
        memcpy(strip->data + (size_t)i * strip->stride, from + (size_t)r->y * r->image->stride,
               row);
    ibx_strip_touch(strip, true);
    return true;
}

static void *create(ibx_sink *sink, const ibx_save_job *job, ibx_error *err) {
    ibx_memory_writer *w = (ibx_memory_writer *)sink;
    ibx_image *image = w->image;
    *image = (ibx_image){.head = job->head, .sample = job->sample};
    image->head.profile = (ibx_bytes){NULL, 0};
    image->stride =
        (size_t)job->head.w * (size_t)ibx_planes(&job->head) * ibx_sample_size(job->sample);
    image->pixels = malloc(image->stride * (size_t)job->head.h);
    if (job->head.profile.size > 0) {
        void *copy = malloc(job->head.profile.size);
        if (copy) memcpy(copy, job->head.profile.data, job->head.profile.size);
        image->head.profile = (ibx_bytes){copy, copy ? job->head.profile.size : 0};
    }
    if (image->pixels) return w;
    ibx_fail(err, IBX_MEMORY, "no memory for an image of %d x %d pixels", job->head.w, job->head.h);
    return NULL;
}

static bool write_rows(void *encoder, const ibx_strip *strip, ibx_error *err) {
    (void)err;
    const ibx_memory_writer *w = encoder;
    uint8_t *to = w->image->pixels;
    ibx_strip_touch(strip, false);
    for (int i = 0; i < strip->rows; i++)
        memcpy(to + (size_t)(strip->y + i) * w->image->stride,
               strip->data + (size_t)i * strip->stride, w->image->stride);
    return true;
}

static bool finish(void *encoder, ibx_error *err) {
    (void)encoder, (void)err;
    return true;
}

static void destroy(void *encoder) {
    (void)encoder;
}

const ibx_codec ibx_codec_memory = {.name = "memory",
                                    .read = read_rows,
                                    .create = create,
                                    .write = write_rows,
                                    .finish = finish,
                                    .destroy = destroy};
