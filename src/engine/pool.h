/* pool.h - blocks of memory that are kept from one image to the next.
 *
 * An idle block is cut or made longer to fit the next borrower, which keeps the pages that it has:
 * what is cut off stays behind as a block of its own. Whatever the order of sizes, the pool never
 * holds more than was lent at one time. So a thousand images need no more memory than the worst
 * moment of a few. */
#ifndef IBX_ENGINE_POOL_H
#define IBX_ENGINE_POOL_H

#include "codec/lender.h"
#include <pthread.h>

typedef struct ibx_block ibx_block;

typedef struct {
    ibx_lender lender; /* what borrowers see */
    pthread_mutex_t lock;
    ibx_block *idle;         /* the one that came back last is the first */
    size_t lent, kept, most; /* bytes: lent at present, idle, and lent at most so far */
} ibx_pool;

void ibx_pool_open(ibx_pool *pool);

/* Frees what has been idle longest, until no more than so many idle bytes are left; and so many it
 * may keep again. Nothing may be lent at present. */
void ibx_pool_trim(ibx_pool *pool, size_t room);

/* Frees what is idle; everything must have come back. */
void ibx_pool_close(ibx_pool *pool);

#endif
