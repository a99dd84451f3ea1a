/* iiif.h - IIIF Image API 3.0 requests as recipes. Pure functions over texts and sizes.
 *
 *   {identifier}/{region}/{size}/{rotation}/{quality}.{format}
 *
 * https://iiif.io/api/image/3.0/ is the source; compliance level 2, and of level 3 mirroring,
 * arbitrary rotation and upscaling with "^". */
#ifndef IBX_SERVER_IIIF_H
#define IBX_SERVER_IIIF_H

#include "imbrex.h"

/* The parts of a request, percent-decoded; each is a copy. */
typedef struct {
    char identifier[1024], region[128], size[64], rotation[32], quality[16], format[8];
} ibx_iiif_request;

/* Splits what stands behind /iiif/3/ (as it is in the request). False with IBX_USAGE: 400; with
 * IBX_IO: 404, as there are more parts than an image has (a "/" in an identifier is "%2F"). */
bool ibx_iiif_parse(const char *path, ibx_iiif_request *request, ibx_error *err);

/* The recipe for an image of that size (upright, as it is shown), `save` included. *status: 200, or
 * 400 with an error: what the specification has 501 for, sizes with "^", is all there.
 * canonical gets the canonical form of the four parameters ("0,0,64,64/32,32/0/default.jpg"). Both
 * of at least 512 bytes. max_*: limits of the result, of which info.json tells; "max" and "!w,h"
 * keep within them, what else would exceed them is refused, and so is a rotation that would. */
bool ibx_iiif_recipe(const ibx_iiif_request *request, int w, int h, int64_t max_side,
                     int64_t max_area, char *recipe, char *canonical, size_t room, int *status,
                     ibx_error *err);

/* The words for quality in turn, "default" first; NULL behind the last. */
const char *ibx_iiif_quality(int i);

/* info.json for an image; id is its address as requested. It says that replies have links to the
 * canonical form and to the profile. malloc'd. */
char *ibx_iiif_info(const char *id, int w, int h, int64_t max_side, int64_t max_area);

/* ---- Deep Zoom (deepzoom.c) ------------------------------------------------------------------ */

/* {identifier}.dzi or {identifier}_files/{level}/{column}_{row}.{format}, as behind /dz/; the
 * identifier may have a "/" as it is. False: 400. */
typedef struct {
    char identifier[1024];
    bool descriptor;
    int level, column, row;
    char format[8];
} ibx_deepzoom_request;

bool ibx_deepzoom_parse(const char *path, ibx_deepzoom_request *request, ibx_error *err);
/* *status: 200, or 404 with an error where level, tile or format do not exist. */
bool ibx_deepzoom_recipe(const ibx_deepzoom_request *request, int w, int h, char *recipe,
                         size_t room, int *status, ibx_error *err);
char *ibx_deepzoom_descriptor(int w, int h); /* XML; malloc'd */

#endif
