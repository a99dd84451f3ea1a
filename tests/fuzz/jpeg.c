/* jpeg - fuzzes the JPEG reader; see decode.h. With clang: -fsanitize=fuzzer,address,undefined;
 * without, replay.c runs the corpus.
 *
 * Files in memory have their entropy decoded by us, others by libjpeg (codec/jpeg_entropy.h): both
 * must come to the same pixels and the same sentences. */
#include "decode.h"
#include "decoded.h"
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what, const ibx_error err[2]) {
    if (holds) return;
    fprintf(stderr, "%s: [%s] [%s]\n", what, err[0].text, err[1].text);
    abort();
}

static void compare(blob file, how h) {
    decoded ours, libjpegs;
    ibx_error err[2];
    h.max_pixels = 1 << 20;
    h.memory = 64 << 20;
    const bool ok = decode(file, h, &ours, &err[0]);
    h.piece = file.size;
    h.seeks = true;
    const bool libjpegs_ok = decode(file, h, &libjpegs, &err[1]);
    demand(ok == libjpegs_ok, "one way it is refused", err);
    demand(strcmp(err[0].text, err[1].text) == 0, "other sentences", err);
    if (!ok) return;
    demand(ours.info.head.h == libjpegs.info.head.h && ours.stride == libjpegs.stride &&
               memcmp(ours.pixels, libjpegs.pixels, ours.stride * (size_t)ours.info.head.h) == 0,
           "other pixels", err);
    decoded_free(&ours);
    decoded_free(&libjpegs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t *copy = malloc(size + 1);
    if (!copy) abort();
    if (size) memcpy(copy, data, size);
    const blob file = {copy, size};
    fuzz_decode(&ibx_codec_jpeg, copy, size);
    if (ibx_codec_jpeg.sniff(data, size))
        for (int accept = 0; accept < 2; accept++) {
            compare(file, (how){.strip = 9, .accept_damage = accept});
            compare(file, (how){.strip = 9, .accept_damage = accept, .shrink = 2, .reduction = 8});
            compare(file,
                    (how){.strip = 9, .accept_damage = accept, .skip = 17, .left = 9, .need = 5});
        }
    free(copy);
    return 0;
}
