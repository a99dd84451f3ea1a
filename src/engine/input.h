/* input.h - one input file on its way to a decoder.
 *
 * Up to ibx_whole_file bytes it is read at once. A larger one passes through a ring of chunks that
 * the I/O thread fills ahead of the decoder, so that it never stands in memory as a whole. */
#ifndef IBX_ENGINE_INPUT_H
#define IBX_ENGINE_INPUT_H

#include "codec/stream.h"
#include "engine/desk.h"
#include <stdint.h>

/* With little memory, and with much. */
#define IBX_WHOLE_FILE (8 << 20)
#define IBX_WHOLE_FILE_MOST (24 << 20)
#define IBX_CHUNK (1 << 20)
#define IBX_CHUNKS 4

typedef struct {
    ibx_source source; /* what the decoder sees */
    ibx_desk *desk;
    double read_ms;  /* spent by the I/O thread */
    double wait_ms;  /* spent by decoders, waiting for it */
    int64_t mtime_s; /* modification time of the file */
    long mtime_ns;
    uint8_t *whole; /* or: */
    uint8_t *chunk[IBX_CHUNKS];
    size_t filled[IBX_CHUNKS];
    /* Under the desk's lock: */
    int first, count; /* full chunks; the decoder may hold the first */
    bool given;       /* the decoder holds the first chunk, or `whole` */
    bool ended;       /* nothing more will come */
    int failure;      /* errno of a failed read */
    pthread_cond_t more;
} ibx_input;

/* The bytes of the largest file that is read at once, where images may use so much memory: a small
 * part of it, as pixels need the most. JPEG is decoded faster when all of it is there
 * (codec/jpeg_entropy.h). */
static inline size_t ibx_whole_file(size_t memory) {
    const size_t part = memory / 128;
    return part < IBX_WHOLE_FILE        ? IBX_WHOLE_FILE
           : part > IBX_WHOLE_FILE_MOST ? IBX_WHOLE_FILE_MOST
                                        : part;
}

/* I/O thread: opens a file ("-": standard input) and reads all of it, up to `most` bytes, or its
 * first chunks. On failure nothing is held. */
bool ibx_input_open(ibx_input *input, ibx_desk *desk, const char *path, size_t most,
                    ibx_error *err);

/* I/O thread: fills free chunks. Returns whether there was anything to do. */
bool ibx_input_refill(ibx_input *input);

/* The first bytes of the file, for recognising it; none is consumed. */
ibx_bytes ibx_input_peek(const ibx_input *input);

/* Memory that it holds: the file or the ring. */
size_t ibx_input_bytes(const ibx_input *input);

void ibx_input_close(ibx_input *input);

#endif
