/* deepzoom.c - tiles of Deep Zoom images, as viewers ask for them.
 *
 * The image is halved, rounded up, until it is one pixel; that is level 0. Each level is cut into
 * tiles that overlap their neighbours by a pixel, so that a viewer that scales them shows no seam.
 * A tile is cut out of its level, not scaled by itself: its pixels are those of the level wherever
 * the cuts lie. The plan makes of that a stage which computes the tile alone, and lets JPEG
 * decoders reduce, so it costs no more. */
#include "core/text.h"
#include "server/api/iiif.h"
#include "server/api/segment.h"
#include <stdlib.h>

#define LEVEL "resize:%dx%d,fit=fill"
#define TILE "crop:%dx%d,%d,%d,gravity=north-west"
#define FORMAT "save:%s"
#define DESCRIPTOR_SUFFIX ".dzi"
#define FOLDER_SUFFIX "_files"
#define USUAL_FORMAT "jpg" /* what descriptors name everywhere */

enum { TILE_SIZE = 510, OVERLAP = 1 }; /* 512 pixels with both neighbours */

/* ---- requests ----------------------------------------------------------------------------------
 */

static bool no_such(ibx_error *err) {
    return ibx_fail(err, IBX_USAGE,
                    "dz: the address must end as in NAME.dzi or NAME_files/LEVEL/COLUMN_ROW.jpg");
}

/* Decodes path..end without `suffix`, with which it must end. */
static bool take_name(const char *path, const char *end, const char *suffix,
                      ibx_deepzoom_request *r) {
    const size_t length = (size_t)(end - path), tail = strlen(suffix);
    return length > tail && memcmp(end - tail, suffix, tail) == 0 &&
           ibx_segment_decode(path, length - tail, r->identifier, sizeof r->identifier);
}

/* A number that `stop` ends; goes behind it. */
static bool take_count(const char **at, char stop, int *count) {
    char digits[16];
    const char *end = strchr(*at, stop);
    if (!end || !ibx_segment_decode(*at, (size_t)(end - *at), digits, sizeof digits)) return false;
    *at = end + 1;
    return ibx_segment_count(digits, count);
}

/* The place of the last "/" but one, or NULL. */
static const char *tile_part(const char *path) {
    const char *last = strrchr(path, '/'), *before = NULL;
    for (const char *c = path; last && c < last; c++)
        if (*c == '/') before = c;
    return before;
}

bool ibx_deepzoom_parse(const char *path, ibx_deepzoom_request *r, ibx_error *err) {
    *r = (ibx_deepzoom_request){.descriptor = true};
    if (take_name(path, path + strlen(path), DESCRIPTOR_SUFFIX, r)) return true;
    const char *at = tile_part(path);
    r->descriptor = false;
    if (!at || !take_name(path, at++, FOLDER_SUFFIX, r)) return no_such(err);
    if (!take_count(&at, '/', &r->level) || !take_count(&at, '_', &r->column) ||
        !take_count(&at, '.', &r->row))
        return no_such(err);
    return (*at && ibx_segment_decode(at, strlen(at), r->format, sizeof r->format)) || no_such(err);
}

/* ---- tiles
 * --------------------------------------------------------------------------------------- */

/* How often the image must be halved to be one pixel: the number of its last level. */
static int last_level(int w, int h) {
    int level = 0;
    while (((int64_t)1 << level) < w || ((int64_t)1 << level) < h) level++;
    return level;
}

static int halved(int whole, int times) {
    return (int)(((int64_t)whole + ((int64_t)1 << times) - 1) >> times);
}

/* Where a row or column of tiles lies on a side of `whole` pixels. False: there is none. */
static bool span(int number, int whole, int *from, int *length) {
    const int64_t begin = (int64_t)number * TILE_SIZE;
    if (begin >= whole) return false;
    const int64_t end = begin + TILE_SIZE + OVERLAP;
    *from = (int)begin - (number ? OVERLAP : 0);
    *length = (int)(end < whole ? end : whole) - *from;
    return true;
}

static bool missing(int *status, ibx_error *err, const char *what) {
    *status = 404;
    return ibx_fail(err, IBX_USAGE, "dz: the image has no such %s", what);
}

bool ibx_deepzoom_recipe(const ibx_deepzoom_request *request, int w, int h, char *recipe,
                         size_t room, int *status, ibx_error *err) {
    const int last = last_level(w, h);
    if (request->level > last) return missing(status, err, "level");
    const int level_w = halved(w, last - request->level),
              level_h = halved(h, last - request->level);
    int x, y, tile_w, tile_h;
    if (!span(request->column, level_w, &x, &tile_w) || !span(request->row, level_h, &y, &tile_h))
        return missing(status, err, "tile");
    const ibx_format *format = ibx_format_find(request->format);
    if (!format) return missing(status, err, "format");
    ibx_text t = {recipe, room, 0};
    if (level_w != w || level_h != h) ibx_text_add(&t, LEVEL "/", level_w, level_h);
    if (tile_w != level_w || tile_h != level_h) ibx_text_add(&t, TILE "/", tile_w, tile_h, x, y);
    ibx_text_add(&t, FORMAT, format->name);
    ibx_text_end(&t);
    *status = 200;
    return true;
}

char *ibx_deepzoom_descriptor(int w, int h) {
    char *text = NULL;
    const int length = asprintf(&text,
                                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                                "<Image xmlns=\"http://schemas.microsoft.com/deepzoom/2008\""
                                " Format=\"%s\" Overlap=\"%d\" TileSize=\"%d\">\n"
                                "  <Size Width=\"%d\" Height=\"%d\"/>\n"
                                "</Image>\n",
                                USUAL_FORMAT, OVERLAP, TILE_SIZE, w, h);
    return length < 0 ? NULL : text;
}
