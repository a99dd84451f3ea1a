/* jpeg_scans.c - the scans of a progressive JPEG, by its markers. */
#include "codec/jpeg_scans.h"
#include <limits.h>
#include <math.h>

/* Markers (T.81, table B.1) that libjpeg has no names for. */
enum { SOF2 = 0xC2, DHT = 0xC4, SOS = 0xDA, DQT = 0xDB, DRI = 0xDD };

/* Segments in a file, and bytes of it that are looked at at a time. */
enum { MOST_SEGMENTS = 1000, VIEW = 32768 };

enum { UNKNOWN = -1, MOST_BITS = 13 };

/* The part of the file that is being looked at. */
typedef struct {
    const ibx_source *source;
    const uint8_t *data;
    uint64_t at; /* of data[0] in the file */
    size_t size;
    uint8_t buffer[VIEW];
} view;

/* What a scan says. */
typedef struct {
    int components, component[MAX_COMPS_IN_SCAN]; /* by index */
    int first, last;                              /* coefficients */
    int before, bit;                              /* the lowest bits before and after it */
} header;

typedef struct {
    const struct jpeg_decompress_struct *jpeg;
    uint64_t data; /* of the first scan */
    view view;
    header scan[IBX_JPEG_MOST_SCANS];
    /* The lowest bit that is known of each coefficient, in zigzag order. */
    int8_t lowest[MAX_COMPONENTS][DCTSIZE2];
} walk;

/* The bytes from `at` on, *size of them, at least `least`. NULL: there are not so many. */
static const uint8_t *look(view *v, uint64_t at, size_t least, size_t *size) {
    const uint64_t end = (uint64_t)v->source->size;
    if (at > end || end - at < least) return NULL;
    if (at < v->at || at + least > v->at + v->size) {
        v->size = end - at < VIEW ? (size_t)(end - at) : VIEW;
        v->at = at;
        if (!ibx_source_fetch(v->source, at, v->size, v->buffer)) return NULL;
    }
    *size = (size_t)(v->at + v->size - at);
    return v->data + (at - v->at);
}

/* Is it part of a scan's data: a zero that follows 0xFF there, or a restart marker? */
static bool belongs(uint8_t code) {
    return code == 0 || (code >= JPEG_RST0 && code < JPEG_RST0 + 8);
}

/* The end of the data that starts at `at`: a marker. 0: the file ends before. */
static uint64_t end_of_data(view *v, uint64_t at) {
    const uint8_t *p;
    size_t size;
    while ((p = look(v, at, 2, &size))) {
        const uint8_t *const last = p + size - 1, *f = memchr(p, 0xFF, size - 1);
        if (!f) f = last;
        while (f < last && *f == 0xFF && (f[1] == 0xFF || belongs(f[1]))) f += f[1] == 0xFF ? 1 : 2;
        at += (uint64_t)(f - p);
        if (f < last && *f == 0xFF) return at;
    }
    return 0;
}

/* A segment's marker, or 0; its bytes, of which the first two are the length, start at *at. */
static int read_marker(view *v, uint64_t *at, size_t *length) {
    const uint8_t *p;
    size_t size;
    while ((p = look(v, *at, 2, &size)) && p[0] == 0xFF && p[1] == 0xFF) ++*at;
    if (!p || p[0] != 0xFF) return 0;
    const int marker = p[1];
    *at += 2;
    if (marker == JPEG_EOI) return marker;
    p = look(v, *at, 2, &size);
    *length = p ? (size_t)(p[0] << 8 | p[1]) : 0;
    return *length >= 2 ? marker : 0;
}

/* ---- one scan ------------------------------------------------------------------------------- */

static int index_of(const struct jpeg_decompress_struct *jpeg, int id) {
    for (int c = 0; c < jpeg->num_components; c++)
        if (jpeg->comp_info[c].component_id == id) return c;
    return -1;
}

/* Reads a scan's header (T.81, B.2.3), whose length is at v->at. */
static bool read_header(walk *w, uint64_t at, size_t length, header *h) {
    size_t size;
    const uint8_t *p = look(&w->view, at, 3, &size);
    h->components = p ? p[2] : 0;
    if (h->components < 1 || h->components > MAX_COMPS_IN_SCAN ||
        length != 6 + 2 * (size_t)h->components || !(p = look(&w->view, at, length, &size)))
        return false;
    for (int i = 0; i < h->components; i++)
        if ((h->component[i] = index_of(w->jpeg, p[3 + 2 * i])) < 0) return false;
    p += length - 3;
    h->first = p[0];
    h->last = p[1];
    h->before = p[2] >> 4;
    h->bit = p[2] & 15;
    return true;
}

/* Follows what is known of the coefficients. False: this scan does not come in its turn. */
static bool follow(walk *w, const header *h) {
    const bool refines = h->before > 0;
    if (h->first > h->last || h->last >= DCTSIZE2 || h->bit > MOST_BITS) return false;
    if (h->first == 0 ? h->last != 0 : h->components != 1) return false;
    if (refines && h->bit != h->before - 1) return false;
    for (int i = 0; i < h->components; i++) {
        int8_t *lowest = w->lowest[h->component[i]];
        if (h->first > 0 && lowest[0] == UNKNOWN) return false;
        for (int k = h->first; k <= h->last; k++) {
            if (lowest[k] != (refines ? h->before : UNKNOWN)) return false;
            lowest[k] = (int8_t)h->bit;
        }
    }
    return true;
}

/* ---- all of them ---------------------------------------------------------------------------- */

/* Does such a segment belong in front of a scan, or in front of the first? */
static bool expected(int marker, bool first) {
    return marker == DHT || marker == DRI || marker == JPEG_COM ||
           (marker >= JPEG_APP0 && marker < JPEG_APP0 + 16) ||
           (first && (marker == DQT || marker == SOF2));
}

static bool add_scan(walk *w, ibx_jpeg_scans *scans, uint64_t at, size_t length) {
    if (scans->count == IBX_JPEG_MOST_SCANS) return false;
    header *h = &w->scan[scans->count];
    if (!read_header(w, at, length, h) || !follow(w, h)) return false;
    if (scans->count == 0 && at + length != w->data) return false;
    const uint64_t end = end_of_data(&w->view, at + length);
    scans->scan[scans->count++] = (ibx_jpeg_scan){.from = at - 2, .to = end, .least = INT_MAX};
    return end > 0;
}

/* False: there is no end of image, or what there is in front of it is not as it should be. */
static bool read_segments(walk *w, ibx_jpeg_scans *scans) {
    uint64_t at = 2; /* behind the start of image */
    for (int i = 0; i < MOST_SEGMENTS; i++) {
        size_t length;
        const int marker = read_marker(&w->view, &at, &length);
        if (marker == JPEG_EOI) return true;
        if (marker != SOS) {
            if (!expected(marker, scans->count == 0)) return false;
            at += length;
        } else {
            if (!add_scan(w, scans, at, length)) return false;
            at = scans->scan[scans->count - 1].to;
        }
    }
    return false;
}

/* Is every coefficient known to its last bit? */
static bool complete(const walk *w) {
    for (int c = 0; c < w->jpeg->num_components; c++)
        for (int k = 0; k < DCTSIZE2; k++)
            if (w->lowest[c][k] != 0) return false;
    return true;
}

/* ---- what is not needed --------------------------------------------------------------------- */

/* Of luma, the mean quantizer of the first five AC coefficients; 0: it has none. */
static double quantizer(const struct jpeg_decompress_struct *jpeg) {
    static const int FIRST[] = {1, 8, 16, 9, 2};      /* by row and column, as libjpeg keeps them */
    const int number = jpeg->comp_info->quant_tbl_no; /* which libjpeg has not looked at yet */
    const JQUANT_TBL *table = number < NUM_QUANT_TBLS ? jpeg->quant_tbl_ptrs[number] : NULL;
    double sum = 0;
    for (int i = 0; table && i < 5; i++) sum += table->quantval[FIRST[i]];
    return sum / 5;
}

/* The reduction from which on a refinement of luma is not needed. */
static int least_reduction(const header *h, double quantizer) {
    const double error = ((1 << h->before) - 1) * quantizer;
    if (error == 0 || error > IBX_JPEG_COARSE_MOST) return INT_MAX;
    return (int)fmax(ceil(error / IBX_JPEG_COARSE), IBX_JPEG_COARSE_LEAST);
}

/* From the last scan to the first, as one is needed at least as long as those that refine it. */
static int choose(const walk *w, ibx_jpeg_scans *scans) {
    const double step = quantizer(w->jpeg);
    int least[DCTSIZE2] = {0}, smallest = INT_MAX; /* of luma: below these bits are needed */
    for (int i = scans->count - 1; i >= 0; i--) {
        const header *h = &w->scan[i];
        if (h->component[0] != 0 || h->first == 0 || h->before == 0) continue;
        int from = least_reduction(h, step);
        for (int k = h->first; k <= h->last; k++) from = ibx_max(from, least[k]);
        for (int k = h->first; k <= h->last; k++) least[k] = from;
        scans->scan[i].least = from;
        smallest = ibx_min(smallest, from);
    }
    return smallest < INT_MAX ? smallest : 0;
}

static bool eligible(const struct jpeg_decompress_struct *jpeg, const ibx_source *source) {
    return jpeg->progressive_mode && !jpeg->arith_code && source->size > 0 &&
           source->size <= IBX_JPEG_MOST_BYTES && (source->whole || source->fd >= 0) &&
           (jpeg->jpeg_color_space == JCS_GRAYSCALE || jpeg->jpeg_color_space == JCS_YCbCr);
}

int ibx_jpeg_scans_find(ibx_jpeg_scans *scans, const struct jpeg_decompress_struct *jpeg,
                        uint64_t data, const ibx_source *source) {
    scans->count = 0;
    if (!eligible(jpeg, source)) return 0;
    walk w;
    w.jpeg = jpeg;
    w.data = data;
    w.view.source = source;
    w.view.data = source->whole ? source->whole : w.view.buffer;
    w.view.at = 0;
    w.view.size = source->whole ? (size_t)source->size : 0;
    memset(w.lowest, UNKNOWN, sizeof w.lowest);
    return read_segments(&w, scans) && complete(&w) ? choose(&w, scans) : 0;
}

void ibx_jpeg_scans_drop(ibx_jpeg_scans *scans, int reduction) {
    int count = 0;
    for (int i = 0; i < scans->count; i++)
        if (scans->scan[i].least <= reduction) scans->scan[count++] = scans->scan[i];
    scans->count = count;
}
