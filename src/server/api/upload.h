/* upload.h - a request's body on its way into a memory file. */
#ifndef IBX_SERVER_UPLOAD_H
#define IBX_SERVER_UPLOAD_H

#include "server/api/exchange.h"

/* What a POST wants done with its body. */
typedef enum { IBX_UPLOAD_PROCESS, IBX_UPLOAD_SET, IBX_UPLOAD_INFO } ibx_upload_kind;

/* A text among the parts has at most so many bytes. */
enum { IBX_BODY_TEXT_BYTES = 65536 };

/* The parts of a complete multipart body; those that are not there are NULL. */
typedef struct {
    const uint8_t *image; /* a slice of the body */
    size_t size;          /* of the image */
    char *recipe;         /* part `recipe`; owned */
    char *outputs;        /* part `outputs`, JSON; owned */
} ibx_body_parts;

/* Reads a multipart/form-data body as multipart.h says. The image must be there, the texts may.
 * False with a sentence. Free in either case. */
bool ibx_body_read_parts(const uint8_t *body, size_t size, const char *boundary,
                         ibx_body_parts *parts, ibx_error *err);
void ibx_body_free_parts(ibx_body_parts *parts);

/* Answers, when the body is complete, with what is made of it: set.c and info.c. `source` and
 * `purse` are taken over. */
void ibx_serve_set(ibx_exchange *x, const char *recipe, const char *outputs, ibx_opened *source,
                   int64_t purse);
void ibx_serve_info(ibx_exchange *x, ibx_opened *source, int64_t purse);

#endif
