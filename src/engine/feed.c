/* feed.c - a file from a descriptor. */
#include "engine/feed.h"
#include "engine/desk.h"
#include "engine/input.h"
#include <errno.h>
#include <unistd.h>

/* Reads on until `size` bytes are there or the file ends. */
static bool fill(ibx_feed *feed, int fd, size_t size, ibx_error *err) {
    const double begin = ibx_clock_ms();
    ssize_t n = 1;
    for (feed->filled = 0; n != 0 && feed->filled < size;) {
        n = pread(fd, feed->data + feed->filled, size - feed->filled, feed->read);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return ibx_fail(err, IBX_IO, "cannot be read: %s", strerror(errno));
        feed->filled += (size_t)n;
        feed->read += n;
    }
    feed->ms += ibx_clock_ms() - begin;
    return true;
}

static bool next_whole(ibx_source *source, const uint8_t **data, size_t *size, ibx_error *err) {
    (void)err;
    ibx_feed *feed = (ibx_feed *)source;
    *data = feed->data;
    *size = feed->given ? 0 : feed->filled;
    feed->given = true;
    return true;
}

static bool next_chunk(ibx_source *source, const uint8_t **data, size_t *size, ibx_error *err) {
    ibx_feed *feed = (ibx_feed *)source;
    if (feed->given && !fill(feed, source->fd, IBX_CHUNK, err)) return false;
    feed->given = true;
    *data = feed->data;
    *size = feed->filled;
    return true;
}

/* Where a file ends, without fstat(2): a process that may open no files need not have it. */
static int64_t length(int fd) {
    const off_t here = lseek(fd, 0, SEEK_CUR);
    const off_t end = here < 0 ? here : lseek(fd, 0, SEEK_END);
    if (end >= 0 && lseek(fd, here, SEEK_SET) < 0) return -1;
    return end;
}

static bool start(ibx_feed *feed, int fd, ibx_error *err) {
    const int64_t size = length(fd);
    if (size < 0) return ibx_fail(err, IBX_IO, "cannot be read: %s", strerror(errno));
    const bool whole = size <= IBX_WHOLE_FILE;
    const size_t room = whole ? (size_t)size : IBX_CHUNK;
    feed->data = ibx_lend(feed->lender, room + 1);
    if (!feed->data) return ibx_fail(err, IBX_MEMORY, "no memory for %zu bytes of input", room);
    if (!fill(feed, fd, room, err)) return false;
    feed->source.size = whole ? feed->read : size;
    feed->source.fd = whole ? -1 : fd;
    feed->source.whole = whole ? feed->data : NULL;
    feed->source.next = whole ? next_whole : next_chunk;
    return true;
}

bool ibx_feed_open(ibx_feed *feed, int fd, const char *name, ibx_lender *lender, ibx_error *err) {
    *feed = (ibx_feed){.source = {.name = name}, .lender = lender};
    if (start(feed, fd, err)) return true;
    ibx_feed_close(feed);
    return false;
}

size_t ibx_feed_bytes(const ibx_feed *feed) {
    return feed->source.whole ? (size_t)feed->source.size : IBX_CHUNK;
}

void ibx_feed_close(ibx_feed *feed) {
    ibx_take_back(feed->lender, feed->data);
    feed->data = NULL;
}
