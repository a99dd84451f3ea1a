/* webp.c - see webp.h. A RIFF file is "RIFF", the size of what follows, "WEBP", and chunks: four
 * letters, the size of the data, the data, and a zero where that size is odd. Numbers are
 * little-endian. */
#include "codec/webp.h"
#include <stdlib.h>

enum { CHUNK_HEAD = 8, FILE_HEAD = 12, VP8X_SIZE = 18, HAS_EXIF = 0x08, HAS_ALPHA = 0x10 };

typedef struct {
    char name[4];
    uint64_t at, size; /* of all of it */
} chunk;

static uint32_t get(const uint8_t *p) {
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put(uint8_t *p, int bytes, uint32_t v) {
    for (int i = 0; i < bytes; i++) p[i] = (uint8_t)(v >> 8 * i);
}

static bool is(const chunk *c, const char *name) {
    return memcmp(c->name, name, 4) == 0;
}

/* The chunk behind *c; the first behind one of FILE_HEAD bytes at 0. False at the end. */
static bool next(const ibx_source *webp, chunk *c) {
    uint8_t head[CHUNK_HEAD];
    c->at += c->size;
    if (!ibx_source_fetch(webp, c->at, CHUNK_HEAD, head)) return false;
    const uint64_t data = get(head + 4);
    memcpy(c->name, head, 4);
    c->size = CHUNK_HEAD + data + (data & 1);
    return true;
}

static const chunk START = {.size = FILE_HEAD};

/* Does it begin as a WebP, and are all chunks inside it? *kept becomes the size of those that go as
 * they are. */
static bool measure(const ibx_source *webp, uint64_t *kept) {
    uint8_t head[FILE_HEAD];
    *kept = 0;
    if (!ibx_source_fetch(webp, 0, FILE_HEAD, head) || memcmp(head, "RIFF", 4) != 0 ||
        memcmp(head + 8, "WEBP", 4) != 0)
        return false;
    chunk c = START;
    while (next(webp, &c))
        if (!is(&c, "VP8X") && !is(&c, "EXIF")) *kept += c.size;
    return *kept && c.at == (uint64_t)webp->size;
}

/* The first chunk of files that have more than an image: what there is, and the canvas. False:
 * this file needs none. */
static bool make_vp8x(const ibx_source *webp, bool exif, const ibx_head *head,
                      uint8_t vp8x[VP8X_SIZE]) {
    chunk first = START;
    if (next(webp, &first) && is(&first, "VP8X") && first.size == VP8X_SIZE) {
        if (!ibx_source_fetch(webp, first.at, VP8X_SIZE, vp8x)) return false;
    } else {
        if (!exif) return false;
        memcpy(vp8x, "VP8X\x0a\0\0\0", CHUNK_HEAD);
        put(vp8x + 8, 4, head->alpha ? HAS_ALPHA : 0);
        put(vp8x + 12, 3, (uint32_t)head->w - 1);
        put(vp8x + 15, 3, (uint32_t)head->h - 1);
    }
    vp8x[8] = (uint8_t)((vp8x[8] & ~HAS_EXIF) | (exif ? HAS_EXIF : 0));
    return true;
}

/* The file's header, and VP8X. */
static bool send_head(const ibx_source *webp, uint64_t kept, ibx_bytes exif, const ibx_head *head,
                      ibx_sink *sink, ibx_error *err) {
    uint8_t start[FILE_HEAD + VP8X_SIZE] = "RIFF----WEBP";
    const bool extended = make_vp8x(webp, exif.size > 0, head, start + FILE_HEAD);
    const size_t size = FILE_HEAD + (extended ? VP8X_SIZE : 0);
    uint64_t all = size - CHUNK_HEAD + kept;
    if (exif.size) all += CHUNK_HEAD + exif.size + (exif.size & 1);
    if (all > UINT32_MAX - 1)
        return ibx_fail(err, IBX_USAGE, "save:webp: the file exceeds the 4 GB that it can have");
    put(start + 4, 4, (uint32_t)all);
    return sink->write(sink, start, size, err);
}

static bool send_exif(ibx_bytes exif, ibx_sink *sink, ibx_error *err) {
    uint8_t head[CHUNK_HEAD] = "EXIF";
    put(head + 4, 4, (uint32_t)exif.size);
    return !exif.size || (sink->write(sink, head, CHUNK_HEAD, err) &&
                          sink->write(sink, exif.data, exif.size, err) &&
                          (exif.size % 2 == 0 || sink->write(sink, "", 1, err)));
}

static bool send_chunk(const ibx_source *webp, chunk c, ibx_sink *sink, ibx_error *err) {
    enum { PIECE = 1 << 16 };
    uint8_t *piece = malloc(PIECE);
    if (!piece) return ibx_fail(err, IBX_MEMORY, "no memory to write the file");
    bool fine = true;
    while (fine && c.size) {
        const size_t n = c.size < PIECE ? (size_t)c.size : PIECE;
        fine = ibx_source_fetch(webp, c.at, n, piece)
                   ? sink->write(sink, piece, n, err)
                   : ibx_fail(err, IBX_IO, "a temporary file cannot be read");
        c.at += n;
        c.size -= n;
    }
    free(piece);
    return fine;
}

/* XMP, or all that stands in front of EXIF. */
static bool send_chunks(const ibx_source *webp, bool xmp, ibx_sink *sink, ibx_error *err) {
    chunk c = START;
    while (next(webp, &c))
        if (!is(&c, "VP8X") && !is(&c, "EXIF") && is(&c, "XMP ") == xmp &&
            !send_chunk(webp, c, sink, err))
            return false;
    return true;
}

bool ibx_webp_send(const ibx_source *webp, ibx_bytes exif, const ibx_head *head, ibx_sink *sink,
                   ibx_error *err) {
    uint64_t kept;
    if (!measure(webp, &kept))
        return ibx_fail(err, IBX_BUG, "save:webp: what the encoder wrote is no WebP");
    return send_head(webp, kept, exif, head, sink, err) && send_chunks(webp, false, sink, err) &&
           send_exif(exif, sink, err) && send_chunks(webp, true, sink, err);
}
