/* png - fuzzes the PNG reader; see decode.h. With clang: -fsanitize=fuzzer,address,undefined;
 * without, replay.c runs the corpus.
 *
 * Every input is used in three ways: as a file; as a file whose checksums are put right, or nothing
 * that is changed would get beyond them; and as the filtered rows of an image, in a file made
 * around them. The last two must decode as libpng decodes them, or be refused like it. */
#include "decode.h"
#include "libpng.h"
#include <stdio.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_PIXELS = 1 << 20 };

static void demand(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static uint32_t number(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_number(uint8_t *p, uint32_t v) {
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* ---- comparing ----------------------------------------------------------------------------- */

/* Our rows, packed; NULL if the file is refused. */
static uint8_t *our_rows(void *decoder, const ibx_info *info, size_t stride, ibx_error *err) {
    ibx_strip s = {info->sample, ibx_planes(&info->head), info->head.w, 0, 0, stride, NULL};
    uint8_t *pixels = malloc((size_t)info->head.h * stride);
    bool ok = pixels != NULL;
    for (; ok && s.y < info->head.h; s.y += s.rows) {
        s.rows = ibx_min(7, info->head.h - s.y);
        s.data = pixels + (size_t)s.y * stride;
        ok = ibx_codec_png.read(decoder, &s, err);
    }
    if (ok) return pixels;
    free(pixels);
    return NULL;
}

/* libpng looks at the end of the compressed data only as far as it lies in the chunk of the last
 * pixels. We look at all of it. */
static bool is_stricter(const char *why) {
    return strstr(why, "IDAT: incorrect data check") != NULL;
}

static void compare_rows(const ibx_info *info, size_t stride, const uint8_t *pixels,
                         const uint8_t *data, size_t size) {
    int w = 0, h = 0;
    size_t their_stride = 0;
    uint8_t *theirs = libpng_decode(data, size, &w, &h, &their_stride);
    demand(!pixels == !theirs, pixels ? "libpng refuses this file" : "libpng reads this file");
    if (theirs) {
        demand(w == info->head.w && h == info->head.h && stride == their_stride, "another size");
        demand(memcmp(pixels, theirs, stride * (size_t)h) == 0, "other pixels");
    }
    free(theirs);
}

static void compare(const uint8_t *data, size_t size, bool accept_damage) {
    ibx_memory_source s;
    ibx_memory_source_init(&s, "fuzz", data, size);
    const ibx_decode_limits limits = {.max_pixels = MAX_PIXELS, .accept_damage = accept_damage};
    ibx_info info;
    ibx_error err = {0};
    void *decoder = ibx_codec_png.open(&s.source, &limits, &info, &err);
    uint8_t *pixels = NULL;
    size_t stride = 0;
    if (decoder) {
        stride =
            (size_t)info.head.w * (size_t)ibx_planes(&info.head) * (info.sample == IBX_U16 ? 2 : 1);
        pixels = our_rows(decoder, &info, stride, &err);
    }
    if (!pixels && is_stricter(err.text)) {
        int w, h;
        uint8_t *theirs = libpng_decode(data, size, &w, &h, &stride);
        if (theirs) compare(data, size, true); /* all rows are there all the same */
        free(theirs);
    } else if (err.code != IBX_LIMIT && err.code != IBX_MEMORY) {
        compare_rows(&info, stride, pixels, data, size);
    }
    free(pixels);
    ibx_codec_png.close(decoder);
}

/* ---- checksums put right ------------------------------------------------------------------- */

static void compare_repaired(const uint8_t *data, size_t size) {
    uint8_t *copy = malloc(size + 1);
    demand(copy != NULL, "no memory");
    if (size) memcpy(copy, data, size);
    for (size_t at = 8; size >= 12 && at <= size - 12;) {
        const size_t n = number(copy + at);
        if (n > size - at - 12) break;
        put_number(copy + at + 8 + n, (uint32_t)crc32(0, copy + at + 4, (uInt)n + 4));
        at += n + 12;
    }
    compare(copy, size, false);
    free(copy);
}

/* ---- a file around rows -------------------------------------------------------------------- */

static size_t put_chunk(uint8_t *to, const char type[4], const uint8_t *data, size_t size) {
    put_number(to, (uint32_t)size);
    memcpy(to + 4, type, 4);
    if (size) memcpy(to + 8, data, size);
    put_number(to + 8 + size, (uint32_t)crc32(0, to + 4, (uInt)size + 4));
    return size + 12;
}

/* The first three bytes tell width, kind and compression; the others are filtered rows, with types
 * of 0 to 4 but for a few. */
static void compare_around_rows(const uint8_t *data, size_t size) {
    static const uint8_t KIND[][3] = {{0, 8, 1},  {4, 8, 2},  {2, 8, 3},  {6, 8, 4},
                                      {0, 16, 2}, {4, 16, 4}, {2, 16, 6}, {6, 16, 8}};
    if (size < 20) return;
    const uint8_t *kind = KIND[data[1] % 8];
    const size_t w = 1 + data[0] % 77, line = 1 + w * kind[2], h = (size - 3) / line;
    if (!h) return;
    uLongf n = compressBound((uLong)(h * line));
    uint8_t *rows = malloc(h * line), *packed = malloc(n), *file = malloc(n + 100);
    demand(rows && packed && file, "no memory");
    memcpy(rows, data + 3, h * line);
    for (size_t y = 0; y < h; y++) rows[y * line] %= rows[y * line] < 250 ? 5 : 8;
    compress2(packed, &n, rows, (uLong)(h * line), data[2] % 10);
    uint8_t header[13] = {[8] = kind[1], [9] = kind[0]};
    put_number(header, (uint32_t)w);
    put_number(header + 4, (uint32_t)h);
    size_t at = 8;
    memcpy(file, "\x89PNG\r\n\x1a\n", 8);
    at += put_chunk(file + at, "IHDR", header, sizeof header);
    at += put_chunk(file + at, "IDAT", packed, n);
    at += put_chunk(file + at, "IEND", NULL, 0);
    compare(file, at, false);
    free(rows);
    free(packed);
    free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_decode(&ibx_codec_png, data, size);
    compare_repaired(data, size);
    compare_around_rows(data, size);
    return 0;
}
