/* stream.c - sources and sinks in memory, and a cursor over the chunks of any source. */
#include "codec/stream.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static bool memory_next(ibx_source *source, const uint8_t **data, size_t *size, ibx_error *err) {
    (void)err;
    ibx_memory_source *s = (ibx_memory_source *)source;
    *data = source->whole;
    *size = s->given ? 0 : (size_t)source->size;
    s->given = true;
    return true;
}

void ibx_memory_source_init(ibx_memory_source *s, const char *name, const void *data, size_t size) {
    *s = (ibx_memory_source){
        .source = {
            .name = name, .next = memory_next, .size = (int64_t)size, .fd = -1, .whole = data}};
}

bool ibx_source_fetch(const ibx_source *source, uint64_t at, size_t size, void *to) {
    const uint64_t end = source->size > 0 ? (uint64_t)source->size : 0;
    if (at > end || size > end - at) return false;
    if (source->whole) {
        memcpy(to, source->whole + at, size);
        return true;
    }
    for (size_t done = 0; done < size;) {
        const ssize_t n = pread(source->fd, (uint8_t *)to + done, size - done, (off_t)(at + done));
        if (n == 0 || (n < 0 && errno != EINTR)) return false;
        if (n > 0) done += (size_t)n;
    }
    return true;
}

bool ibx_write_full(int fd, const void *data, size_t size) {
    const uint8_t *from = data;
    while (size > 0) {
        const ssize_t n = write(fd, from, size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        from += n;
        size -= (size_t)n;
    }
    return true;
}

/* Doubles the room, so that many small writes stay linear. */
static bool memory_grow(ibx_memory_sink *s, size_t least, ibx_error *err) {
    size_t room = s->room ? s->room : 4096;
    while (room < least) room = room > SIZE_MAX / 2 ? least : room * 2;
    uint8_t *data = realloc(s->data, room);
    if (!data) return ibx_fail(err, IBX_MEMORY, "no memory for %zu bytes of output", room);
    s->data = data;
    s->room = room;
    return true;
}

static bool memory_write(ibx_sink *sink, const void *data, size_t size, ibx_error *err) {
    ibx_memory_sink *s = (ibx_memory_sink *)sink;
    if (size > SIZE_MAX - s->size) return ibx_fail(err, IBX_MEMORY, "the output is too large");
    if (s->size + size > s->room && !memory_grow(s, s->size + size, err)) return false;
    if (size) memcpy(s->data + s->size, data, size);
    s->size += size;
    return true;
}

void ibx_memory_sink_init(ibx_memory_sink *s) {
    *s = (ibx_memory_sink){.sink = {.write = memory_write}};
}

bool ibx_cursor_more(ibx_cursor *c, ibx_error *err) {
    if (c->left || c->ended) return true;
    if (!c->source->next(c->source, &c->at, &c->left, err)) return false;
    c->ended = c->left == 0;
    return true;
}

bool ibx_cursor_read(ibx_cursor *c, void *to, size_t size, size_t *got, ibx_error *err) {
    *got = 0;
    while (*got < size) {
        if (!ibx_cursor_more(c, err)) return false;
        if (!c->left) break;
        const size_t part = size - *got < c->left ? size - *got : c->left;
        memcpy((uint8_t *)to + *got, c->at, part);
        ibx_cursor_take(c, part);
        *got += part;
    }
    return true;
}
