/* png_band.c - see png_band.h. */
#include "codec/png_band.h"
#include "codec/png_deflate.h"
#include "codec/png_filter.h"
#include <libdeflate.h>
#include <stdlib.h>

/* Height of a band. Nothing in a band refers to the one before, which costs 0.3 % of the size of
 * drawings at 2 MB, and one row in ROWS_MIN that cannot be predicted from above. */
enum { BAND_BYTES = 2 << 20, ROWS_MIN = 32 };

/* What is compressed on trial: groups of lines of about this size; of bands up to the other size
 * all lines, where sizes are so much alike that a sample would mislead. A photograph is known at a
 * glance: from one small group in 32. */
enum { GROUP_BYTES = 64 << 10, SMALL_BAND = 1300 << 10, GLANCE_BYTES = 16 << 10, GLANCE_PART = 32 };

/* libdeflate's levels. From 10 on it looks for the best of all ways to write some bytes; where long
 * stretches repeat, 10 and 11 miss what 7 finds, and only 12 never does. */
enum { QUICKEST_LEVEL = 1, QUICK_LEVEL = 3, MIDDLE_LEVEL = 5, USUAL_LEVEL = 7, SMALL_LEVEL = 12 };

#define NO_MEMORY "no memory for compressing a PNG"

struct ibx_png_press {
    ibx_png_layout layout;
    ibx_deflater *deflater;
    uint8_t *block;       /* lent; the three of a band's size lie in it */
    uint8_t *row, *above; /* of 16 bits, as PNG stores them */
    uint8_t *adaptive;    /* the band, each row with the filter of the smallest differences */
    uint8_t *plain;       /* the band without filters, but that a row like the one above is zeros */
    uint8_t *out;
    ibx_png_piece piece; /* in `out` */
};

static size_t line_bytes(const ibx_png_layout *l) {
    return 1 + l->row_bytes;
}

static size_t band_bytes(const ibx_png_layout *l) {
    return (size_t)ibx_min(l->rows, l->h) * line_bytes(l);
}

ibx_png_layout ibx_png_layout_of(const ibx_save_job *job) {
    const ibx_head *h = &job->head;
    const bool wide = job->sample == IBX_U16;
    const size_t pixel = (size_t)ibx_planes(h) * (wide ? 2 : 1);
    ibx_png_layout l = {.h = h->h,
                        .wide = wide,
                        .pixel = pixel,
                        .row_bytes = (size_t)h->w * pixel,
                        .lender = job->lender,
                        .compression = ((const ibx_save_png *)job->params)->compression};
    l.rows = ROWS_MIN;
    while ((size_t)l.rows * 2 * line_bytes(&l) <= BAND_BYTES) l.rows *= 2;
    return l;
}

ibx_png_press *ibx_png_press_new(const ibx_png_layout *layout) {
    ibx_png_press *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    const size_t size = band_bytes(layout), row = layout->wide ? layout->row_bytes : 1;
    const size_t room = ibx_deflate_bound(size) + (size_t)2 * IBX_PNG_MARGIN;
    p->layout = *layout;
    p->deflater = ibx_deflater_new();
    p->row = malloc(row);
    p->above = malloc(row);
    p->block = ibx_lend(layout->lender, 2 * room + size);
    if (p->deflater && p->row && p->above && p->block) {
        p->adaptive = p->block;
        p->out = p->block + room;
        p->plain = p->block + 2 * room;
        return p;
    }
    ibx_png_press_free(p);
    return NULL;
}

void ibx_png_press_free(ibx_png_press *p) {
    if (!p) return;
    ibx_deflater_free(p->deflater);
    free(p->row);
    free(p->above);
    ibx_take_back(p->layout.lender, p->block);
    free(p);
}

size_t ibx_png_press_bytes(const ibx_png_layout *l) {
    const size_t size = band_bytes(l);
    return ibx_deflater_bytes(l->compression == IBX_PNG_SMALL ? SMALL_LEVEL : USUAL_LEVEL) +
           2 * line_bytes(l) + size + 2 * ibx_deflate_bound(size);
}

/* ---- filtering ---------------------------------------------------------------------------- */

static void store_row(const ibx_png_layout *l, const ibx_strip *band, int y, uint8_t *to) {
    const uint8_t *from = band->data + (size_t)y * band->stride;
    if (!l->wide) {
        memcpy(to, from, l->row_bytes);
        return;
    }
    const uint16_t *wide = (const uint16_t *)from; /* strips of 16 bits are aligned for them */
    for (size_t x = 0; x < l->row_bytes / 2; x++) {
        to[2 * x] = (uint8_t)(wide[x] >> 8);
        to[2 * x + 1] = (uint8_t)wide[x];
    }
}

/* Row y as PNG stores it: where it is, or in p->row. */
static const uint8_t *stored_row(ibx_png_press *p, const ibx_strip *band, int y) {
    if (!p->layout.wide) return band->data + (size_t)y * band->stride;
    uint8_t *row = p->above;
    p->above = p->row;
    p->row = row;
    store_row(&p->layout, band, y, row);
    return row;
}

/* The first row must not look at the one above, which is another band's. */
static void filter_adaptive(ibx_png_press *p, const ibx_strip *band) {
    const ibx_png_layout *l = &p->layout;
    const uint8_t *above = NULL;
    for (int y = 0; y < band->rows; y++) {
        const uint8_t *row = stored_row(p, band, y);
        ibx_png_filter(row, above, l->row_bytes, l->pixel, p->adaptive + (size_t)y * line_bytes(l));
        above = row;
    }
}

/* Line y without a filter; but a row like the one above becomes zeros by the filter Up, which is
 * shorter than a repetition from afar. */
static void plain_line(const ibx_png_layout *l, const ibx_strip *band, int y, uint8_t *line) {
    enum { NONE = 0, UP = 2 };
    const uint8_t *samples = band->data + (size_t)y * band->stride;
    const bool again = y > 0 && memcmp(samples, samples - band->stride, l->row_bytes) == 0;
    line[0] = again ? UP : NONE;
    if (again)
        memset(line + 1, 0, l->row_bytes);
    else
        store_row(l, band, y, line + 1);
}

static void filter_plain(ibx_png_press *p, const ibx_strip *band) {
    const size_t line = line_bytes(&p->layout);
    for (int y = 0; y < band->rows; y++)
        plain_line(&p->layout, band, y, p->plain + (size_t)y * line);
}

/* ---- choosing ----------------------------------------------------------------------------- */

/* Sizes of some lines of the band, filtered and not, and compressed with some effort; 0 without
 * memory. `runs`: the filtered ones, by runs alone. */
typedef struct {
    size_t before, adaptive, plain, runs;
} trial;

/* Compresses a sample of the band: one group of lines in `part`, spread over it. Lines without
 * filters with this effort, filtered ones with that. */
static trial try_lines(ibx_png_press *p, const ibx_strip *band, int effort, int filtered,
                       size_t bytes, int part) {
    const size_t line = line_bytes(&p->layout);
    const int group = (int)(bytes / line) + 1;
    part = ibx_max(1, ibx_min(part, band->rows / group));
    trial t = {0};
    for (int adaptive = 0; adaptive < 2; adaptive++) {
        uint8_t *to = p->plain;
        for (int y = 0; y < band->rows; y++) {
            if (y / group % part != part / 2) continue;
            if (adaptive)
                memcpy(to, p->adaptive + (size_t)y * line, line);
            else
                plain_line(&p->layout, band, y, to);
            to += line;
        }
        t.before = (size_t)(to - p->plain);
        const size_t n = ibx_deflate(p->deflater, adaptive ? filtered : effort, p->plain, t.before,
                                     true, p->out);
        *(adaptive ? &t.adaptive : &t.plain) = n;
    }
    t.runs = filtered == IBX_DEFLATE_RUNS
                 ? t.adaptive
                 : ibx_deflate(p->deflater, IBX_DEFLATE_RUNS, p->plain, t.before, true, p->out);
    return t;
}

/* Sizes to percent of one another. */
static size_t percent(size_t part, size_t of) {
    return of > 0 ? part * 100 / of : 0;
}

/* Do runs alone shorten the filtered lines to much less than a search does the others, and is what
 * is left rather noise than repetition? Then there is no need to know more. */
static bool is_photograph(trial t) {
    return percent(t.runs, t.before) >= 11 && percent(t.runs, t.plain) <= 58;
}

/* What ISA-L makes of a sample says what pays. A group holds more than DEFLATE can look back, or
 * repetition would be missed. */
static trial look(ibx_png_press *p, const ibx_strip *band) {
    const size_t size = (size_t)band->rows * line_bytes(&p->layout);
    return try_lines(p, band, IBX_DEFLATE_ISAL, IBX_DEFLATE_ISAL, GROUP_BYTES,
                     size > SMALL_BAND ? 8 : 3);
}

/* Where the filters shorten much and what they leave is rather noise than repetition, as in
 * photographs, a short search is close to the best; the less noise there is, the more the filters
 * must gain for this to hold. Smooth pictures come next: the lowest level where the filters halve
 * them, since no search finds much there, and higher ones the less the filters gain. The limits
 * were found on photographs, sharp and blurred, screen shots and drawings, by comparison with no
 * filter and level 6 of zlib-ng. */
static int search_for(int compression, trial t) {
    const size_t noise = percent(t.adaptive, t.before), left = percent(t.adaptive, t.plain);
    if (compression == IBX_PNG_SMALL) return SMALL_LEVEL;
    if (compression == IBX_PNG_FAST) return IBX_DEFLATE_ISAL;
    if (noise >= 12 && left <= 58 + noise * 6 / 10) return IBX_DEFLATE_ISAL;
    if (noise >= 4 && left <= 50 && left <= 2 + 8 * noise) return QUICKEST_LEVEL;
    if (noise >= 7 && left <= 60 + noise * 14 / 10 && left <= 82) return QUICK_LEVEL;
    return noise >= 7 && left <= 80 ? MIDDLE_LEVEL : USUAL_LEVEL;
}

/* Are runs alone so much shorter than ISA-L's search that they are shorter than this one too? In
 * photographs level 1 gains 7 to 15 percent on ISA-L, 3 and 5 some more. */
static bool runs_will_do(trial t, int search) {
    static const size_t MOST[] = {
        [IBX_DEFLATE_ISAL] = 99, [QUICKEST_LEVEL] = 89, [QUICK_LEVEL] = 86, [MIDDLE_LEVEL] = 80};
    return t.adaptive < t.plain && search <= MIDDLE_LEVEL &&
           percent(t.runs, t.adaptive) <= MOST[search];
}

/* ---- a band ------------------------------------------------------------------------------- */

ibx_png_piece ibx_png_press_piece(const ibx_png_press *p) {
    return p->piece;
}

/* Lines of the band, compressed into `room`. */
static ibx_png_piece press_lines(ibx_png_press *p, const ibx_strip *band, int effort,
                                 const uint8_t *lines, uint8_t *room) {
    const size_t size = (size_t)band->rows * line_bytes(&p->layout);
    const bool last = band->y + band->rows == p->layout.h;
    uint8_t *out = room + IBX_PNG_MARGIN;
    return (ibx_png_piece){.data = out,
                           .size = ibx_deflate(p->deflater, effort, lines, size, last, out),
                           .adler = libdeflate_adler32(1, lines, size),
                           .adler_bytes = size,
                           .first = band->y == 0,
                           .last = last};
}

/* Compresses the whole band both ways and keeps what is shorter. The filtered lines make room for
 * the other result, and are made again where runs are the shortest. False without memory. */
static bool press_all(ibx_png_press *p, const ibx_strip *band, int effort) {
    const size_t runs = press_lines(p, band, IBX_DEFLATE_RUNS, p->adaptive, p->out).size;
    p->piece = press_lines(p, band, effort, p->adaptive, p->out);
    filter_plain(p, band);
    const ibx_png_piece plain = press_lines(p, band, effort, p->plain, p->adaptive);
    if (!p->piece.size || !plain.size) return false;
    if (runs < p->piece.size && runs < plain.size) {
        filter_adaptive(p, band);
        p->piece = press_lines(p, band, IBX_DEFLATE_RUNS, p->adaptive, p->out);
    } else if (plain.size <= p->piece.size) {
        uint8_t *out = p->adaptive;
        p->adaptive = p->out;
        p->out = out;
        p->piece = plain;
    }
    return true;
}

/* Compresses the band in the way that was shorter on trial; runs are those of filtered lines. */
static bool press_better(ibx_png_press *p, const ibx_strip *band, int effort, trial t) {
    if (!t.adaptive || !t.plain) return false;
    const bool adaptive = effort == IBX_DEFLATE_RUNS || t.adaptive < t.plain;
    if (!adaptive) filter_plain(p, band);
    p->piece = press_lines(p, band, effort, adaptive ? p->adaptive : p->plain, p->out);
    return p->piece.size > 0;
}

/* The same where no glance was enough. */
static bool press_after_look(ibx_png_press *p, const ibx_strip *band) {
    const bool small = (size_t)band->rows * line_bytes(&p->layout) <= SMALL_BAND;
    trial t = look(p, band);
    const int search = search_for(p->layout.compression, t);
    bool runs = runs_will_do(t, search);
    /* ISA-L misses what repeats from afar, and does not know how levels and runs compare. */
    if (!runs && search > MIDDLE_LEVEL && small) return press_all(p, band, search);
    if (!runs && (search > MIDDLE_LEVEL || (search > IBX_DEFLATE_ISAL && t.runs < t.adaptive))) {
        t = try_lines(p, band, search, search, GROUP_BYTES, 8);
        runs = t.runs < t.adaptive && t.runs < t.plain;
    }
    return press_better(p, band, runs ? IBX_DEFLATE_RUNS : search, t);
}

bool ibx_png_press_band(ibx_png_press *p, const ibx_strip *band, ibx_error *err) {
    filter_adaptive(p, band);
    const bool glance = p->layout.compression != IBX_PNG_SMALL;
    const trial t =
        glance ? try_lines(p, band, IBX_DEFLATE_ISAL, IBX_DEFLATE_RUNS, GLANCE_BYTES, GLANCE_PART)
               : (trial){0};
    const bool ok = glance && is_photograph(t) ? press_better(p, band, IBX_DEFLATE_RUNS, t)
                                               : press_after_look(p, band);
    return ok || ibx_fail(err, IBX_MEMORY, NO_MEMORY);
}
