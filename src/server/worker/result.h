/* result.h - a file that a worker makes: memory that cannot be changed any more once it is sent. */
#ifndef IBX_SERVER_RESULT_H
#define IBX_SERVER_RESULT_H

#include "imbrex.h"

typedef struct {
    int fd;          /* of memfd_create(2) */
    int64_t size;    /* bytes in it, those of the buffer included */
    int64_t most;    /* a longer one is refused */
    bool over;       /* and was */
    uint8_t *buffer; /* what is not written so far */
    size_t held;
} ibx_result;

/* An empty result that may have `most` bytes; 0: any. */
bool ibx_result_open(ibx_result *result, int64_t most, ibx_error *err);

/* Appends. False if it would be too long (then `over` is set), or without memory. */
bool ibx_result_write(ibx_result *result, const void *data, size_t size);

/* Writes the rest and seals it against every change. */
bool ibx_result_seal(ibx_result *result, ibx_error *err);

void ibx_result_close(ibx_result *result);

#endif
