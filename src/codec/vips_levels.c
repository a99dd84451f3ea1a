/* vips_levels.c - see vips_levels.h. */
#include "codec/vips_levels.h"
#include "codec/vips_tiff.h"

/* What must be the same in all levels: they are read as if they were one image. */
static const uint32_t SAME[] = {TIFFTAG_BITSPERSAMPLE, TIFFTAG_SAMPLESPERPIXEL, TIFFTAG_PHOTOMETRIC,
                                TIFFTAG_SAMPLEFORMAT,  TIFFTAG_PLANARCONFIG,    TIFFTAG_FILLORDER};
enum { SAMES = sizeof SAME / sizeof *SAME };

typedef struct {
    int w, h;
    int same[SAMES];
    int extra; /* the first sample behind the colours; -1: none */
} kind;

static kind kind_of(TIFF *tiff) {
    kind k = {.w = ibx_tiff_long(tiff, TIFFTAG_IMAGEWIDTH),
              .h = ibx_tiff_long(tiff, TIFFTAG_IMAGELENGTH),
              .extra = -1};
    uint16_t n = 0, *extra = NULL;
    for (int i = 0; i < SAMES; i++) k.same[i] = ibx_tiff_short(tiff, SAME[i]);
    if (TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &n, &extra) && n > 0) k.extra = extra[0];
    return k;
}

/* Is a side what `whole` becomes when it is halved so often that it is divided by `by`? */
static bool is_part(int whole, int by, int part) {
    return part == whole / by || part == (whole + by - 1) / by;
}

/* The power of 2 by which an image was reduced, or 0. */
static int reduced_by(const kind *first, const kind *k) {
    for (int by = 2; by <= IBX_MOST_SHRINK && by <= first->w && by <= first->h; by *= 2)
        if (is_part(first->w, by, k->w) && is_part(first->h, by, k->h)) return by;
    return 0;
}

/* Appends the image of the directory that libtiff stands at, if it is a level of its own. */
static int add_level(TIFF *tiff, const kind *first, int page, int subifd, ibx_vips_level *level,
                     int count) {
    const kind k = kind_of(tiff);
    const int shrink = reduced_by(first, &k);
    if (ibx_tiff_long(tiff, TIFFTAG_SUBFILETYPE) != FILETYPE_REDUCEDIMAGE || shrink == 0 ||
        memcmp(k.same, first->same, sizeof k.same) || k.extra != first->extra)
        return count;
    for (int i = 0; i < count; i++)
        if (level[i].shrink == shrink) return count;
    level[count] = (ibx_vips_level){.shrink = shrink,
                                    .w = k.w,
                                    .h = k.h,
                                    .page = page,
                                    .subifd = subifd,
                                    .directory = TIFFCurrentDirOffset(tiff)};
    return count + 1;
}

/* The SubIFDs of the first image; libtiff forgets their list when it goes to one. */
static int add_subifds(TIFF *tiff, const kind *first, ibx_vips_level *level) {
    uint64_t at[IBX_VIPS_LEVELS], *list = NULL;
    uint16_t n = 0;
    int count = 0;
    if (!TIFFGetField(tiff, TIFFTAG_SUBIFD, &n, &list)) return 0;
    if (n > IBX_VIPS_LEVELS) n = IBX_VIPS_LEVELS;
    memcpy(at, list, n * sizeof *at);
    for (int i = 0; i < n && TIFFSetSubDirectory(tiff, at[i]); i++)
        count = add_level(tiff, first, 0, i, level, count);
    return count;
}

/* The pages behind the first, up to one that is no copy of it. */
static int add_pages(TIFF *tiff, const kind *first, ibx_vips_level *level) {
    int count = 0;
    for (int page = 1; page <= IBX_VIPS_LEVELS && TIFFReadDirectory(tiff); page++) {
        const int more = add_level(tiff, first, page, -1, level, count);
        if (more == count) break;
        count = more;
    }
    return count;
}

int ibx_vips_levels_find(const ibx_source *source, int w, int h,
                         ibx_vips_level level[IBX_VIPS_LEVELS], bool *tiled) {
    *tiled = false;
    TIFF *tiff = ibx_tiff_open(&(ibx_tiff_place){.source = source});
    if (!tiff) return 0;
    const kind first = kind_of(tiff);
    *tiled = TIFFIsTiled(tiff);
    const bool fits = first.w == w && first.h == h;
    int count = fits ? add_subifds(tiff, &first, level) : 0;
    if (fits && count == 0 && TIFFSetDirectory(tiff, 0)) count = add_pages(tiff, &first, level);
    TIFFClose(tiff);
    return count;
}
