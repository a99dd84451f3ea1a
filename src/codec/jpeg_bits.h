/* jpeg_bits.h - Huffman codes and the bits behind them (ITU-T T.81, annex F.2.2), for
 * jpeg_sequential.c, jpeg_progressive.c and its kernels. Private to them.
 *
 * Bits wait in a word of 64, so that one look at memory lasts for several codes, and a code of up
 * to IBX_JPEG_LOOK bits is found by one look at a table. */
#ifndef IBX_CODEC_JPEG_BITS_H
#define IBX_CODEC_JPEG_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h> /* jpeglib.h needs it first */
#include <string.h>

#include <jpeglib.h>

#include <jerror.h> /* says what jpeglib.h has configured */

/* libjpeg's interface between its decoder of entropy and those who ask it, as it is in all versions
 * of libjpeg-turbo 2 (jpegint.h, which is not installed). The tag is libjpeg's. */
struct jpeg_entropy_decoder {
    void (*start_pass)(j_decompress_ptr jpeg);
    boolean (*decode_mcu)(j_decompress_ptr jpeg, JBLOCKROW *block); /* FALSE: not now */
    boolean insufficient_data;
};

/* Is the library of a kind that has it so, by its header? */
#if defined(LIBJPEG_TURBO_VERSION_NUMBER) && LIBJPEG_TURBO_VERSION_NUMBER >= 2000000 &&            \
    LIBJPEG_TURBO_VERSION_NUMBER < 3000000
#define IBX_JPEG_ENTROPY_KNOWN true
#else
#define IBX_JPEG_ENTROPY_KNOWN false
#endif

/* And is the library that runs the one of that header? Version 3 has the same name for linkers, but
 * another object here, and a message more than 2. */
static inline bool ibx_jpeg_entropy_known(j_decompress_ptr jpeg) {
    return IBX_JPEG_ENTROPY_KNOWN && jpeg->err->last_jpeg_message == JMSG_LASTMSGCODE - 1;
}

#define IBX_JPEG_INLINE static inline __attribute__((always_inline))

enum { IBX_JPEG_LOOK = 10 };

/* What a code says: `run` zeros and then a value of `size` bits, or if that is 0 what the kind of
 * scan makes of `run`. */
typedef struct {
    uint8_t length; /* bits of code and value; 0: there is no such code */
    uint8_t code;   /* bits of the code */
    uint8_t size;
    uint8_t run;
} ibx_jpeg_code;

typedef struct {
    ibx_jpeg_code look[1 << IBX_JPEG_LOOK]; /* length 0: longer than that, or no code */
    int32_t beyond[17];    /* codes of k bits and less are below it, both with 16 bits */
    int32_t symbol_at[17]; /* the index of a symbol of k bits, minus its code */
    const uint8_t *symbol; /* of libjpeg's table */
} ibx_jpeg_table;

/* Bits that are next: the highest of `bits` first, `count` of them. Below may be bits of the byte
 * at `at`. The last `beyond` of them are zeros behind the data: behind them is a marker or `end`.
 */
typedef struct {
    uint64_t bits;
    int count, beyond;
    const uint8_t *at, *end;
} ibx_jpeg_reader;

/* Copies field by field: compilers make of a whole struct wide loads, which would wait for what was
 * just stored in parts. */
IBX_JPEG_INLINE ibx_jpeg_reader ibx_jpeg_reader_take(const ibx_jpeg_reader *from) {
    return (ibx_jpeg_reader){from->bits, from->count, from->beyond, from->at, from->end};
}

IBX_JPEG_INLINE void ibx_jpeg_reader_put(ibx_jpeg_reader *to, const ibx_jpeg_reader *from) {
    to->bits = from->bits;
    to->count = from->count;
    to->beyond = from->beyond;
    to->at = from->at;
}

IBX_JPEG_INLINE ibx_jpeg_code ibx_jpeg_code_of(int length, int symbol) {
    return (ibx_jpeg_code){(uint8_t)(length + (symbol & 15)), (uint8_t)length,
                           (uint8_t)(symbol & 15), (uint8_t)(symbol >> 4)};
}

/* Makes a table of libjpeg's, which it has checked. False if there is none, or if one of its values
 * has more than `most` bits. */
bool ibx_jpeg_table_make(ibx_jpeg_table *table, const JHUFF_TBL *from, int most);

/* For ibx_jpeg_fill, near FF and the end. */
ibx_jpeg_reader ibx_jpeg_fill_slowly(ibx_jpeg_reader r);

/* For ibx_jpeg_find, beyond the first look. */
ibx_jpeg_code ibx_jpeg_long_code(const ibx_jpeg_table *table, uint64_t bits);

/* Sees to it that 56 bits are there. */
IBX_JPEG_INLINE void ibx_jpeg_fill(ibx_jpeg_reader *r) {
    uint64_t next;
    if (__builtin_expect(r->end - r->at >= 8, 1)) {
        memcpy(&next, r->at, 8);
        if (__builtin_expect(((~next - 0x0101010101010101u) & next & 0x8080808080808080u) == 0,
                             1)) {
            r->bits |= __builtin_bswap64(next) >> r->count;
            r->at += (63 - r->count) >> 3;
            r->count |= 56;
            return;
        }
    }
    const ibx_jpeg_reader filled = ibx_jpeg_fill_slowly(ibx_jpeg_reader_take(r));
    ibx_jpeg_reader_put(r, &filled);
}

IBX_JPEG_INLINE void ibx_jpeg_take(ibx_jpeg_reader *r, int n) {
    r->bits <<= n;
    r->count -= n;
}

/* The code at the start of `bits`. */
IBX_JPEG_INLINE ibx_jpeg_code ibx_jpeg_find(const ibx_jpeg_table *table, uint64_t bits) {
    const ibx_jpeg_code c = table->look[bits >> (64 - IBX_JPEG_LOOK)];
    return __builtin_expect(c.length == 0, 0) ? ibx_jpeg_long_code(table, bits) : c;
}

/* The value behind a code: those with a 0 in front are negative, and are what their bits say when
 * all of them are turned round. A shift by ~size is one by 63 - size. */
IBX_JPEG_INLINE int ibx_jpeg_value(ibx_jpeg_code c, uint64_t bits) {
    const uint64_t behind = bits << c.code;
    const uint64_t negative = (uint64_t)((int64_t)~behind >> 63);
    const uint64_t amount = ((behind ^ negative) >> 1) >> (~c.size & 63);
    return (int)((amount ^ negative) - negative);
}

/* Were more bits taken than there are? */
static inline bool ibx_jpeg_overtaken(const ibx_jpeg_reader *r) {
    return r->count < r->beyond;
}

/* Is all read but for the bits that fill up the last byte? */
static inline bool ibx_jpeg_spent(const ibx_jpeg_reader *r) {
    return r->count - r->beyond < 8;
}

/* Does the data end here, with a marker or with what libjpeg was given so far? */
static inline bool ibx_jpeg_at_end(const ibx_jpeg_reader *r) {
    return ibx_jpeg_spent(r) && (r->at == r->end || (r->end - r->at >= 2 && r->at[0] == 0xFF &&
                                                     r->at[1] != 0 && r->at[1] != 0xFF));
}

/* Steps over the marker of a restart. False if it is not the next thing. */
static inline bool ibx_jpeg_restart(ibx_jpeg_reader *r, int number) {
    if (!ibx_jpeg_spent(r) || r->end - r->at < 2 || r->at[0] != 0xFF ||
        r->at[1] != JPEG_RST0 + number)
        return false;
    *r = (ibx_jpeg_reader){.at = r->at + 2, .end = r->end};
    return true;
}

/* What libjpeg's source has at hand, and the place back into it. */
static inline ibx_jpeg_reader ibx_jpeg_reader_of(j_decompress_ptr jpeg) {
    const struct jpeg_source_mgr *s = jpeg->src;
    return (ibx_jpeg_reader){.at = s->next_input_byte,
                             .end = s->next_input_byte + s->bytes_in_buffer};
}

static inline void ibx_jpeg_reader_leave(const ibx_jpeg_reader *r, j_decompress_ptr jpeg) {
    jpeg->src->next_input_byte = r->at;
    jpeg->src->bytes_in_buffer = (size_t)(r->end - r->at);
}

/* Where the k-th coefficient of a block stands; so many behind the last that a run past the end
 * stays inside. */
extern const uint8_t ibx_jpeg_place[DCTSIZE2 + 16] __attribute__((visibility("hidden")));

#endif
