/* decode.h - what the fuzz targets of the codecs do with a file: decode it strictly and with
 * damage accepted, in one piece and in small ones, and apply every policy to its metadata. */
#ifndef FUZZ_DECODE_H
#define FUZZ_DECODE_H

#include "codec/codec.h"
#include <stdlib.h>

/* Bytes in chunks of `piece`; 0: all at once. */
typedef struct {
    ibx_source source;
    const uint8_t *data;
    size_t left, piece;
} fuzz_source;

static bool fuzz_next(ibx_source *source, const uint8_t **data, size_t *size, ibx_error *err) {
    (void)err;
    fuzz_source *s = (fuzz_source *)source;
    *size = s->piece && s->piece < s->left ? s->piece : s->left;
    *data = s->data;
    s->data += *size;
    s->left -= *size;
    return true;
}

static void fuzz_metadata(const ibx_metadata *m) {
    char text[80];
    ibx_density density;
    ibx_metadata_density(m, &density);
    ibx_profile_name(m->profile, text, sizeof text);
    for (int policy = IBX_META_KEEP; policy <= IBX_META_NO_GPS; policy++) {
        ibx_metadata kept;
        if (!ibx_metadata_apply((ibx_keep)policy, true, 7, 5, m, &kept, NULL)) abort();
        if (ibx_metadata_orientation(&kept) != 1) abort();
        ibx_metadata_free(&kept);
    }
}

static void fuzz_rows(const ibx_codec *codec, void *decoder, const ibx_info *info) {
    const size_t sample = info->sample == IBX_U16 ? 2 : 1;
    const size_t stride = (size_t)info->head.w * (size_t)ibx_planes(&info->head) * sample;
    ibx_strip s = {info->sample, ibx_planes(&info->head), info->head.w, 0, 0, stride, NULL};
    bool ok = true;
    for (; ok && s.y < info->head.h; s.y += s.rows) {
        s.rows = ibx_min(9, info->head.h - s.y);
        s.data = malloc((size_t)s.rows * stride);
        ok = s.data && codec->read(decoder, &s, NULL);
        free(s.data);
    }
}

static void fuzz_decode(const ibx_codec *codec, const uint8_t *data, size_t size) {
    for (int i = 0; i < 4; i++) {
        fuzz_source s = {.source = {.name = "fuzz", .next = fuzz_next, .size = -1, .fd = -1},
                         .data = data,
                         .left = size,
                         .piece = i & 1 ? 5 : 0};
        if (!s.piece) {
            s.source.whole = data;
            s.source.size = (int64_t)size;
        }
        const ibx_decode_limits limits = {
            .max_pixels = 1 << 20, .memory = 64 << 20, .accept_damage = i & 2};
        ibx_info info;
        void *decoder = codec->open(&s.source, &limits, &info, NULL);
        if (decoder) {
            fuzz_metadata(&info.metadata);
            fuzz_rows(codec, decoder, &info);
        }
        codec->close(decoder);
    }
}

#endif
