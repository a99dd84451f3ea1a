/* upload.h - a request's body on its way into a memory file. */
#ifndef IBX_SERVER_UPLOAD_H
#define IBX_SERVER_UPLOAD_H

#include "server/api/exchange.h"

/* What a POST wants done with its body. */
typedef enum { IBX_UPLOAD_PROCESS, IBX_UPLOAD_SET, IBX_UPLOAD_INFO } ibx_upload_kind;

/* The parts of a complete body; those that are not there are NULL. */
typedef struct {
    GBytes *image;   /* a multipart body's; NULL where the body itself is the image */
    char *recipe;    /* part `recipe`; owned */
    char *outputs;   /* part `outputs`, JSON; owned */
    char *file_name; /* of the image, as the client says; owned */
} ibx_body_parts;

/* Reads a multipart/form-data body (RFC 7578). False with a sentence. Free in either case. */
bool ibx_body_read_parts(SoupMessageHeaders *headers, GBytes *body, ibx_body_parts *parts,
                         ibx_error *err);
void ibx_body_free_parts(ibx_body_parts *parts);

/* Answers, when the body is complete, with what is made of it: set.c and info.c. `source` and
 * `purse` are taken over. */
void ibx_serve_set(ibx_exchange *x, const char *recipe, const char *outputs, ibx_opened *source,
                   int64_t purse);
void ibx_serve_info(ibx_exchange *x, ibx_opened *source, int64_t purse);

#endif
