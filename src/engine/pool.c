/* pool.c - keeps idle blocks and fits them to the next borrower. */
#include "engine/pool.h"
#include "core/large.h"
#include <stdint.h>
#include <sys/mman.h>

/* Smaller blocks come from the heap and go back there. */
#define LEAST (128 << 10)
#define PAGE 4096

/* In front of every block; as large as the alignment that borrowers are promised. */
struct ibx_block {
    ibx_block *next;
    size_t bytes;  /* this header included; a mapping of whole pages, or 0: of the heap */
    size_t excess; /* how many of them nobody asked for */
    uint8_t fill[64 - sizeof(ibx_block *) - 2 * sizeof(size_t)];
};
_Static_assert(sizeof(ibx_block) == 64, "blocks are 64-byte aligned");

/* The address sanitizer is to see the end of every loan. */
#ifdef IBX_SANITIZED
enum { KEEPS = 0 };
#else
enum { KEEPS = 1 };
#endif

static size_t distance(size_t a, size_t b) {
    return a > b ? a - b : b - a;
}

/* Takes the idle block nearest in size out of the list; NULL: there is none. */
static ibx_block *take_nearest(ibx_pool *pool, size_t bytes) {
    ibx_block **best = &pool->idle;
    for (ibx_block **b = &pool->idle; *b; b = &(*b)->next)
        if (distance((*b)->bytes, bytes) < distance((*best)->bytes, bytes)) best = b;
    ibx_block *found = *best;
    if (!found) return NULL;
    *best = found->next;
    pool->kept -= found->bytes;
    return found;
}

/* Takes blocks out of the list, those that have been idle longest, until no more than `room` bytes
 * are left in it. Returns them as a list. */
static ibx_block *shrink(ibx_pool *pool, size_t room) {
    ibx_block **rest = &pool->idle;
    for (size_t sum = 0; *rest && sum + (*rest)->bytes <= room; rest = &(*rest)->next)
        sum += (*rest)->bytes;
    ibx_block *dropped = *rest;
    *rest = NULL;
    for (const ibx_block *b = dropped; b; b = b->next) pool->kept -= b->bytes;
    return dropped;
}

static void unmap(ibx_block *b) {
    while (b) {
        ibx_block *next = b->next;
        munmap(b, b->bytes);
        b = next;
    }
}

/* A block of so many bytes, from one that was idle or a fresh one. NULL: no memory. */
static ibx_block *fit(ibx_block *idle, size_t bytes) {
    void *data =
        idle && idle->bytes == bytes ? idle
        : idle                       ? mremap(idle, idle->bytes, bytes, MREMAP_MAYMOVE)
               : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data != MAP_FAILED) {
        ibx_block *block = data;
        ibx_large_pages(data, bytes);
        block->bytes = bytes;
        return block;
    }
    if (idle) munmap(idle, idle->bytes);
    return NULL;
}

/* How much larger than asked for the block, which may be NULL, is to stay. */
static size_t excess_of(const ibx_pool *pool, const ibx_block *block, size_t bytes) {
    if (!block || block->bytes <= bytes) return 0;
    const size_t excess = block->bytes - bytes;
    return pool->excess + excess <= pool->spare ? excess : 0;
}

static void *lend_small(size_t bytes) {
    ibx_block *block = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (!block) return NULL;
    block->bytes = 0;
    return block + 1;
}

static void *lend(ibx_lender *lender, size_t bytes) {
    ibx_pool *pool = (ibx_pool *)lender;
    bytes += sizeof(ibx_block);
    if (bytes < LEAST) return lend_small(bytes);
    bytes = (bytes + PAGE - 1) / PAGE * PAGE;
    pthread_mutex_lock(&pool->lock);
    ibx_block *block = take_nearest(pool, bytes);
    const size_t excess = excess_of(pool, block, bytes);
    bytes += excess;
    pool->excess += excess;
    pool->lent += bytes;
    if (pool->lent > pool->most) pool->most = pool->lent;
    ibx_block *dropped = shrink(pool, pool->most - pool->lent);
    pthread_mutex_unlock(&pool->lock);
    unmap(dropped);
    block = fit(block, bytes);
    if (block) {
        block->excess = excess;
        return block + 1;
    }
    pthread_mutex_lock(&pool->lock);
    pool->lent -= bytes;
    pool->excess -= excess;
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static void take_back(ibx_lender *lender, void *data) {
    ibx_pool *pool = (ibx_pool *)lender;
    if (!data) return;
    ibx_block *block = (ibx_block *)data - 1;
    if (block->bytes == 0) {
        free(block);
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->lent -= block->bytes;
    pool->excess -= block->excess;
    block->next = KEEPS ? pool->idle : NULL;
    if (KEEPS) {
        pool->idle = block;
        pool->kept += block->bytes;
    }
    pthread_mutex_unlock(&pool->lock);
    if (!KEEPS) unmap(block);
}

void ibx_pool_open(ibx_pool *pool, size_t spare) {
    *pool = (ibx_pool){.lender = {.lend = lend, .take_back = take_back}, .spare = spare};
    pthread_mutex_init(&pool->lock, NULL);
}

void ibx_pool_trim(ibx_pool *pool, size_t room) {
    pthread_mutex_lock(&pool->lock);
    ibx_block *dropped = shrink(pool, room);
    pool->most = pool->kept;
    pthread_mutex_unlock(&pool->lock);
    unmap(dropped);
}

void ibx_pool_close(ibx_pool *pool) {
    unmap(pool->idle);
    pthread_mutex_destroy(&pool->lock);
}
