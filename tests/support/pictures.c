#include "pictures.h"
#include "core/param.h"
#include "core/pixels.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static bool read_rows(const ibx_codec *codec, void *decoder, ways way, picture *p, ibx_error *err) {
    const ibx_head *h = &p->info.head;
    if (way.shrink > 1 && !codec->start(decoder, way.shrink, &p->info, err)) return false;
    if (way.need > 0) codec->columns(decoder, way.left, way.need);
    if (way.skip > 0 && !(codec->skip)(decoder, way.skip, err)) return false;
    const int step = way.strip ? way.strip : h->h;
    const size_t row = (size_t)h->w * (size_t)ibx_planes(h) * ibx_sample_size(p->info.sample);
    p->size = row * (size_t)h->h;
    p->pixels = malloc(p->size);
    assert_non_null(p->pixels);
    memset(p->pixels, 0x5a, p->size);
    for (int y = way.skip; y < h->h; y += step) {
        const ibx_strip s = {.sample = p->info.sample,
                             .planes = ibx_planes(h),
                             .w = h->w,
                             .y = y,
                             .rows = ibx_min(step, h->h - y),
                             .stride = row,
                             .data = p->pixels + row * (size_t)y};
        ibx_error e = {0};
        const bool fine = codec->read(decoder, &s, &e);
        if (e.code != IBX_OK) *err = e;
        if (!fine) return false;
    }
    return true;
}

bool picture_read(blob file, ways way, picture *p, ibx_error *err) {
    *p = (picture){0};
    *err = (ibx_error){0};
    const size_t head = file.size < 64 ? file.size : 64;
    const ibx_codec *codec = ibx_codec_for_reading(file.data, head, err);
    assert_non_null(codec);
    assert_string_equal(codec->name, "vips");
    ibx_source source = {.name = "a file", .size = (int64_t)file.size, .fd = -1};
    if (way.fd > 0)
        source.fd = way.fd;
    else
        source.whole = file.data;
    void *decoder = codec->open(&source, &way.limits, &p->info, err);
    if (!decoder) return false;
    const bool fine = read_rows(codec, decoder, way, p, err);
    codec->close(decoder);
    return fine;
}

void assert_same(const picture *a, const picture *b) {
    assert_int_equal(a->info.head.w, b->info.head.w);
    assert_int_equal(a->size, b->size);
    assert_memory_equal(a->pixels, b->pixels, a->size);
}

void *chart(const ibx_head *h, ibx_sample sample, size_t *size) {
    const int planes = ibx_planes(h);
    *size = (size_t)h->w * (size_t)h->h * (size_t)planes * ibx_sample_size(sample);
    uint8_t *pixels = malloc(*size);
    uint32_t seed = 1;
    size_t i = 0;
    for (int y = 0; y < h->h; y++)
        for (int x = 0; x < h->w; x++)
            for (int c = 0; c < planes; c++, i++) {
                seed = seed * 1664525 + 1013904223;
                const double smooth = 0.5 + 0.4 * sin(x * 0.05 + c) * cos(y * 0.04 - c);
                const double v = smooth * 60000 + (seed >> 22);
                if (sample == IBX_U16)
                    ((uint16_t *)(void *)pixels)[i] = (uint16_t)v;
                else
                    pixels[i] = (uint8_t)(v / 257);
            }
    return pixels;
}

static double sample_at(const void *pixels, ibx_sample sample, size_t i) {
    return sample == IBX_U16 ? ((const uint16_t *)pixels)[i] / 257.0 : ((const uint8_t *)pixels)[i];
}

double worst(const picture *p, const void *pixels, const ibx_head *h) {
    const int n = ibx_planes(h), m = ibx_planes(&p->info.head);
    const bool from_gray = n < 3 && m >= 3;
    double most = 0;
    for (size_t i = 0; i < (size_t)h->w * (size_t)h->h; i++)
        for (int c = 0; c < m; c++) {
            const int from = !from_gray ? c : c < 3 ? 0 : 1;
            const double a = sample_at(p->pixels, p->info.sample, i * (size_t)m + (size_t)c);
            const double b =
                from < n ? sample_at(pixels, p->info.sample, i * (size_t)n + (size_t)from) : 255;
            most = fmax(most, fabs(a - b));
        }
    return most;
}

void *params_of(const ibx_format *format, const char *settings) {
    void *params = ibx_params_new(format->params, format->params_size);
    char *copy = strdup(settings), *rest = copy;
    for (char *word; (word = strsep(&rest, ","));) {
        char *value = strchr(word, '=');
        if (!value) continue;
        *value++ = 0;
        ibx_error err = {0};
        const ibx_param *row = ibx_param_find(format->params, word);
        assert_non_null(row);
        assert_true(ibx_param_set(row, params, value, "save", &err));
    }
    free(copy);
    return params;
}

task task_of(const char *format, const char *settings, int w, int h, ibx_model model, bool alpha,
             ibx_sample sample) {
    const ibx_head head = {.w = w,
                           .h = h,
                           .model = model,
                           .alpha = alpha,
                           .orientation = 1,
                           .depth = sample == IBX_U16 ? 16 : 8,
                           .shrink = 1,
                           .full_w = w,
                           .full_h = h};
    return (task){format, settings, head, sample, NULL};
}

bool write_file(const task *t, const void *pixels, int strip, blob *out, ibx_error *err) {
    static const ibx_metadata NONE = {0};
    const ibx_format *format = ibx_format_find(t->format);
    void *params = params_of(format, t->settings);
    const ibx_save_job job = {.head = t->head,
                              .sample = t->sample,
                              .format = format,
                              .params = params,
                              .metadata = t->metadata ? t->metadata : &NONE};
    const bool fine = encode(&job, pixels, strip, out, err);
    ibx_params_free(format->params, params);
    return fine;
}
