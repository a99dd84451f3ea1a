/* png_deflate.c - see png_deflate.h. */
#include "codec/png_deflate.h"
#include "codec/png_blocks.h"
#include "codec/png_runs.h"
#include "core/pixels.h"
#include <isa-l/igzip_lib.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

enum { TABLES = ISAL_DEF_LVL3_DEFAULT };

struct ibx_deflater {
    struct libdeflate_compressor *thorough;
    int level; /* of it */
    struct isal_zstream quick;
    uint8_t tables[TABLES]; /* of ISA-L; a fixed size, or its bytes would depend on it */
    ibx_png_runs_room runs;
};

ibx_deflater *ibx_deflater_new(void) {
    ibx_deflater *d = malloc(sizeof *d);
    if (d) d->thorough = NULL;
    return d;
}

void ibx_deflater_free(ibx_deflater *d) {
    if (!d) return;
    if (d->thorough) libdeflate_free_compressor(d->thorough);
    free(d);
}

size_t ibx_deflater_bytes(int effort) {
    return sizeof(ibx_deflater) + (effort < 10 ? 1u << 20 : 9u << 20); /* of libdeflate 1.14 */
}

/* ISA-L and libdeflate never need a quarter more; runs need it, and half of a block, for one that
 * grows before it is stored. */
size_t ibx_deflate_bound(size_t size) {
    const size_t block = size < IBX_PNG_RUNS_BLOCK ? size : IBX_PNG_RUNS_BLOCK;
    return size + size / 4 + block / 2 + 4096;
}

/* Of the first bytes, which ISA-L 2.30 takes one way if they are few and another if they are many.
 * The latter begins with a hash of a part of the address of *s in place of that of the third byte:
 * then one stream in a thousand is another one, by where its tables happen to lie in memory. */
enum { BEGINNING = 8 };

static size_t quick(ibx_deflater *d, const uint8_t *data, size_t size, bool last, uint8_t *out) {
    struct isal_zstream *s = &d->quick;
    const size_t beginning = size > 2 * BEGINNING ? BEGINNING : 0;
    isal_deflate_init(s);
    s->level = 2;
    s->level_buf = d->tables;
    s->level_buf_size = sizeof d->tables;
    s->gzip_flag = IGZIP_DEFLATE;
    s->flush = SYNC_FLUSH;
    s->next_in = (uint8_t *)data; /* ISA-L does not write to it */
    s->avail_in = (uint32_t)beginning;
    s->next_out = out;
    s->avail_out = (uint32_t)ibx_deflate_bound(size);
    if (beginning > 0 && isal_deflate(s) != COMP_OK) return 0;
    s->flush = last ? NO_FLUSH : SYNC_FLUSH;
    s->end_of_stream = last;
    s->avail_in += (uint32_t)(size - beginning);
    return isal_deflate(s) == COMP_OK && !s->avail_in && s->avail_out ? s->total_out : 0;
}

/* Makes the last block of a stream one that is not, and appends an empty stored block. Returns the
 * new size, at most 5 more. */
static size_t open_end(uint8_t *stream, size_t size) {
    static const uint8_t EMPTY[] = {0, 0, 0xFF, 0xFF}; /* its length, and that again inverted */
    size_t first, end;
    if (!ibx_deflate_last_block(stream, size, &first, &end)) return 0;
    stream[first / 8] &= (uint8_t) ~(1u << first % 8);
    stream[size] = 0;
    size = (end + 3 + 7) / 8; /* three bits, 0: not the last, stored; then up to a whole byte */
    memcpy(stream + size, EMPTY, sizeof EMPTY);
    return size + sizeof EMPTY;
}

/* libdeflate has no way to say that a stream goes on. */
static size_t thorough(ibx_deflater *d, int level, const uint8_t *data, size_t size, bool last,
                       uint8_t *out) {
    if (d->thorough && d->level != level) {
        libdeflate_free_compressor(d->thorough);
        d->thorough = NULL;
    }
    if (!d->thorough) d->thorough = libdeflate_alloc_compressor(level);
    if (!d->thorough) return 0;
    d->level = level;
    const size_t n =
        libdeflate_deflate_compress(d->thorough, data, size, out, ibx_deflate_bound(size) - 5);
    return last || !n ? n : open_end(out, n);
}

size_t ibx_png_runs(ibx_png_runs_room *room, const uint8_t *data, size_t size, bool last,
                    uint8_t *out) {
#ifdef IBX_HAVE_V3
    if (ibx_cpu_is_v3()) return ibx_png_runs_v3(room, data, size, last, out);
#endif
    return ibx_png_runs_baseline(room, data, size, last, out);
}

size_t ibx_deflate(ibx_deflater *d, int effort, const uint8_t *data, size_t size, bool last,
                   uint8_t *out) {
    if (effort == IBX_DEFLATE_RUNS) return ibx_png_runs(&d->runs, data, size, last, out);
    if (effort == IBX_DEFLATE_ISAL) return quick(d, data, size, last, out);
    return thorough(d, effort, data, size, last, out);
}
