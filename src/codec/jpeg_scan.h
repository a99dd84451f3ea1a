/* jpeg_scan.h - the loops over the MCUs of a progressive scan (ITU-T T.81, annex G). They are
 * faster where a processor counts bits in a word by itself. For jpeg_progressive.c alone. */
#ifndef IBX_CODEC_JPEG_SCAN_H
#define IBX_CODEC_JPEG_SCAN_H

#include "codec/jpeg_bits.h"
#include "filter.h"

/* Values have so many bits at most, and coefficients of AC when they are shifted. */
enum { IBX_JPEG_DC_BITS = 15, IBX_JPEG_AC_BITS = 14 };

typedef struct {
    ibx_jpeg_reader r;
    const JBLOCK *first;
    uint64_t *known; /* for each block from `first` on: which of its coefficients are not 0 */
    unsigned ended;  /* blocks to come that say nothing new */
    int last_dc[MAX_COMPS_IN_SCAN];
    ibx_jpeg_table table[MAX_COMPS_IN_SCAN]; /* of each component */
} ibx_jpeg_scan;

/* Decodes an MCU. False at what libjpeg should look at. */
typedef bool ibx_jpeg_scan_loop(ibx_jpeg_scan *s, j_decompress_ptr jpeg, JBLOCKROW *block);

/* The loop of scans of AC or DC that begin or refine. */
ibx_jpeg_scan_loop *ibx_jpeg_scan_loop_of_baseline(bool ac, bool refines);
ibx_jpeg_scan_loop *ibx_jpeg_scan_loop_of_v3(bool ac, bool refines);

#endif
