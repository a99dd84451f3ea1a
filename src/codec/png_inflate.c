/* png_inflate.c - IDAT chunks to rows. */
#include "codec/png_inflate.h"
#include "codec/png_filter.h"
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>

/* Inflating some rows at a time keeps them in the second cache until they are turned back. For each
 * call ISA-L copies 64 KB, so that there should be few. */
enum { BLOCK_BYTES = 256 << 10 };

/* ISA-L before 2.32.1 must not be given close to 4 GB at once. */
enum { SPAN_MAX = 1 << 30 };

struct ibx_png_inflater {
    ibx_png_reader *r;
    struct inflate_state inflate;
    int depth;           /* 8 or 16 */
    size_t pixel;        /* bytes of one */
    size_t stride;       /* bytes of a line */
    int rows;            /* that fit into `block` */
    size_t waiting;      /* bytes in `block` that are inflated, but not delivered */
    uint32_t chunk_left; /* bytes of the present IDAT that are still in the stream */
    uint32_t crc;        /* of its type and data so far */
    uint32_t next_size;  /* header of the chunk behind the last IDAT, when `behind` */
    uint8_t next_type[4];
    bool behind;
    uint8_t *block; /* lines, each a byte of type and a row */
    uint8_t *above; /* the row above the next one; behind `block` */
};

ibx_png_inflater *ibx_png_inflater_new(ibx_png_reader *r, int depth) {
    ibx_png_inflater *i = calloc(1, sizeof *i);
    const size_t stride = 1 + r->row_bytes;
    const int most = stride < BLOCK_BYTES / 4 ? (int)(BLOCK_BYTES / stride) : 4;
    const int rows = ibx_min(most, r->h);
    if (i) i->block = calloc(1, (size_t)rows * stride + r->row_bytes + (size_t)2 * IBX_PNG_SLACK);
    if (!i || !i->block) {
        free(i);
        ibx_fail(&r->error, IBX_MEMORY, "%s: no memory for a decoder", r->name);
        ibx_png_give_up(r);
    }
    i->above = i->block + (size_t)rows * stride + IBX_PNG_SLACK;
    i->r = r;
    i->depth = depth;
    i->pixel = r->row_bytes / (size_t)r->w;
    i->stride = stride;
    i->rows = rows;
    i->chunk_left = ibx_png_number(r->last);
    i->crc = crc32_gzip_refl(0, r->last + 4, 4);
    isal_inflate_init(&i->inflate);
    i->inflate.crc_flag = ISAL_ZLIB;
    return i;
}

void ibx_png_inflater_free(ibx_png_inflater *i) {
    if (i) free(i->block);
    free(i);
}

/* Damage that the user may accept. */
static void complain(ibx_png_reader *r, const char *what) {
    if (!r->accept_damage) ibx_png_damaged(r, what);
    if (!r->warning.code) ibx_fail(&r->warning, IBX_FORMAT, "%s: %s", r->name, what);
}

/* ---- chunks ------------------------------------------------------------------------------- */

static void check_crc(ibx_png_reader *r, uint32_t crc, const uint8_t type[4]) {
    uint8_t stored[4];
    char text[32];
    ibx_png_bytes(r, stored, sizeof stored);
    if (ibx_png_number(stored) == crc) return;
    snprintf(text, sizeof text, "%.4s: CRC error", (const char *)type);
    complain(r, text);
}

/* Reads the header of the next chunk into next_size and next_type. */
static void read_chunk_header(ibx_png_inflater *i) {
    uint8_t head[8];
    ibx_png_bytes(i->r, head, sizeof head);
    i->next_size = ibx_png_number(head);
    memcpy(i->next_type, head + 4, 4);
    if (i->next_size > PNG_UINT_31_MAX) ibx_png_damaged(i->r, "a chunk is longer than PNG allows");
    for (int k = 0; k < 4; k++)
        if ((head[4 + k] | 32) < 'a' || (head[4 + k] | 32) > 'z')
            ibx_png_damaged(i->r, "a chunk has an invalid type");
}

/* Hands the next bytes of IDAT data to ISA-L; false when there are no more. */
static bool feed(ibx_png_inflater *i) {
    ibx_png_reader *r = i->r;
    while (!i->chunk_left && !i->behind) {
        check_crc(r, i->crc, (const uint8_t *)"IDAT");
        read_chunk_header(i);
        i->behind = memcmp(i->next_type, "IDAT", 4) != 0;
        if (!i->behind) {
            i->chunk_left = i->next_size;
            i->crc = crc32_gzip_refl(0, i->next_type, 4);
        }
    }
    if (i->behind) return false;
    if (!ibx_cursor_more(&r->cursor, &r->error)) ibx_png_give_up(r);
    if (!r->cursor.left) ibx_png_damaged(r, "premature end of PNG file");
    size_t n = r->cursor.left < i->chunk_left ? r->cursor.left : i->chunk_left;
    if (n > SPAN_MAX) n = SPAN_MAX;
    i->inflate.next_in = (uint8_t *)r->cursor.at; /* ISA-L does not write to it */
    i->inflate.avail_in = (uint32_t)n;
    i->crc = crc32_gzip_refl(i->crc, r->cursor.at, n);
    i->chunk_left -= (uint32_t)n;
    ibx_cursor_take(&r->cursor, n);
    return true;
}

/* ---- inflating ---------------------------------------------------------------------------- */

static const char *reason(int code) {
    switch (code) {
    case ISAL_INVALID_BLOCK:
        return "IDAT: invalid block type or stored block length";
    case ISAL_INVALID_SYMBOL:
        return "IDAT: invalid code in compressed data";
    case ISAL_INVALID_LOOKBACK:
        return "IDAT: invalid distance too far back";
    case ISAL_INVALID_WRAPPER:
        return "IDAT: incorrect header check";
    case ISAL_UNSUPPORTED_METHOD:
        return "IDAT: unknown compression method";
    case ISAL_INCORRECT_CHECKSUM:
        return "IDAT: incorrect data check";
    default:
        return "IDAT: damaged compressed data";
    }
}

/* Inflates up to `size` bytes; less only at the end of the compressed data. Counts them in
 * `waiting`, where damage leaves them. ISA-L may still hold output when it has taken all input, so
 * it is fed only when it has left room. */
static size_t inflate_bytes(ibx_png_inflater *i, uint8_t *to, size_t size) {
    struct inflate_state *s = &i->inflate;
    size_t done = 0;
    while (done < size && s->block_state != ISAL_BLOCK_FINISH) {
        const size_t room = size - done < SPAN_MAX ? size - done : SPAN_MAX;
        s->next_out = to + done;
        s->avail_out = (uint32_t)room;
        const int code = isal_inflate(s);
        done += room - s->avail_out;
        i->waiting = done;
        if (code != ISAL_DECOMP_OK && code != ISAL_END_INPUT) ibx_png_damaged(i->r, reason(code));
        const bool hungry = s->avail_out && !s->avail_in && s->block_state != ISAL_BLOCK_FINISH;
        if (hungry && !feed(i)) ibx_png_damaged(i->r, "not enough image data");
    }
    return done;
}

static void step_over(ibx_png_reader *r, uint32_t size, uint32_t *crc) {
    while (size) {
        if (!ibx_cursor_more(&r->cursor, &r->error)) ibx_png_give_up(r);
        if (!r->cursor.left) ibx_png_damaged(r, "premature end of PNG file");
        const size_t n = r->cursor.left < size ? r->cursor.left : size;
        *crc = crc32_gzip_refl(*crc, r->cursor.at, n);
        ibx_cursor_take(&r->cursor, n);
        size -= (uint32_t)n;
    }
}

/* Behind the last row: the compressed data must end, and the file must go on to its IEND. */
static void finish(ibx_png_inflater *i) {
    uint8_t extra;
    if (inflate_bytes(i, &extra, 1)) complain(i->r, "IDAT: too much image data");
    const bool read_ahead = i->inflate.read_in_length >= 8; /* bits, taken from the input */
    if (read_ahead || i->inflate.avail_in || i->chunk_left)
        complain(i->r, "IDAT: extra compressed data");
    while (feed(i)) continue; /* further IDAT chunks are empty, or nobody asked for them */

    while (memcmp(i->next_type, "IEND", 4) != 0) {
        uint32_t crc = crc32_gzip_refl(0, i->next_type, 4);
        if (memcmp(i->next_type, "IDAT", 4) == 0)
            complain(i->r, "too many IDAT chunks");
        else if (!(i->next_type[0] & 32))
            ibx_png_damaged(i->r, "a critical chunk is not known");
        step_over(i->r, i->next_size, &crc);
        check_crc(i->r, crc, i->next_type);
        read_chunk_header(i);
    }
    uint32_t crc = crc32_gzip_refl(0, i->next_type, 4);
    step_over(i->r, i->next_size, &crc);
    check_crc(i->r, crc, i->next_type);
}

/* ---- rows --------------------------------------------------------------------------------- */

/* From the order of bytes in the file. */
static void copy_wide(const uint8_t *from, size_t n, uint8_t *to) {
    uint16_t *wide = (uint16_t *)to; /* strips of 16 bits are aligned for them */
    for (size_t x = 0; x < n / 2; x++) wide[x] = (uint16_t)(from[2 * x] << 8 | from[2 * x + 1]);
}

/* Turns rows back where they are and copies them: all of 16 bits, and tiny ones. */
static int unfilter_here(ibx_png_inflater *i, int rows, uint8_t *to, size_t stride) {
    const size_t n = i->r->row_bytes;
    uint8_t *line = i->block;
    const int done = ibx_png_unfilter(line, rows, i->above, n, i->pixel, line + 1, i->stride);
    for (int y = 0; y < done; y++, line += i->stride, to += stride) {
        if (i->depth == 8)
            memcpy(to, line + 1, n);
        else
            copy_wide(line + 1, n, to);
    }
    if (done) memcpy(i->above, line - i->stride + 1, n);
    return done;
}

/* Unfilters and delivers the first rows of the block; false if one has no filter. A copy of the
 * last one stays, as the row above the next: what becomes of the strip is not known. */
static bool deliver(ibx_png_inflater *i, int rows, uint8_t *to, size_t stride) {
    const size_t n = i->r->row_bytes;
    const bool straight = i->depth == 8 && n >= IBX_PNG_SLACK;
    i->waiting = 0;
    const int done = straight ? ibx_png_unfilter(i->block, rows, i->above, n, i->pixel, to, stride)
                              : unfilter_here(i, rows, to, stride);
    if (straight && done) memcpy(i->above, to + (size_t)(done - 1) * stride, n);
    i->r->done += done;
    return done == rows;
}

static uint8_t *next_row(const ibx_png_inflater *i, const ibx_strip *s) {
    return s->data + (size_t)(i->r->done - s->y) * s->stride;
}

void ibx_png_inflater_read(ibx_png_inflater *i, const ibx_strip *s) {
    ibx_png_reader *r = i->r;
    while (r->done < s->y + s->rows) {
        const int rows = ibx_min(i->rows, s->y + s->rows - r->done);
        const size_t size = (size_t)rows * i->stride;
        if (inflate_bytes(i, i->block, size) < size) ibx_png_damaged(r, "not enough image data");
        if (!deliver(i, rows, next_row(i, s), s->stride))
            ibx_png_damaged(r, "bad adaptive filter value");
    }
    if (r->done == r->h) finish(i);
}

void ibx_png_inflater_rest(ibx_png_inflater *i, const ibx_strip *s) {
    const int rows = (int)(i->waiting / i->stride);
    if (rows > 0) deliver(i, rows, next_row(i, s), s->stride);
}
