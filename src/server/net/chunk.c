/* chunk.c - where the chunks of a body end: RFC 9112, 7.1. */
#include "server/net/grammar.h"

enum {
    SIZE_DIGITS = 15,     /* hexadecimal; fits into an int64_t whatever they are */
    EXTENSION_BYTES = 256 /* of all chunks together */
};

typedef enum {
    SIZE,      /* digits; reader->line counts them */
    EXTENSION, /* what follows them, up to CR */
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    END_CR, /* behind the last chunk, where trailers would stand */
    END_LF,
    ENDED,
    BROKEN
} state;

/* The low four bits of reader->line are digits; the others count the bytes of extensions, as they
 * are bounded over the whole body. */
enum { ONE_EXTENSION = 16 };

static int digit(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static state extend(ibx_chunk_reader *r, uint8_t c) {
    if (c == '\r') return SIZE_LF;
    r->line += ONE_EXTENSION;
    const bool text = c == '\t' || (c >= ' ' && c < 0x7F);
    return text && r->line / ONE_EXTENSION <= EXTENSION_BYTES ? EXTENSION : BROKEN;
}

static state size_byte(ibx_chunk_reader *r, uint8_t c) {
    const int digits = r->line % ONE_EXTENSION, value = digit(c);
    if (value < 0) {
        const bool ends = c == '\r' || c == ';';
        return digits > 0 && ends ? extend(r, c) : BROKEN;
    }
    if (digits == SIZE_DIGITS) return BROKEN;
    r->line++;
    r->left = r->left * 16 + value;
    return SIZE;
}

static state after_size(ibx_chunk_reader *r) {
    r->line -= r->line % ONE_EXTENSION;
    return r->left > 0 ? DATA : END_CR;
}

/* The state behind one byte that is not of a chunk's data. */
static state step(ibx_chunk_reader *r, uint8_t c) {
    switch ((state)r->state) {
    case SIZE:
        return size_byte(r, c);
    case EXTENSION:
        return extend(r, c);
    case SIZE_LF:
        return c == '\n' ? after_size(r) : BROKEN;
    case DATA_CR:
        return c == '\r' ? DATA_LF : BROKEN;
    case DATA_LF:
        return c == '\n' ? SIZE : BROKEN;
    case END_CR:
        return c == '\r' ? END_LF : BROKEN;
    case END_LF:
        return c == '\n' ? ENDED : BROKEN;
    default:
        return BROKEN;
    }
}

/* Data are not looked at. */
static size_t skip(ibx_chunk_reader *r, size_t size) {
    const size_t n = (int64_t)size < r->left ? size : (size_t)r->left;
    r->left -= (int64_t)n;
    if (r->left == 0) r->state = DATA_CR;
    return n;
}

ibx_http_verdict ibx_http_read_chunks(ibx_chunk_reader *reader, const uint8_t *data, size_t size,
                                      size_t *used) {
    size_t i = 0;
    while (i < size && reader->state < ENDED)
        if (reader->state == DATA)
            i += skip(reader, size - i);
        else
            reader->state = step(reader, data[i++]);
    *used = i;
    reader->ended = reader->state == ENDED;
    if (reader->ended) return IBX_HTTP_OK;
    return reader->state == BROKEN ? IBX_HTTP_REFUSED : IBX_HTTP_MORE;
}
