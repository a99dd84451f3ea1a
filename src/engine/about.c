/* about.c - what the header of a file says. */
#include "codec/codec.h"
#include "engine/input.h"
#include "engine/limits.h"
#include <stdio.h>

static void describe(const ibx_info *info, ibx_about *about) {
    *about = (ibx_about){.head = info->head,
                         .pages = info->pages,
                         .progressive = info->progressive,
                         .exif = info->metadata.exif.size,
                         .xmp = info->metadata.xmp.size,
                         .iptc = info->metadata.iptc.size};
    about->head.profile = (ibx_bytes){NULL, 0};
    snprintf(about->format, sizeof about->format, "%s", info->format);
    if (info->metadata.profile.size > 0)
        ibx_profile_name(info->metadata.profile, about->profile, sizeof about->profile);
}

/* Opens and closes a decoder on what the input gives. */
static bool read_header(ibx_input *input, const ibx_decode_limits *limits, ibx_about *about,
                        ibx_error *err) {
    const ibx_bytes head = ibx_input_peek(input);
    const size_t n = head.size < 64 ? head.size : 64;
    if (n == 0) return ibx_fail(err, IBX_FORMAT, "is empty");
    const ibx_codec *codec = ibx_codec_for_reading(head.data, n, err);
    if (!codec) return false;
    ibx_info info = {0};
    void *decoder = codec->open(&input->source, limits, &info, err);
    if (!decoder) return false;
    describe(&info, about);
    codec->close(decoder);
    return true;
}

bool ibx_about_file(const char *path, const char *const *allow_loaders, const ibx_limits *limits,
                    ibx_about *about, ibx_error *err) {
    const ibx_limits full = ibx_limits_fill(limits);
    const ibx_decode_limits decoding = {
        .max_pixels = full.max_pixels, .memory = full.memory, .allow_loaders = allow_loaders};
    ibx_desk desk;
    ibx_input input;
    ibx_desk_open(&desk, NULL);
    bool ok = ibx_input_open(&input, &desk, path, err);
    if (ok) {
        ok = read_header(&input, &decoding, about, err);
        ibx_input_close(&input);
    }
    ibx_desk_close(&desk);
    return ok;
}
