/* jpeg_progressive.c - entropy of progressive images; see jpeg_entropy.h. */
#include "codec/jpeg_bits.h"
#include "codec/jpeg_entropy.h"

/* Values have so many bits at most, and coefficients of AC when they are shifted. */
enum { DC_BITS = 15, AC_BITS = 14 };

typedef struct scanner scanner;
typedef bool decode_loop(scanner *s, j_decompress_ptr jpeg, JBLOCKROW *block);

struct scanner {
    struct jpeg_entropy_decoder own; /* first: libjpeg hands it back */
    struct jpeg_entropy_decoder *libjpeg;
    const JBLOCK *first;
    uint64_t *known; /* for each block from `first` on: which of its coefficients are not 0 */
    ibx_jpeg_reader r;
    decode_loop *decode;
    unsigned ended; /* blocks to come that say nothing new */
    int last_dc[MAX_COMPS_IN_SCAN];
    unsigned left; /* MCUs to the next restart */
    int next_restart;
    int64_t to_come; /* MCUs of the scan */
    ibx_jpeg_table table[MAX_COMPS_IN_SCAN];
};

/* ---- DC ----------------------------------------------------------------------------------- */

static bool first_dc(scanner *s, j_decompress_ptr jpeg, JBLOCKROW *block) {
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

static bool refine_dc(scanner *s, j_decompress_ptr jpeg, JBLOCKROW *block) {
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
static bool first_ac(scanner *s, j_decompress_ptr jpeg, JBLOCKROW *block) {
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
        if (c.length == 0 || c.size + shift > AC_BITS) return false;
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

/* Takes a bit for each coefficient in `which`, whose lowest bit is the first, and adds it to what
 * is not 0, away from 0. */
IBX_JPEG_INLINE void correct(ibx_jpeg_reader *r, uint64_t which, int bit, JCOEF *block) {
    const int one = 1 << bit;
    for (; which; which &= which - 1) {
        if (r->count == 0) ibx_jpeg_fill(r);
        JCOEF *const c = block + ibx_jpeg_place[__builtin_ctzll(which)];
        const int old = *c, sign = old >> 15, taken = (int)((int64_t)r->bits >> 63);
        *c = (JCOEF)(old + (((one ^ sign) - sign) & taken));
        ibx_jpeg_take(r, 1);
    }
}

/* The bits from k to last. */
IBX_JPEG_INLINE uint64_t between(int k, int last) {
    return (~(uint64_t)0 >> (63 - last)) & (~(uint64_t)0 << k);
}

/* Codes for zeros: each passes so many of them, and then one becomes the coefficient that it says.
 * What is not 0 on the way is corrected. *left: the band, and where the block ends what comes then.
 */
IBX_JPEG_INLINE bool refine_codes(scanner *s, j_decompress_ptr jpeg, JCOEF *block,
                                  ibx_jpeg_reader *r, uint64_t *left, uint64_t *seen) {
    const int last = jpeg->Se, bit = jpeg->Al;
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
        const int k = zeros ? __builtin_ctzll(zeros) : last + 1;
        const uint64_t passed = k > 63 ? band : band & (((uint64_t)1 << k) - 1);
        correct(r, passed & old, bit, block);
        band = k >= 63 ? 0 : band & (~(uint64_t)1 << k);
        if (c.size == 0) continue;
        if (k > last) return false;
        block[ibx_jpeg_place[k]] = (JCOEF)((sign ? 1 : -1) * (1 << bit));
        added |= (uint64_t)1 << k;
    }
    *left = band;
    *seen |= added;
    return true;
}

static bool refine_ac(scanner *s, j_decompress_ptr jpeg, JBLOCKROW *block) {
    uint64_t *const known = &s->known[block[0] - s->first];
    uint64_t band = between(jpeg->Ss, jpeg->Se);
    const uint64_t old = *known;
    ibx_jpeg_reader r = ibx_jpeg_reader_take(&s->r);
    if (s->ended == 0 && !refine_codes(s, jpeg, *block[0], &r, &band, known)) return false;
    if (s->ended > 0) {
        correct(&r, band & old, jpeg->Al, *block[0]);
        s->ended--;
    }
    ibx_jpeg_reader_put(&s->r, &r);
    return true;
}

/* ---- scans -------------------------------------------------------------------------------- */

static bool restart(scanner *s, j_decompress_ptr jpeg) {
    if (!ibx_jpeg_restart(&s->r, s->next_restart)) return false;
    s->next_restart = (s->next_restart + 1) & 7;
    s->left = jpeg->restart_interval;
    s->ended = 0;
    memset(s->last_dc, 0, sizeof s->last_dc);
    return true;
}

static boolean decode_mcu(j_decompress_ptr jpeg, JBLOCKROW *block) {
    scanner *s = (scanner *)jpeg->entropy;
    if (jpeg->restart_interval && s->left == 0 && !restart(s, jpeg)) return FALSE;
    if (!s->decode(s, jpeg, block) || ibx_jpeg_overtaken(&s->r)) return FALSE;
    s->left--;
    if (--s->to_come > 0) return TRUE;
    if (!ibx_jpeg_at_end(&s->r)) return FALSE;
    ibx_jpeg_reader_leave(&s->r, jpeg);
    return TRUE;
}

static bool make_tables(scanner *s, j_decompress_ptr jpeg) {
    const bool dc = jpeg->Ss == 0;
    if (dc && jpeg->Ah > 0) return true;
    for (int i = 0; i < jpeg->comps_in_scan; i++) {
        const jpeg_component_info *c = jpeg->cur_comp_info[i];
        const JHUFF_TBL *from =
            dc ? jpeg->dc_huff_tbl_ptrs[c->dc_tbl_no] : jpeg->ac_huff_tbl_ptrs[c->ac_tbl_no];
        if (!ibx_jpeg_table_make(&s->table[i], from, dc ? DC_BITS : AC_BITS)) return false;
    }
    return true;
}

static void begin_scan(scanner *s, j_decompress_ptr jpeg) {
    static decode_loop *const LOOPS[2][2] = {{first_dc, refine_dc}, {first_ac, refine_ac}};
    s->decode = LOOPS[jpeg->Ss > 0][jpeg->Ah > 0];
    s->r = ibx_jpeg_reader_of(jpeg);
    s->ended = 0;
    s->next_restart = 0;
    s->left = jpeg->restart_interval;
    s->to_come = (int64_t)jpeg->MCUs_per_row * jpeg->MCU_rows_in_scan;
    memset(s->last_dc, 0, sizeof s->last_dc);
    if (make_tables(s, jpeg)) jpeg->entropy = &s->own;
}

/* Was any of what a scan begins with given before? libjpeg does not mind. */
static bool begins_again(j_decompress_ptr jpeg) {
    bool again = false;
    for (int i = 0; i < jpeg->comps_in_scan && jpeg->Ah == 0; i++)
        for (int k = jpeg->Ss; k <= jpeg->Se && k < DCTSIZE2; k++)
            again |= jpeg->coef_bits[jpeg->cur_comp_info[i]->component_index][k] >= 0;
    return again;
}

/* libjpeg's own checks the scan. It does all that follows where it warns of the order of scans, as
 * where one begins again: coefficients may then have bits already that are still to come. */
static void start_pass(j_decompress_ptr jpeg) {
    scanner *s = (scanner *)jpeg->entropy;
    const long warnings = jpeg->err->num_warnings;
    const bool again = begins_again(jpeg);
    jpeg->entropy = s->libjpeg;
    s->libjpeg->start_pass(jpeg);
    if (jpeg->err->num_warnings == warnings && !again) begin_scan(s, jpeg);
}

void ibx_jpeg_progressive_take(j_decompress_ptr jpeg, const JBLOCK *first, uint64_t *known) {
    if (!IBX_JPEG_ENTROPY_KNOWN || jpeg->arith_code) return;
    scanner *s = jpeg->mem->alloc_small((j_common_ptr)jpeg, JPOOL_IMAGE, sizeof *s);
    s->own = (struct jpeg_entropy_decoder){start_pass, decode_mcu, FALSE};
    s->libjpeg = jpeg->entropy;
    s->first = first;
    s->known = known;
    begin_scan(s, jpeg);
}
