/* stream.h - where a decoder's bytes come from and an encoder's bytes go.
 *
 * A small file stands in memory as one chunk. A large one passes in chunks that the I/O thread
 * fetches ahead or writes behind; then `next` and `write` may wait. Codecs do not see the
 * difference. The engine implements these callbacks for files; ibx_source_memory and
 * ibx_sink_memory do for memory. */
#ifndef IBX_CODEC_STREAM_H
#define IBX_CODEC_STREAM_H

#include "filter.h"
#include <sys/types.h>

typedef struct ibx_source ibx_source;
struct ibx_source {
    const char *name; /* for messages */

    /* The next chunk. False at a read error. At the end of the file: true with *size 0. The chunk
     * stays valid until the next call. A source in memory gives all of it at once. */
    bool (*next)(ibx_source *source, const uint8_t **data, size_t *size, ibx_error *err);

    /* Total bytes, or -1 if not known (a pipe). */
    int64_t size;

    /* Open file for libraries that must seek (pread only), or -1. If the file stands in memory,
     * `whole` points at its `size` bytes instead. At least one of the two is given. */
    int fd;
    const uint8_t *whole;
};

typedef struct ibx_sink ibx_sink;
struct ibx_sink {
    /* Appends bytes (copied). False if they cannot be written. */
    bool (*write)(ibx_sink *sink, const void *data, size_t size, ibx_error *err);
};

/* A source over bytes in memory; `data` is borrowed. */
typedef struct {
    ibx_source source;
    bool given;
} ibx_memory_source;
void ibx_memory_source_init(ibx_memory_source *s, const char *name, const void *data, size_t size);

/* Copies bytes from anywhere in a source that says its size. False if they are not all inside it,
 * or cannot be read (errno then, if it is set). */
bool ibx_source_fetch(const ibx_source *source, uint64_t at, size_t size, void *to);

/* Writes all of it to a descriptor, however many calls that takes. False with errno. */
bool ibx_write_full(int fd, const void *data, size_t size);

/* A sink into a growing buffer. Free `data` with free(). */
typedef struct {
    ibx_sink sink;
    uint8_t *data;
    size_t size, room;
} ibx_memory_sink;
void ibx_memory_sink_init(ibx_memory_sink *s);

/* A place in the stream of a source, for decoders that ask for so many bytes. Starts as
 * {.source = source}. */
typedef struct {
    ibx_source *source;
    const uint8_t *at; /* the rest of the present chunk, `left` bytes */
    size_t left;
    bool ended; /* the source has no more chunks */
} ibx_cursor;

/* Sees to it that the cursor stands in front of a byte; at the end left is 0. False: cannot be
 * read. */
bool ibx_cursor_more(ibx_cursor *c, ibx_error *err);

/* Copies up to `size` bytes; *got is less only at the end of the source. False: cannot be read. */
bool ibx_cursor_read(ibx_cursor *c, void *to, size_t size, size_t *got, ibx_error *err);

/* Steps over `size` bytes of the present chunk, at most c->left. */
static inline void ibx_cursor_take(ibx_cursor *c, size_t size) {
    c->at += size;
    c->left -= size;
}

#endif
