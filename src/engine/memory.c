/* memory.c - images in memory, whose pixels are used in place. */
#include "engine/memory.h"
#include "core/large.h"
#include "core/pixels.h"
#include <stdlib.h>

static ibx_strip pixels(void *coder) {
    const ibx_image *image = coder;
    return (ibx_strip){.sample = image->sample,
                       .planes = ibx_planes(&image->head),
                       .w = image->head.w,
                       .rows = image->head.h,
                       .stride = image->stride,
                       .data = image->pixels};
}

static void *create(ibx_sink *sink, const ibx_save_job *job, ibx_error *err) {
    ibx_image *image = ((ibx_memory_writer *)sink)->image;
    *image = (ibx_image){.head = job->head, .sample = job->sample};
    image->head.profile = (ibx_bytes){NULL, 0};
    image->stride =
        (size_t)job->head.w * (size_t)ibx_planes(&job->head) * ibx_sample_size(job->sample);
    image->pixels = ibx_large_alloc(image->stride * (size_t)job->head.h);
    if (job->head.profile.size > 0) {
        void *copy = malloc(job->head.profile.size);
        if (copy) memcpy(copy, job->head.profile.data, job->head.profile.size);
        image->head.profile = (ibx_bytes){copy, copy ? job->head.profile.size : 0};
    }
    if (image->pixels) return image;
    ibx_fail(err, IBX_MEMORY, "no memory for an image of %d x %d pixels", job->head.w, job->head.h);
    return NULL;
}

static bool finish(void *encoder, ibx_error *err) {
    (void)encoder, (void)err;
    return true;
}

static void destroy(void *encoder) {
    (void)encoder;
}

const ibx_codec ibx_codec_memory = {
    .name = "memory", .pixels = pixels, .create = create, .finish = finish, .destroy = destroy};
