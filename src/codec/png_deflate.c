/* png_deflate.c - see png_deflate.h. */
#include "codec/png_deflate.h"
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>

/* Every call of isal_deflate saves its window of 32 KB, so rows are collected to larger blocks. */
enum { INPUT = 256 << 10, CHUNK = 64 << 10, LEVEL_ROOM = ISAL_DEF_LVL3_DEFAULT };

struct ibx_png_deflater {
    struct isal_zstream stream;
    ibx_sink *sink;
    size_t waiting; /* bytes in `input` */
    uint8_t input[INPUT];
    uint8_t chunk[8 + CHUNK + 4]; /* length, type, data, checksum */
    uint8_t level_room[LEVEL_ROOM];
};

ibx_png_deflater *ibx_png_deflater_new(ibx_sink *sink, int level) {
    ibx_png_deflater *d = malloc(sizeof *d);
    if (!d) return NULL;
    isal_deflate_init(&d->stream);
    d->stream.level = (uint32_t)level;
    d->stream.level_buf = d->level_room;
    d->stream.level_buf_size = sizeof d->level_room; /* fixed, or the bytes would depend on it */
    d->stream.gzip_flag = IGZIP_ZLIB;
    d->stream.next_out = d->chunk + 8;
    d->stream.avail_out = CHUNK;
    d->sink = sink;
    d->waiting = 0;
    return d;
}

void ibx_png_deflater_free(ibx_png_deflater *d) {
    free(d);
}

size_t ibx_png_deflater_bytes(void) {
    return sizeof(ibx_png_deflater);
}

static void put_big_endian(uint8_t *p, uint32_t v) {
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> (24 - 8 * i));
}

bool ibx_png_put_chunk(ibx_sink *sink, uint8_t *chunk, const char type[4], uint32_t size,
                       ibx_error *err) {
    put_big_endian(chunk, size);
    memcpy(chunk + 4, type, 4);
    put_big_endian(chunk + 8 + size, crc32_gzip_refl(0, chunk + 4, (uint64_t)size + 4));
    return sink->write(sink, chunk, (size_t)size + 12, err);
}

/* Deflates what has been collected; full chunks go out. */
static bool run(ibx_png_deflater *d, bool last, ibx_error *err) {
    struct isal_zstream *s = &d->stream;
    s->next_in = d->input;
    s->avail_in = (uint32_t)d->waiting;
    s->end_of_stream = last;
    d->waiting = 0;
    for (;;) {
        if (isal_deflate(s) != COMP_OK) return ibx_fail(err, IBX_BUG, "ISA-L cannot deflate");
        const bool done = last && s->internal_state.state == ZSTATE_END;
        const uint32_t size = CHUNK - s->avail_out;
        if (size && (done || !s->avail_out)) {
            if (!ibx_png_put_chunk(d->sink, d->chunk, "IDAT", size, err)) return false;
            s->next_out = d->chunk + 8;
            s->avail_out = CHUNK;
        } else if (done || (!last && !s->avail_in)) {
            return true;
        }
        if (done) return true;
    }
}

bool ibx_png_deflate(ibx_png_deflater *d, const uint8_t *data, size_t size, bool last,
                     ibx_error *err) {
    while (size) {
        const size_t part = size < INPUT - d->waiting ? size : INPUT - d->waiting;
        memcpy(d->input + d->waiting, data, part);
        d->waiting += part;
        data += part;
        size -= part;
        if (d->waiting == INPUT && (size || !last) && !run(d, false, err)) return false;
    }
    return !last || run(d, true, err);
}
