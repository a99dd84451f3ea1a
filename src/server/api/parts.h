/* parts.h - the parts that the body of a POST may have. */
#ifndef IBX_SERVER_PARTS_H
#define IBX_SERVER_PARTS_H

#include "server/api/multipart.h"

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

#endif
