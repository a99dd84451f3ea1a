/* jpeg_bits.c - see jpeg_bits.h: tables, and what is rare. */
#include "codec/jpeg_bits.h"

const uint8_t ibx_jpeg_place[DCTSIZE2 + 16] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33,
    40, 48, 41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36,
    29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63};

/* Does one of the first n symbols have more than `most` bits? */
static bool any_above(const UINT8 *symbol, int n, int most) {
    int above = 0;
    for (int i = 0; i < n; i++) above |= (symbol[i] & 15) > most;
    return above;
}

/* All looks that begin with the codes of up to IBX_JPEG_LOOK bits: each code's are behind those of
 * the code before. What is left begins a longer code, or none. */
static void fill_looks(ibx_jpeg_table *t, const JHUFF_TBL *from) {
    ibx_jpeg_code *at = t->look, *const end = at + (1 << IBX_JPEG_LOOK);
    const UINT8 *symbol = from->huffval;
    for (int length = 1; length <= IBX_JPEG_LOOK; length++) {
        const int looks = 1 << (IBX_JPEG_LOOK - length);
        for (int i = 0; i < from->bits[length]; i++) {
            const ibx_jpeg_code c = ibx_jpeg_code_of(length, *symbol++);
            for (ibx_jpeg_code *const next = at + looks; at < next; at++) *at = c;
        }
    }
    memset(at, 0, (size_t)(end - at) * sizeof *at);
}

bool ibx_jpeg_table_make(ibx_jpeg_table *t, const JHUFF_TBL *from, int most) {
    if (!from) return false;
    int code = 0, n = 0;
    t->symbol = from->huffval;
    for (int length = 1; length <= 16; length++, code *= 2) {
        const int codes = from->bits[length];
        t->symbol_at[length] = n - code;
        n += codes;
        code += codes;
        if (code > 1 << length || n > 256) return false;
        t->beyond[length] = code << (16 - length);
    }
    if (any_above(from->huffval, n, most)) return false;
    fill_looks(t, from);
    return true;
}

/* Bytes one by one: of FF 00 the first counts, and at a marker or the end zeros follow. */
ibx_jpeg_reader ibx_jpeg_fill_slowly(ibx_jpeg_reader r) {
    while (r.count < 56) {
        uint64_t byte = 0;
        if (r.at == r.end || (*r.at == 0xFF && (r.at + 1 == r.end || r.at[1]))) {
            r.beyond += 8;
        } else {
            byte = *r.at;
            r.at += byte == 0xFF ? 2 : 1;
        }
        r.bits |= byte << (56 - r.count);
        r.count += 8;
    }
    return r;
}

ibx_jpeg_code ibx_jpeg_long_code(const ibx_jpeg_table *t, uint64_t bits) {
    const int32_t first = (int32_t)(bits >> 48);
    for (int k = IBX_JPEG_LOOK + 1; k <= 16; k++)
        if (first < t->beyond[k])
            return ibx_jpeg_code_of(k, t->symbol[(t->symbol_at[k] + (first >> (16 - k))) & 255]);
    return (ibx_jpeg_code){0};
}
