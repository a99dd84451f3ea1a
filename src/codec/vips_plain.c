/* vips_plain.c - see vips_plain.h. After the TIFF specification, revision 6.0 of 1992, and for
 * files above 4 GB that of BigTIFF. */
#include "codec/vips_plain.h"
#include "core/pixels.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Rows of a tile that are read at a time. */
#define MOST_ROWS 32

/* More pieces than that are no file worth this shortcut. */
#define MOST_PIECES (1 << 20)

/* ---- bytes --------------------------------------------------------------------------------- */

/* Copies bytes of the file; they must all be there. */
static bool fetch(const ibx_source *source, uint64_t at, size_t size, void *to) {
    if (at > (uint64_t)source->size || size > (uint64_t)source->size - at) return false;
    if (source->whole) {
        memcpy(to, source->whole + at, size);
        return true;
    }
    for (size_t done = 0; done < size;) {
        const ssize_t n = pread(source->fd, (uint8_t *)to + done, size - done, (off_t)(at + done));
        if (n == 0 || (n < 0 && errno != EINTR)) return false;
        if (n > 0) done += (size_t)n;
    }
    return true;
}

/* ---- the directory --------------------------------------------------------------------------- */

enum {
    WIDTH = 256,
    HEIGHT = 257,
    BITS = 258,
    COMPRESSION = 259,
    PHOTOMETRIC = 262,
    FILL_ORDER = 266,
    STRIP_OFFSETS = 273,
    SAMPLES = 277,
    STRIP_ROWS = 278,
    STRIP_BYTES = 279,
    PLANAR = 284,
    TILE_WIDTH = 322,
    TILE_HEIGHT = 323,
    TILE_OFFSETS = 324,
    TILE_BYTES = 325,
    EXTRA_SAMPLES = 338,
    SAMPLE_FORMAT = 339
};

/* The tags of the first image, of a file of either byte order, classic or big. */
typedef struct {
    const ibx_source *source;
    bool motorola, big;
    uint64_t at;    /* of the first entry in the file */
    uint8_t *entry; /* entries * entry_size bytes */
    int entries, entry_size;
} directory;

static uint64_t number(const directory *d, const uint8_t *bytes, int size) {
    uint64_t v = 0;
    for (int i = 0; i < size; i++) v = v << 8 | bytes[d->motorola ? i : size - 1 - i];
    return v;
}

static bool open_directory(directory *d, const ibx_source *source) {
    uint8_t head[16] = {0}, count[8];
    *d = (directory){.source = source};
    if (!fetch(source, 0, 8, head)) return false;
    d->motorola = head[0] == 'M';
    d->big = number(d, head + 2, 2) == 43;
    if (d->big && !fetch(source, 0, 16, head)) return false;
    d->at = d->big ? number(d, head + 8, 8) : number(d, head + 4, 4);
    d->entry_size = d->big ? 20 : 12;
    const int width = d->big ? 8 : 2;
    if (!fetch(source, d->at, (size_t)width, count)) return false;
    d->at += (uint64_t)width;
    const uint64_t entries = number(d, count, width);
    if (entries == 0 || entries > 1000) return false;
    d->entries = (int)entries;
    const size_t bytes = (size_t)d->entries * (size_t)d->entry_size;
    d->entry = malloc(bytes);
    return d->entry && fetch(source, d->at, bytes, d->entry);
}

static const uint8_t *find(const directory *d, int tag) {
    for (int i = 0; i < d->entries; i++) {
        const uint8_t *entry = d->entry + (ptrdiff_t)i * d->entry_size;
        if (number(d, entry, 2) == (uint64_t)tag) return entry;
    }
    return NULL;
}

/* The first n values of a tag; it must have as many, of a type of whole numbers. Few stand in the
 * entry itself. */
static bool read_values(const directory *d, int tag, uint64_t *to, int n) {
    static const int SIZE[] = {[3] = 2, [4] = 4, [16] = 8}; /* SHORT, LONG, LONG8 */
    const uint8_t *entry = find(d, tag);
    const int field = d->big ? 8 : 4;
    if (!entry) return false;
    const uint64_t type = number(d, entry + 2, 2), count = number(d, entry + 4, field);
    const int size = type < sizeof SIZE / sizeof *SIZE ? SIZE[type] : 0;
    if (size == 0 || count < (uint64_t)n || count > MOST_PIECES) return false;
    const uint8_t *value = entry + 4 + field;
    const bool inside = count * (uint64_t)size <= (uint64_t)field;
    const uint64_t at = inside ? d->at + (uint64_t)(value - d->entry) : number(d, value, field);
    uint8_t *bytes = malloc((size_t)n * (size_t)size);
    const bool ok = bytes && fetch(d->source, at, (size_t)n * (size_t)size, bytes);
    for (int i = 0; ok && i < n; i++) to[i] = number(d, bytes + (ptrdiff_t)i * size, size);
    free(bytes);
    return ok;
}

/* Has every one of the first n values of a tag this value, or is it the default and not there? */
static bool all_are(const directory *d, int tag, int n, uint64_t want, uint64_t missing) {
    uint64_t v[IBX_MAX_PLANES] = {0};
    if (!find(d, tag)) return want == missing;
    if (!read_values(d, tag, v, n)) return false;
    for (int i = 0; i < n; i++)
        if (v[i] != want) return false;
    return true;
}

static bool is(const directory *d, int tag, uint64_t want, uint64_t missing) {
    return all_are(d, tag, 1, want, missing);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

/* Are the samples such as a strip wants them? */
static bool is_plain(const directory *d, const ibx_head *head, ibx_sample sample) {
    const int planes = ibx_planes(head), bits = 8 * (int)ibx_sample_size(sample);
    const uint16_t one = 1;
    const bool little = *(const uint8_t *)&one == 1;
    uint64_t extra = 0;
    if (head->alpha && (!read_values(d, EXTRA_SAMPLES, &extra, 1) || extra == 1)) return false;
    return (sample == IBX_U8 || (sample == IBX_U16 && d->motorola != little)) &&
           head->model != IBX_CMYK && is(d, WIDTH, (uint64_t)head->w, 0) &&
           is(d, HEIGHT, (uint64_t)head->h, 0) && is(d, COMPRESSION, 1, 1) &&
           is(d, PHOTOMETRIC, head->model == IBX_GRAY ? 1 : 2, 0) && is(d, FILL_ORDER, 1, 1) &&
           is(d, SAMPLES, (uint64_t)planes, 1) && is(d, PLANAR, 1, 1) &&
           all_are(d, BITS, planes, (uint64_t)bits, 1) && all_are(d, SAMPLE_FORMAT, planes, 1, 1);
}

/* Rows of the pieces that begin at row y, as they stand in the file. */
static int rows_from(const ibx_vips_plain *p, int y, bool tiled) {
    return tiled ? p->piece_h : ibx_min(p->piece_h, p->h - y);
}

/* Reads where the pieces are; all of their bytes must be in the file. */
static bool find_pieces(ibx_vips_plain *p, const directory *d, bool tiled) {
    const int down = (p->h - 1) / p->piece_h + 1, n = p->across * down;
    const uint64_t size = (uint64_t)d->source->size;
    uint64_t *bytes = malloc((size_t)n * sizeof *bytes);
    p->offset = malloc((size_t)n * sizeof *p->offset);
    bool ok = bytes && p->offset &&
              read_values(d, tiled ? TILE_OFFSETS : STRIP_OFFSETS, p->offset, n) &&
              read_values(d, tiled ? TILE_BYTES : STRIP_BYTES, bytes, n);
    for (int i = 0; ok && i < n; i++) {
        const int rows = rows_from(p, i / p->across * p->piece_h, tiled);
        const uint64_t least = (uint64_t)rows * (uint64_t)p->piece_w * p->pixel;
        ok = bytes[i] >= least && p->offset[i] <= size && least <= size - p->offset[i];
    }
    free(bytes);
    return ok;
}

static bool shape_pieces(ibx_vips_plain *p, const directory *d) {
    uint64_t w = (uint64_t)p->w, h = 0;
    const bool tiled = find(d, TILE_WIDTH) != NULL;
    if (tiled && (!read_values(d, TILE_WIDTH, &w, 1) || !read_values(d, TILE_HEIGHT, &h, 1)))
        return false;
    if (!tiled && find(d, STRIP_ROWS) && !read_values(d, STRIP_ROWS, &h, 1)) return false;
    if (!tiled && (h == 0 || h > (uint64_t)p->h)) h = (uint64_t)p->h;
    if (w == 0 || h == 0 || w > 1 << 20 || h > 1 << 20) return false;
    p->piece_w = (int)w;
    p->piece_h = (int)h;
    p->across = (p->w - 1) / p->piece_w + 1;
    if ((int64_t)p->across * ((p->h - 1) / p->piece_h + 1) > MOST_PIECES) return false;
    if (tiled) p->rows = malloc(w * MOST_ROWS * p->pixel);
    return (!tiled || p->rows) && find_pieces(p, d, tiled);
}

bool ibx_vips_plain_open(ibx_vips_plain *plain, const ibx_source *source, const ibx_head *head,
                         ibx_sample sample) {
    directory d;
    *plain = (ibx_vips_plain){
        .w = head->w, .h = head->h, .pixel = (size_t)ibx_planes(head) * ibx_sample_size(sample)};
    const bool ok =
        open_directory(&d, source) && is_plain(&d, head, sample) && shape_pieces(plain, &d);
    free(d.entry);
    if (!ok) ibx_vips_plain_close(plain);
    return ok;
}

size_t ibx_vips_plain_bytes(const ibx_vips_plain *p) {
    const size_t pieces = (size_t)p->across * (size_t)((p->h - 1) / p->piece_h + 1);
    return pieces * sizeof *p->offset + (p->rows ? (size_t)p->piece_w * MOST_ROWS * p->pixel : 0);
}

void ibx_vips_plain_close(ibx_vips_plain *plain) {
    free(plain->offset);
    free(plain->rows);
    *plain = (ibx_vips_plain){0};
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* Bands of tiles are read a few rows at a time, here and there; the system does not foresee that,
 * so it is told of each band of them as a whole. */
static void announce(ibx_vips_plain *p, const ibx_source *source, int band) {
    if (source->whole || !p->rows || band < p->asked) return;
    const size_t bytes = (size_t)p->piece_w * (size_t)p->piece_h * p->pixel;
    for (int i = 0; i < p->across; i++)
        posix_fadvise(source->fd, (off_t)p->offset[band * p->across + i], (off_t)bytes,
                      POSIX_FADV_WILLNEED);
    p->asked = band + 1;
}

/* n rows of a tile, from its row `skip` on, into a strip from its row `to` on. */
static bool read_tile(ibx_vips_plain *p, const ibx_source *source, int band, int i, int skip, int n,
                      const ibx_strip *strip, int to) {
    const size_t row = (size_t)p->piece_w * p->pixel;
    const int x = i * p->piece_w, w = ibx_min(p->piece_w, p->w - x);
    if (!fetch(source, p->offset[band * p->across + i] + (uint64_t)skip * row, (size_t)n * row,
               p->rows))
        return false;
    for (int y = 0; y < n; y++)
        memcpy(strip->data + (size_t)(to + y) * strip->stride + (size_t)x * p->pixel,
               p->rows + (size_t)y * row, (size_t)w * p->pixel);
    return true;
}

/* The same of strips, which are as wide as the image. */
static bool read_rows(const ibx_vips_plain *p, const ibx_source *source, int band, int skip, int n,
                      const ibx_strip *strip, int to) {
    const size_t row = (size_t)p->w * p->pixel;
    uint64_t at = p->offset[band] + (uint64_t)skip * row;
    uint8_t *data = strip->data + (size_t)to * strip->stride;
    if (strip->stride == row) return fetch(source, at, (size_t)n * row, data);
    for (int y = 0; y < n; y++, at += row, data += strip->stride)
        if (!fetch(source, at, row, data)) return false;
    return true;
}

bool ibx_vips_plain_read(ibx_vips_plain *p, const ibx_source *source, const ibx_strip *strip,
                         ibx_error *err) {
    errno = 0;
    for (int done = 0; done < strip->rows;) {
        const int y = strip->y + done, band = y / p->piece_h, skip = y % p->piece_h;
        int n = ibx_min(strip->rows - done, p->piece_h - skip);
        bool ok = true;
        if (p->rows) n = ibx_min(n, MOST_ROWS);
        announce(p, source, band);
        for (int i = 0; ok && p->rows && i < p->across; i++)
            ok = read_tile(p, source, band, i, skip, n, strip, done);
        if (!p->rows) ok = read_rows(p, source, band, skip, n, strip, done);
        if (!ok)
            return ibx_fail(err, IBX_IO, "%s: cannot be read: %s", source->name,
                            errno ? strerror(errno) : "it has become shorter");
        done += n;
    }
    return true;
}
