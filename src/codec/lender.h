/* lender.h - where large blocks of memory come from.
 *
 * The first touch of fresh memory costs 15 times as much as that of memory in use, and blocks as
 * large as an image are fresh each time that they are asked for. So the engine keeps such blocks
 * from one image to the next (engine/pool.h) and lends them to codecs. */
#ifndef IBX_CODEC_LENDER_H
#define IBX_CODEC_LENDER_H

#include <stddef.h>
#include <stdlib.h>

typedef struct ibx_lender ibx_lender;
struct ibx_lender {
    /* A block of so many bytes, 64-byte aligned, with undefined contents; NULL: no memory. May be
     * called from any thread. */
    void *(*lend)(ibx_lender *lender, size_t bytes);

    /* The block is not needed any more. NULL is allowed. */
    void (*take_back)(ibx_lender *lender, void *block);
};

/* The same; without a lender the heap's blocks. */
static inline void *ibx_lend(ibx_lender *lender, size_t bytes) {
    return lender ? lender->lend(lender, bytes) : aligned_alloc(64, (bytes + 63) / 64 * 64);
}

static inline void ibx_take_back(ibx_lender *lender, void *block) {
    if (lender)
        lender->take_back(lender, block);
    else
        free(block);
}

#endif
