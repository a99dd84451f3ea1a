/* vips_plain.c - see vips_plain.h. libtiff tells where the samples are. */
#include "codec/vips_plain.h"
#include "codec/vips_tiff.h"
#include "core/pixels.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

/* Rows of a tile that are read at a time. */
#define MOST_ROWS 32

/* ---- the directory --------------------------------------------------------------------------- */

/* Is there no alpha that colours have been multiplied by? */
static bool is_straight(TIFF *tiff) {
    uint16_t n = 0, *extra = NULL;
    return TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &n, &extra) &&
           (n == 0 || extra[0] != EXTRASAMPLE_ASSOCALPHA);
}

/* Are the samples such as a strip wants them? */
static bool is_plain(TIFF *tiff, const ibx_head *head, ibx_sample sample) {
    const int photometric = head->model == IBX_GRAY ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB;
    return (sample == IBX_U8 || (sample == IBX_U16 && !TIFFIsByteSwapped(tiff))) &&
           head->model != IBX_CMYK && ibx_tiff_long(tiff, TIFFTAG_IMAGEWIDTH) == head->w &&
           ibx_tiff_long(tiff, TIFFTAG_IMAGELENGTH) == head->h &&
           ibx_tiff_short(tiff, TIFFTAG_COMPRESSION) == COMPRESSION_NONE &&
           ibx_tiff_short(tiff, TIFFTAG_PHOTOMETRIC) == photometric &&
           ibx_tiff_short(tiff, TIFFTAG_FILLORDER) == FILLORDER_MSB2LSB &&
           ibx_tiff_short(tiff, TIFFTAG_SAMPLESPERPIXEL) == ibx_planes(head) &&
           ibx_tiff_short(tiff, TIFFTAG_PLANARCONFIG) == PLANARCONFIG_CONTIG &&
           ibx_tiff_short(tiff, TIFFTAG_BITSPERSAMPLE) == 8 * (int)ibx_sample_size(sample) &&
           ibx_tiff_short(tiff, TIFFTAG_SAMPLEFORMAT) == SAMPLEFORMAT_UINT && is_straight(tiff);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

/* Asks where the pieces are, which libtiff answers by 0 if it does not know; all of their bytes
 * must be in the file. */
static bool find_pieces(ibx_vips_plain *p, TIFF *tiff, uint64_t size) {
    const int n = p->across * ((p->h - 1) / p->piece_h + 1);
    p->offset = malloc((size_t)n * sizeof *p->offset);
    if (!p->offset) return false;
    for (int i = 0; i < n; i++) {
        const int below = p->h - i / p->across * p->piece_h;
        const int rows = p->rows ? p->piece_h : ibx_min(p->piece_h, below);
        const uint64_t least = (uint64_t)rows * (uint64_t)p->piece_w * p->pixel;
        const uint64_t at = TIFFGetStrileOffset(tiff, (uint32_t)i);
        if (at == 0 || at > size || least > size - at) return false;
        if (TIFFGetStrileByteCount(tiff, (uint32_t)i) < least) return false;
        p->offset[i] = at;
    }
    return true;
}

static bool shape_pieces(ibx_vips_plain *p, TIFF *tiff, uint64_t size) {
    const bool tiled = TIFFIsTiled(tiff);
    const int w = tiled ? ibx_tiff_long(tiff, TIFFTAG_TILEWIDTH) : p->w;
    const int h = tiled ? ibx_tiff_long(tiff, TIFFTAG_TILELENGTH)
                        : ibx_min(ibx_tiff_long(tiff, TIFFTAG_ROWSPERSTRIP), p->h);
    if (w == 0 || h == 0 || w > 1 << 20 || h > 1 << 20) return false;
    p->piece_w = w;
    p->piece_h = h;
    p->across = (p->w - 1) / w + 1;
    if ((int64_t)p->across * ((p->h - 1) / h + 1) > IBX_TIFF_PIECES) return false;
    if (tiled) p->rows = malloc((size_t)w * MOST_ROWS * p->pixel);
    return (!tiled || p->rows) && find_pieces(p, tiff, size);
}

bool ibx_vips_plain_open(ibx_vips_plain *plain, const ibx_source *source, uint64_t directory,
                         const ibx_head *head, ibx_sample sample) {
    *plain = (ibx_vips_plain){
        .w = head->w, .h = head->h, .pixel = (size_t)ibx_planes(head) * ibx_sample_size(sample)};
    TIFF *tiff = ibx_tiff_open(&(ibx_tiff_place){.source = source});
    const bool ok = tiff && (directory == 0 || TIFFSetSubDirectory(tiff, directory)) &&
                    is_plain(tiff, head, sample) &&
                    shape_pieces(plain, tiff, (uint64_t)source->size);
    if (tiff) TIFFClose(tiff);
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
static void announce(ibx_vips_plain *p, const ibx_source *source, int band, int first, int last) {
    if (source->whole || !p->rows || band < p->asked) return;
    const size_t bytes = (size_t)p->piece_w * (size_t)p->piece_h * p->pixel;
    for (int i = first; i <= last; i++)
        posix_fadvise(source->fd, (off_t)p->offset[band * p->across + i], (off_t)bytes,
                      POSIX_FADV_WILLNEED);
    p->asked = band + 1;
}

/* n rows of a tile, from its row `skip` on, into a strip from its row `to` on. */
static bool read_tile(ibx_vips_plain *p, const ibx_source *source, int band, int i, int skip, int n,
                      const ibx_strip *strip, int to) {
    const size_t row = (size_t)p->piece_w * p->pixel;
    const int x = i * p->piece_w, w = ibx_min(p->piece_w, p->w - x);
    if (!ibx_source_fetch(source, p->offset[band * p->across + i] + (uint64_t)skip * row,
                          (size_t)n * row, p->rows))
        return false;
    for (int y = 0; y < n; y++)
        memcpy(strip->data + (size_t)(to + y) * strip->stride + (size_t)x * p->pixel,
               p->rows + (size_t)y * row, (size_t)w * p->pixel);
    return true;
}

/* w columns from x on of strips, which are as wide as the image. */
static bool read_rows(const ibx_vips_plain *p, const ibx_source *source, int band, int skip, int n,
                      const ibx_strip *strip, int to, int x, int w) {
    const size_t row = (size_t)p->w * p->pixel, left = (size_t)x * p->pixel;
    uint64_t at = p->offset[band] + (uint64_t)skip * row + left;
    uint8_t *data = strip->data + (size_t)to * strip->stride + left;
    if (strip->stride == row && w == p->w)
        return ibx_source_fetch(source, at, (size_t)n * row, data);
    for (int y = 0; y < n; y++, at += row, data += strip->stride)
        if (!ibx_source_fetch(source, at, (size_t)w * p->pixel, data)) return false;
    return true;
}

bool ibx_vips_plain_read(ibx_vips_plain *p, const ibx_source *source, const ibx_strip *strip, int x,
                         int w, ibx_error *err) {
    const int first = x / p->piece_w, last = (x + w - 1) / p->piece_w;
    errno = 0;
    for (int done = 0; done < strip->rows;) {
        const int y = strip->y + done, band = y / p->piece_h, skip = y % p->piece_h;
        int n = ibx_min(strip->rows - done, p->piece_h - skip);
        bool ok = true;
        if (p->rows) n = ibx_min(n, MOST_ROWS);
        announce(p, source, band, first, last);
        for (int i = first; ok && p->rows && i <= last; i++)
            ok = read_tile(p, source, band, i, skip, n, strip, done);
        if (!p->rows) ok = read_rows(p, source, band, skip, n, strip, done, x, w);
        if (!ok)
            return ibx_fail(err, IBX_IO, "%s: cannot be read: %s", source->name,
                            errno ? strerror(errno) : "it has become shorter");
        done += n;
    }
    return true;
}
