/* jpeg_sequential.c - entropy of images with one scan; see jpeg_entropy.h. */
#include "codec/jpeg_bits.h"
#include "codec/jpeg_entropy.h"

/* As many as baseline files may have. Values of DC and of AC have so many bits at most; libjpeg
 * takes more of AC, which no encoder writes. */
enum { TABLES = 4, DC_BITS = 15, AC_BITS = 10 };

typedef struct {
    struct jpeg_entropy_decoder own; /* first: libjpeg hands it back */
    struct jpeg_entropy_decoder *libjpeg;
    ibx_jpeg_reader r;
    int blocks, component[D_MAX_BLOCKS_IN_MCU];
    const ibx_jpeg_table *dc[D_MAX_BLOCKS_IN_MCU], *ac[D_MAX_BLOCKS_IN_MCU]; /* in `table` */
    int last_dc[MAX_COMPS_IN_SCAN];
    unsigned restart, left; /* MCUs between two markers; until the next one */
    int next_restart;
    int64_t done, all; /* MCUs */
    ibx_jpeg_table table[TABLES];
} sequence;

/* ---- blocks ------------------------------------------------------------------------------- */

/* Into `block`, which is 0. False at what libjpeg should look at. */
IBX_JPEG_INLINE bool decode_block(ibx_jpeg_reader *from, const ibx_jpeg_table *dc,
                                  const ibx_jpeg_table *ac, int *last_dc, JCOEF *block) {
    ibx_jpeg_reader r = ibx_jpeg_reader_take(from);
    ibx_jpeg_fill(&r);
    ibx_jpeg_code c = ibx_jpeg_find(dc, r.bits);
    *last_dc += ibx_jpeg_value(c, r.bits);
    if (c.length == 0 || *last_dc != (JCOEF)*last_dc) return false;
    block[0] = (JCOEF)*last_dc;
    ibx_jpeg_take(&r, c.length);
    size_t k = 1;
    while (k < DCTSIZE2) {
        if (r.count < 16 + AC_BITS) ibx_jpeg_fill(&r);
        c = ibx_jpeg_find(ac, r.bits);
        const int value = ibx_jpeg_value(c, r.bits);
        ibx_jpeg_take(&r, c.length);
        if (__builtin_expect(c.size == 0, 0)) {
            if (c.length == 0) return false;
            if (c.run != 15) break;
            k += 16;
            continue;
        }
        k += c.run;
        block[ibx_jpeg_place[k++]] = (JCOEF)value;
    }
    ibx_jpeg_reader_put(from, &r);
    return k <= DCTSIZE2;
}

/* ---- MCUs --------------------------------------------------------------------------------- */

static bool begin_interval(sequence *s) {
    if (!ibx_jpeg_restart(&s->r, s->next_restart)) return false;
    s->next_restart = (s->next_restart + 1) & 7;
    s->left = s->restart;
    memset(s->last_dc, 0, sizeof s->last_dc);
    return true;
}

/* The next MCU, or without `block` a step over it. */
static bool decode(sequence *s, JBLOCKROW *block) {
    JBLOCK unwanted;
    if (s->restart && s->left == 0 && !begin_interval(s)) return false;
    ibx_jpeg_reader r = ibx_jpeg_reader_take(&s->r);
    for (int i = 0; i < s->blocks; i++)
        if (!decode_block(&r, s->dc[i], s->ac[i], &s->last_dc[s->component[i]],
                          block ? *block[i] : unwanted))
            return false;
    ibx_jpeg_reader_put(&s->r, &r);
    s->left--;
    return !ibx_jpeg_overtaken(&r);
}

/* Lets libjpeg do what was done so far, and the rest. */
static boolean give_back(sequence *s, j_decompress_ptr jpeg, JBLOCKROW *block) {
    struct jpeg_entropy_decoder *libjpeg = s->libjpeg;
    JBLOCK unwanted[D_MAX_BLOCKS_IN_MCU];
    JBLOCKROW rows[D_MAX_BLOCKS_IN_MCU];
    for (int i = 0; i < D_MAX_BLOCKS_IN_MCU; i++) rows[i] = &unwanted[i];
    jpeg->entropy = libjpeg;
    for (int64_t i = 0; i < s->done; i++) libjpeg->decode_mcu(jpeg, rows);
    for (int i = 0; block && i < s->blocks; i++) memset(block[i], 0, sizeof(JBLOCK));
    return libjpeg->decode_mcu(jpeg, block);
}

static boolean next_mcu(j_decompress_ptr jpeg, JBLOCKROW *block) {
    sequence *s = (sequence *)jpeg->entropy;
    const bool last = s->done + 1 == s->all;
    if (!decode(s, block) || (last && !ibx_jpeg_at_end(&s->r))) return give_back(s, jpeg, block);
    s->done++;
    if (last) ibx_jpeg_reader_leave(&s->r, jpeg);
    return TRUE;
}

/* The tables of all components, each made once. */
static bool make_tables(sequence *s, j_decompress_ptr jpeg) {
    int made = 0;
    const ibx_jpeg_table *dc[NUM_HUFF_TBLS] = {NULL}, *ac[NUM_HUFF_TBLS] = {NULL};
    for (int i = 0; i < jpeg->comps_in_scan; i++) {
        const jpeg_component_info *c = jpeg->cur_comp_info[i];
        const JHUFF_TBL *const from[2] = {jpeg->dc_huff_tbl_ptrs[c->dc_tbl_no],
                                          jpeg->ac_huff_tbl_ptrs[c->ac_tbl_no]};
        const ibx_jpeg_table **to[2] = {&dc[c->dc_tbl_no], &ac[c->ac_tbl_no]};
        for (int k = 0; k < 2; k++) {
            if (*to[k]) continue;
            if (made == TABLES ||
                !ibx_jpeg_table_make(&s->table[made], from[k], k ? AC_BITS : DC_BITS))
                return false;
            *to[k] = &s->table[made++];
        }
    }
    for (int i = 0; i < jpeg->blocks_in_MCU; i++) {
        const jpeg_component_info *c = jpeg->cur_comp_info[jpeg->MCU_membership[i]];
        s->component[i] = jpeg->MCU_membership[i];
        s->dc[i] = dc[c->dc_tbl_no];
        s->ac[i] = ac[c->ac_tbl_no];
    }
    return true;
}

void ibx_jpeg_sequential_take(j_decompress_ptr jpeg) {
    if (!ibx_jpeg_entropy_known(jpeg) || jpeg->progressive_mode || jpeg->arith_code ||
        jpeg_has_multiple_scans(jpeg) || jpeg->data_precision != 8)
        return;
    sequence *s = jpeg->mem->alloc_small((j_common_ptr)jpeg, JPOOL_IMAGE, sizeof *s);
    memset(s, 0, offsetof(sequence, table));
    if (!make_tables(s, jpeg)) return;
    s->own = (struct jpeg_entropy_decoder){NULL, next_mcu, FALSE};
    s->libjpeg = jpeg->entropy;
    s->r = ibx_jpeg_reader_of(jpeg);
    s->blocks = jpeg->blocks_in_MCU;
    s->restart = s->left = jpeg->restart_interval;
    s->all = (int64_t)jpeg->MCUs_per_row * jpeg->MCU_rows_in_scan;
    jpeg->entropy = &s->own;
}
