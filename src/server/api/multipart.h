/* multipart.h - strict multipart/form-data (RFC 7578; framing: RFC 2046, 5.1), as a pure function
 * over bytes.
 *
 *     --BOUNDARY CRLF
 *     Content-Disposition: form-data; name="image" CRLF
 *     CRLF
 *     data CRLF
 *     --BOUNDARY-- [CRLF]
 *
 * Every line ends with CRLF. There is nothing in front of the first delimiter or behind the last
 * one, no padding behind a delimiter, no folded header. A line of the data that begins as a
 * delimiter does and goes on otherwise is refused: the RFC lets no writer choose such a boundary.
 * Of a part's header only Content-Disposition is read, and of that only `name`; file names are the
 * client's own affair. */
#ifndef IBX_SERVER_MULTIPART_H
#define IBX_SERVER_MULTIPART_H

#include "filter.h"

enum {
    IBX_FORM_PARTS = 8,          /* at most so many in a body */
    IBX_FORM_LINES = 16,         /* of header, per part */
    IBX_FORM_HEADER_BYTES = 4096 /* per part, its empty line included */
};

/* One part: two slices of the body; neither ends with NUL. */
typedef struct {
    const char *name; /* as between its quotes, escapes as they are; any bytes, maybe none */
    size_t name_size;
    const uint8_t *data;
    size_t size;
} ibx_form_part;

/* Reads a whole body. `boundary` is the parameter of the request's Content-Type; NULL: it has none.
 * 1 to 70 characters as RFC 2046 has them. Returns how many parts there are, 0 for a form without
 * any, -1 with a sentence that names the part. No byte outside of the body is read, and each byte
 * inside a bounded number of times. */
int ibx_multipart_read(const uint8_t *body, size_t size, const char *boundary,
                       ibx_form_part parts[IBX_FORM_PARTS], ibx_error *err);

#endif
