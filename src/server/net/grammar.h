/* grammar.h - strict HTTP/1.1 request framing (RFC 9112), as a pure function over bytes.
 *
 * libsoup reads the requests; this looks at the same bytes first and refuses what two readers could
 * take for different requests: a line that ends without CR, a folded or padded header, NUL, both
 * Content-Length and Transfer-Encoding, either of them twice, a length with a sign, a coding other
 * than "chunked", Host missing or twice, a target that is not origin-form. RFC 9112 sections 2.2,
 * 3, 5, 6, 7.1, 11.2. */
#ifndef IBX_SERVER_GRAMMAR_H
#define IBX_SERVER_GRAMMAR_H

#include "filter.h"

typedef enum {
    IBX_HTTP_MORE, /* no complete element yet */
    IBX_HTTP_OK,
    IBX_HTTP_REFUSED /* close after the status */
} ibx_http_verdict;

typedef enum { IBX_BODY_NONE, IBX_BODY_LENGTH, IBX_BODY_CHUNKED } ibx_body_framing;

/* A request's head, up to and including the empty line. */
typedef struct {
    size_t bytes; /* of the head */
    ibx_body_framing framing;
    int64_t length;  /* LENGTH: bytes of the body */
    bool expects;    /* Expect: 100-continue */
    int status;      /* REFUSED: 400, 405, 414, 431, 501, 505 */
    const char *why; /* REFUSED: a sentence; static */
} ibx_http_head;

/* At most `limit` bytes of head are read; a request line of at most 8 KiB, 64 fields. */
ibx_http_verdict ibx_http_read_head(const uint8_t *data, size_t size, size_t limit,
                                    ibx_http_head *head);

/* Where one is in a chunked body; zeroed to begin with. */
typedef struct {
    int state;
    int64_t left; /* of the present chunk */
    int line;     /* bytes of the present size line */
    bool ended;
} ibx_chunk_reader;

/* Steps over bytes of a chunked body; *used gets how many belong to it. OK: the body has ended;
 * MORE: all bytes are used and it goes on. Extensions are bounded, trailers refused. */
ibx_http_verdict ibx_http_read_chunks(ibx_chunk_reader *reader, const uint8_t *data, size_t size,
                                      size_t *used);

#endif
