/* jpeg_progressive.c - entropy of progressive images; see jpeg_entropy.h. */
#include "codec/jpeg_entropy.h"
#include "codec/jpeg_scan.h"
#include "core/pixels.h"

typedef struct {
    struct jpeg_entropy_decoder own; /* first: libjpeg hands it back */
    struct jpeg_entropy_decoder *libjpeg;
    ibx_jpeg_scan_loop *decode;
    unsigned left; /* MCUs to the next restart */
    int next_restart;
    int64_t to_come; /* MCUs of the scan */
    ibx_jpeg_scan scan;
} scanner;

static bool restart(scanner *s, j_decompress_ptr jpeg) {
    if (!ibx_jpeg_restart(&s->scan.r, s->next_restart)) return false;
    s->next_restart = (s->next_restart + 1) & 7;
    s->left = jpeg->restart_interval;
    s->scan.ended = 0;
    memset(s->scan.last_dc, 0, sizeof s->scan.last_dc);
    return true;
}

static boolean decode_mcu(j_decompress_ptr jpeg, JBLOCKROW *block) {
    scanner *s = (scanner *)jpeg->entropy;
    if (jpeg->restart_interval && s->left == 0 && !restart(s, jpeg)) return FALSE;
    if (!s->decode(&s->scan, jpeg, block) || ibx_jpeg_overtaken(&s->scan.r)) return FALSE;
    s->left--;
    if (--s->to_come > 0) return TRUE;
    if (!ibx_jpeg_at_end(&s->scan.r)) return FALSE;
    ibx_jpeg_reader_leave(&s->scan.r, jpeg);
    return TRUE;
}

static bool make_tables(scanner *s, j_decompress_ptr jpeg) {
    const bool dc = jpeg->Ss == 0;
    if (dc && jpeg->Ah > 0) return true;
    for (int i = 0; i < jpeg->comps_in_scan; i++) {
        const jpeg_component_info *c = jpeg->cur_comp_info[i];
        const JHUFF_TBL *from =
            dc ? jpeg->dc_huff_tbl_ptrs[c->dc_tbl_no] : jpeg->ac_huff_tbl_ptrs[c->ac_tbl_no];
        if (!ibx_jpeg_table_make(&s->scan.table[i], from, dc ? IBX_JPEG_DC_BITS : IBX_JPEG_AC_BITS))
            return false;
    }
    return true;
}

static ibx_jpeg_scan_loop *loop_of(bool ac, bool refines) {
#ifdef IBX_HAVE_V3
    if (ibx_cpu_is_v3()) return ibx_jpeg_scan_loop_of_v3(ac, refines);
#endif
    return ibx_jpeg_scan_loop_of_baseline(ac, refines);
}

static void begin_scan(scanner *s, j_decompress_ptr jpeg) {
    s->decode = loop_of(jpeg->Ss > 0, jpeg->Ah > 0);
    s->scan.r = ibx_jpeg_reader_of(jpeg);
    s->scan.ended = 0;
    s->next_restart = 0;
    s->left = jpeg->restart_interval;
    s->to_come = (int64_t)jpeg->MCUs_per_row * jpeg->MCU_rows_in_scan;
    memset(s->scan.last_dc, 0, sizeof s->scan.last_dc);
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
    if (!ibx_jpeg_entropy_known(jpeg) || jpeg->arith_code) return;
    scanner *s = jpeg->mem->alloc_small((j_common_ptr)jpeg, JPOOL_IMAGE, sizeof *s);
    s->own = (struct jpeg_entropy_decoder){start_pass, decode_mcu, FALSE};
    s->libjpeg = jpeg->entropy;
    s->scan.first = first;
    s->scan.known = known;
    begin_scan(s, jpeg);
}
