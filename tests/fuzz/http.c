/* http - fuzzes the reader of request heads and of chunked bodies, net/grammar.h. With clang:
 * -fsanitize=fuzzer,address,undefined; without, replay.c runs the corpus.
 *
 * The first byte says which of the two; the rest is what a client sends. The verdict must not
 * depend on how the bytes were cut, and no byte is read that is not there: each piece lies in a
 * block of its own. */
#include "server/net/grammar.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 1024, MOST = 4096 };

static void demand(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static uint8_t *copy_of(const uint8_t *data, size_t size) {
    uint8_t *copy = calloc(1, size ? size : 1);
    demand(copy != NULL, "no memory");
    if (size) memcpy(copy, data, size);
    return copy;
}

/* ---- heads --------------------------------------------------------------------------------- */

static ibx_http_verdict read_head(const uint8_t *data, size_t size, ibx_http_head *head) {
    uint8_t *copy = copy_of(data, size);
    const ibx_http_verdict v = ibx_http_read_head(copy, size, LIMIT, head);
    free(copy);
    return v;
}

/* Whatever is accepted ends with an empty line, and has no byte that a line may not have. */
static void check_accepted(const uint8_t *data, const ibx_http_head *head) {
    demand(head->bytes >= 4 && head->bytes <= LIMIT, "a head that is too short or too long");
    demand(!memcmp(data + head->bytes - 4, "\r\n\r\n", 4), "a head without its end");
    demand(head->length >= 0, "a length below zero");
    for (size_t i = 0; i < head->bytes; i++) {
        const bool lf = data[i] == '\n', cr = data[i] == '\r';
        demand(data[i] >= ' ' || data[i] == '\t' || lf || cr, "a control character");
        demand(!lf || (i > 0 && data[i - 1] == '\r'), "a line feed alone");
        demand(!cr || (i + 1 < head->bytes && data[i + 1] == '\n'), "a carriage return alone");
    }
}

static void check_head(const uint8_t *data, size_t size) {
    ibx_http_head whole, part;
    const ibx_http_verdict v = read_head(data, size, &whole);
    if (v == IBX_HTTP_OK) check_accepted(data, &whole);
    for (size_t n = 0; n < size; n++) {
        const ibx_http_verdict w = read_head(data, n, &part);
        if (w == IBX_HTTP_MORE) continue;
        demand(w == v && part.status == whole.status, "the verdict depends on the cut");
        demand(w == IBX_HTTP_REFUSED ||
                   (n >= whole.bytes && part.bytes == whole.bytes && part.length == whole.length),
               "another head");
        return;
    }
}

/* ---- chunks -------------------------------------------------------------------------------- */

/* Feeds pieces of `step` bytes. */
static ibx_http_verdict read_chunks(const uint8_t *data, size_t size, size_t step, size_t *used) {
    ibx_chunk_reader reader = {0};
    ibx_http_verdict v = IBX_HTTP_MORE;
    *used = 0;
    while (v == IBX_HTTP_MORE && *used < size) {
        const size_t n = step < size - *used ? step : size - *used;
        uint8_t *piece = copy_of(data + *used, n);
        size_t got;
        v = ibx_http_read_chunks(&reader, piece, n, &got);
        demand(got <= n && (v != IBX_HTTP_MORE || got == n), "bytes are left over");
        *used += got;
        free(piece);
    }
    return v;
}

static void check_chunks(const uint8_t *data, size_t size) {
    size_t whole, parts;
    const ibx_http_verdict v = read_chunks(data, size, size, &whole);
    for (size_t step = 1; step < 4; step++)
        demand(read_chunks(data, size, step, &parts) == v && parts == whole,
               "the end of the body depends on the cut");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > MOST) return 0;
    if (data[0] == 'c')
        check_chunks(data + 1, size - 1);
    else
        check_head(data + 1, size - 1);
    return 0;
}
