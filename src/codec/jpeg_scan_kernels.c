/* jpeg_scan_kernels.c - see jpeg_scan.h; compiled once per CPU variant. */
#include "codec/jpeg_scan.h"

/* ---- DC ----------------------------------------------------------------------------------- */

static bool first_dc(ibx_jpeg_scan *s, j_decompress_ptr jpeg, JBLOCKROW *block) {
    ibx_jpeg_reader r = ibx_jpeg_reader_take(&s->r);
    for (int i = 0; i < jpeg->blocks_in_MCU; i++) {
        const int component = jpeg->MCU_membership[i];
        ibx_jpeg_fill(&r);
        const ibx_jpeg_code c = ibx_jpeg_find(&s->table[component], r.bits);
        const int dc = s->last_dc[component] += ibx_jpeg_value(c, r.bits);
        const int value = (int)((unsigned)dc << jpeg->Al);
        if (c.length == 0 || value != (JCOEF)value) return false;
        (*block[i])[0] = (JCOEF)value;
        ibx_jpeg_take(&r, c.length);
    }
    ibx_jpeg_reader_put(&s->r, &r);
    return true;
}

static bool refine_dc(ibx_jpeg_scan *s, j_decompress_ptr jpeg, JBLOCKROW *block) {
    ibx_jpeg_fill(&s->r);
    for (int i = 0; i < jpeg->blocks_in_MCU; i++) {
        (*block[i])[0] |= (JCOEF)(s->r.bits >> 63 << jpeg->Al);
        ibx_jpeg_take(&s->r, 1);
    }
    return true;
}

/* ---- AC ----------------------------------------------------------------------------------- */

/* The blocks from this one on that end here, by a code of size 0. */
IBX_JPEG_INLINE unsigned take_end(ibx_jpeg_reader *r, ibx_jpeg_code c) {
    const uint64_t behind = r->bits << c.code;
    ibx_jpeg_take(r, c.code + c.run);
    return (1u << c.run) + (unsigned)((behind >> 1) >> (63 - c.run));
}

/* One block, as scans of AC have one component. */
static bool first_ac(ibx_jpeg_scan *s, j_decompress_ptr jpeg, JBLOCKROW *block) {
    const int last = jpeg->Se, shift = jpeg->Al;
    JCOEF *const to = *block[0];
    uint64_t *const known = &s->known[block[0] - s->first];
    if (s->ended > 0) return s->ended--, true;
    ibx_jpeg_reader r = ibx_jpeg_reader_take(&s->r);
    uint64_t seen = *known;
    int k = jpeg->Ss;
    while (k <= last) {
        if (r.count < 32) ibx_jpeg_fill(&r);
        const ibx_jpeg_code c = ibx_jpeg_find(s->table, r.bits);
        if (c.length == 0 || c.size + shift > IBX_JPEG_AC_BITS) return false;
        if (c.size == 0 && c.run < 15) {
            s->ended = take_end(&r, c) - 1;
            break;
        }
        k += c.run;
        if (c.size > 0) {
            if (k > last) return false;
            to[ibx_jpeg_place[k]] = (JCOEF)((unsigned)ibx_jpeg_value(c, r.bits) << shift);
            seen |= (uint64_t)1 << k;
        }
        ibx_jpeg_take(&r, c.length);
        k++;
    }
    *known = seen;
    ibx_jpeg_reader_put(&s->r, &r);
    return true;
}

/* How many bits are 1. Processors of the baseline have no instruction for it. */
IBX_JPEG_INLINE int ones(uint64_t v) {
#ifdef __POPCNT__
    return __builtin_popcountll(v);
#else
    v -= v >> 1 & 0x5555555555555555u;
    v = (v & 0x3333333333333333u) + (v >> 2 & 0x3333333333333333u);
    v = (v + (v >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
    return (int)(v * 0x0101010101010101u >> 56);
#endif
}

/* The next n bits, at most 63, at the upper end. */
IBX_JPEG_INLINE uint64_t take_bits(ibx_jpeg_reader *r, int n) {
    uint64_t first = 0;
    int more = 0;
    if (n > r->count) {
        ibx_jpeg_fill(r);
        if (n > r->count) {
            more = 32;
            first = r->bits >> 32 << 32;
            ibx_jpeg_take(r, more);
            ibx_jpeg_fill(r);
        }
    }
    const uint64_t rest = r->bits & ~(~(uint64_t)0 >> (n - more));
    ibx_jpeg_take(r, n - more);
    return first | rest >> more;
}

/* Adds a bit to each coefficient in `which`, whose lowest bit is the first, away from 0. None of
 * them is 0. */
IBX_JPEG_INLINE void correct(uint64_t which, uint64_t bits, int bit, JCOEF *block) {
    const int one = 1 << bit;
    for (; which; which &= which - 1, bits <<= 1) {
        JCOEF *const c = block + ibx_jpeg_place[__builtin_ctzll(which)];
        const int old = *c, sign = old >> 15, taken = (int)((int64_t)bits >> 63);
        *c = (JCOEF)(old + (((one ^ sign) - sign) & taken));
    }
}

/* The bits from k to last. */
IBX_JPEG_INLINE uint64_t between(int k, int last) {
    return (~(uint64_t)0 >> (63 - last)) & (~(uint64_t)0 << k);
}

/* Bits for coefficients that are not 0, in their order, the first in the highest bit. */
typedef struct {
    uint64_t bits;
    int count;
} corrections;

IBX_JPEG_INLINE void add_corrections(corrections *c, ibx_jpeg_reader *r, uint64_t which) {
    const int n = ones(which);
    c->bits |= take_bits(r, n) >> c->count;
    c->count += n;
}

/* Codes for zeros: each passes so many of them, and then one becomes the coefficient that it says.
 * Behind it are bits for what is not 0 on the way. *left: the band, and where the block ends what
 * comes then. */
IBX_JPEG_INLINE bool refine_codes(ibx_jpeg_scan *s, j_decompress_ptr jpeg, JCOEF *block,
                                  ibx_jpeg_reader *r, uint64_t *left, uint64_t *seen,
                                  corrections *to) {
    const int bit = jpeg->Al;
    uint64_t band = *left, added = 0;
    const uint64_t old = *seen;
    while (band) {
        if (r->count < 32) ibx_jpeg_fill(r);
        const ibx_jpeg_code c = ibx_jpeg_find(s->table, r->bits);
        if (c.length == 0 || c.size > 1) return false;
        if (c.size == 0 && c.run < 15) {
            s->ended = take_end(r, c);
            break;
        }
        const int sign = (int)((r->bits << c.code) >> 63);
        ibx_jpeg_take(r, c.length);
        uint64_t zeros = band & ~old;
        for (int i = 0; i < c.run; i++) zeros &= zeros - 1;
        const uint64_t here = zeros & -zeros; /* 0: there is none */
        const uint64_t passed = band & (here - 1);
        add_corrections(to, r, passed & old);
        band &= ~(passed | here);
        if (c.size == 0) continue;
        if (!here) return false;
        const int k = __builtin_ctzll(here);
        block[ibx_jpeg_place[k]] = (JCOEF)((sign ? 1 : -1) * (1 << bit));
        added |= here;
    }
    *left = band;
    *seen |= added;
    return true;
}

static bool refine_ac(ibx_jpeg_scan *s, j_decompress_ptr jpeg, JBLOCKROW *block) {
    uint64_t *const known = &s->known[block[0] - s->first];
    const uint64_t band = between(jpeg->Ss, jpeg->Se), old = *known;
    uint64_t left = band;
    corrections c = {0, 0};
    ibx_jpeg_reader r = ibx_jpeg_reader_take(&s->r);
    if (s->ended == 0 && !refine_codes(s, jpeg, *block[0], &r, &left, known, &c)) return false;
    if (s->ended > 0) {
        add_corrections(&c, &r, left & old);
        s->ended--;
    }
    correct(band & old, c.bits, jpeg->Al, *block[0]);
    ibx_jpeg_reader_put(&s->r, &r);
    return true;
}

ibx_jpeg_scan_loop *IBX_OWN(ibx_jpeg_scan_loop_of, IBX_VARIANT)(bool ac, bool refines) {
    static ibx_jpeg_scan_loop *const LOOPS[2][2] = {{first_dc, refine_dc}, {first_ac, refine_ac}};
    return LOOPS[ac][refines];
}
