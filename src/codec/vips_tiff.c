/* vips_tiff.c - see vips_tiff.h. */
#include "codec/vips_tiff.h"
#include <limits.h>
#include <stdlib.h>

/* ---- the file, for libtiff ------------------------------------------------------------------- */

static tmsize_t read_bytes(thandle_t user, void *to, tmsize_t size) {
    ibx_tiff_place *p = user;
    if (size < 0 || !ibx_source_fetch(p->source, p->at, (size_t)size, to)) return -1;
    p->at += (uint64_t)size;
    return size;
}

static toff_t seek(thandle_t user, toff_t by, int whence) {
    ibx_tiff_place *p = user;
    if (whence == SEEK_SET) p->at = 0;
    if (whence == SEEK_END) p->at = (uint64_t)p->source->size;
    return p->at += by;
}

static toff_t file_size(thandle_t user) {
    return (toff_t)((ibx_tiff_place *)user)->source->size;
}

static int leave_open(thandle_t user) {
    (void)user;
    return 0;
}

/* Complaints are libvips's to make: it has read this directory, too. */
static int be_silent(TIFF *tiff, void *user, const char *module, const char *format, va_list args) {
    (void)tiff, (void)user, (void)module, (void)format, (void)args;
    return 1;
}

/* r: for reading; not mapped (m), with its strips as they are (c), and without the table of pieces
 * until that is asked for (D). Nothing is written, but libtiff wants a function for that, too. */
TIFF *ibx_tiff_open(ibx_tiff_place *p) {
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) return NULL;
    TIFFOpenOptionsSetErrorHandlerExtR(options, be_silent, NULL);
    TIFFOpenOptionsSetWarningHandlerExtR(options, be_silent, NULL);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, IBX_TIFF_PIECES * sizeof(uint64_t));
    TIFF *tiff = TIFFClientOpenExt(p->source->name, "rmcD", p, read_bytes, read_bytes, seek,
                                   leave_open, file_size, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    return tiff;
}

/* ---- values of tags ------------------------------------------------------------------------- */

int ibx_tiff_short(TIFF *tiff, uint32_t tag) {
    uint16_t v = 0;
    return TIFFGetFieldDefaulted(tiff, tag, &v) ? v : 0;
}

int ibx_tiff_long(TIFF *tiff, uint32_t tag) {
    uint32_t v = 0;
    if (!TIFFGetFieldDefaulted(tiff, tag, &v)) return 0;
    return v < INT_MAX ? (int)v : INT_MAX;
}
