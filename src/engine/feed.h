/* feed.h - a file from a descriptor, read by the thread that wants its bytes.
 *
 * Up to IBX_WHOLE_FILE bytes it stands in memory as a whole; a larger one passes in chunks. Always
 * by pread: the descriptor's own position stays, and a file that becomes shorter meanwhile is an
 * error of reading, where in a mapping it would end the process. */
#ifndef IBX_ENGINE_FEED_H
#define IBX_ENGINE_FEED_H

#include "codec/lender.h"
#include "codec/stream.h"

typedef struct {
    ibx_source source; /* what the decoder sees */
    ibx_lender *lender;
    uint8_t *data; /* the file, or its present chunk */
    size_t filled; /* bytes in it */
    int64_t read;  /* bytes of the file so far */
    bool given;    /* the decoder has them */
    double ms;     /* spent reading */
} ibx_feed;

/* Reads the file or its first chunk. On failure nothing is held. */
bool ibx_feed_open(ibx_feed *feed, int fd, const char *name, ibx_lender *lender, ibx_error *err);

/* The first bytes, for recognising the file; before the decoder asks for any. */
static inline ibx_bytes ibx_feed_peek(const ibx_feed *feed) {
    return (ibx_bytes){feed->data, feed->filled};
}

/* Memory that it holds. */
size_t ibx_feed_bytes(const ibx_feed *feed);

void ibx_feed_close(ibx_feed *feed);

#endif
