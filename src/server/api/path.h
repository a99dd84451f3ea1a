/* path.h - addresses of images: /v1/{signature}/{recipe}/{kind}/{source}. Pure functions.
 *
 * The recipe's steps are segments, as on the command line; the first segment that is a kind of
 * source and nothing else ends it. Segments are percent-decoded one by one, so an encoded "/" may
 * stand inside a quoted value. */
#ifndef IBX_SERVER_PATH_H
#define IBX_SERVER_PATH_H

#include "imbrex.h"

typedef enum {
    IBX_PLACE_FILE,  /* file/{path beneath the root} */
    IBX_PLACE_URL,   /* url/{address in base64url, RFC 4648 section 5, without padding} */
    IBX_PLACE_BUCKET /* s3/{alias}/{key} */
} ibx_place;

/* Texts are owned. */
typedef struct {
    char *signature;
    const char *rest; /* what is signed: behind the signature, as in the request; borrowed */
    char *recipe;     /* decoded, steps separated by "/" */
    ibx_place place;
    char *source; /* decoded: path, address or key */
    char *alias;  /* BUCKET; else NULL */
} ibx_image_path;

/* Reads what stands behind /v1/. IBX_USAGE with a sentence; empty then. */
bool ibx_image_path_parse(const char *path, ibx_image_path *parsed, ibx_error *err);
void ibx_image_path_free(ibx_image_path *parsed);

/* Percent-decodes a part of a path (RFC 3986). NULL if it is broken, holds NUL or is not UTF-8;
 * malloc'd. */
char *ibx_path_decode(const char *text, size_t length);

#endif
