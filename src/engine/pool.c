/* pool.c - keeps idle blocks and fits them to the next borrower.
 *
 * No page is given away as long as there is room for it: what a borrower does not need of a block
 * stays behind as an idle one, and idle blocks that lie side by side become one. */
#include "engine/pool.h"
#include "core/large.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>

/* Smaller blocks come from the heap and go back there. */
#define LEAST (128 << 10)
#define PAGE 4096

/* In front of every block; as large as the alignment that borrowers are promised. */
struct ibx_block {
    ibx_block *next;
    size_t bytes; /* this header included; a mapping of whole pages, or 0: of the heap */
    uint8_t fill[64 - sizeof(ibx_block *) - sizeof(size_t)];
};
_Static_assert(sizeof(ibx_block) == 64, "blocks are 64-byte aligned");

/* The address sanitizer is to see the end of every loan. */
#ifdef IBX_SANITIZED
enum { KEEPS = 0 };
#else
enum { KEEPS = 1 };
#endif

/* Is `a` a better choice than `b`? The smallest one that is large enough, else the largest. */
static bool fits_better(size_t a, size_t b, size_t bytes) {
    return a >= bytes && b >= bytes ? a < b : a > b;
}

/* Takes such an idle block out of the list; NULL: there is none. */
static ibx_block *take_best(ibx_pool *pool, size_t bytes) {
    ibx_block **best = &pool->idle;
    for (ibx_block **b = &pool->idle; *b; b = &(*b)->next)
        if (fits_better((*b)->bytes, (*best)->bytes, bytes)) best = b;
    ibx_block *found = *best;
    if (!found) return NULL;
    *best = found->next;
    pool->kept -= found->bytes;
    return found;
}

/* Cuts the block to so many bytes and returns the rest of it; NULL: there is too little. */
static ibx_block *cut(ibx_block *block, size_t bytes) {
    if (block->bytes < bytes + LEAST) return NULL;
    ibx_block *rest = (ibx_block *)((char *)block + bytes);
    *rest = (ibx_block){.bytes = block->bytes - bytes};
    block->bytes = bytes;
    return rest;
}

/* Puts a block in front of the list, together with those on both sides of it. */
static void keep(ibx_pool *pool, ibx_block *block) {
    pool->kept += block->bytes;
    for (ibx_block **b = &pool->idle; *b;) {
        ibx_block *other = *b, *low = other < block ? other : block;
        if ((char *)low + low->bytes != (char *)(low == other ? block : other)) {
            b = &other->next;
            continue;
        }
        *b = other->next;
        low->bytes = block->bytes + other->bytes;
        block = low;
    }
    block->next = pool->idle;
    pool->idle = block;
}

/* Takes memory out of the list, that which has been idle longest, until no more than `room` bytes
 * are left in it. Returns it as a list. */
static ibx_block *shrink(ibx_pool *pool, size_t room) {
    ibx_block **rest = &pool->idle;
    size_t sum = 0;
    for (; *rest && sum + (*rest)->bytes <= room; rest = &(*rest)->next) sum += (*rest)->bytes;
    ibx_block *dropped = *rest;
    *rest = NULL;
    for (const ibx_block *b = dropped; b; b = b->next) pool->kept -= b->bytes;
    const size_t left = (room - sum) / PAGE * PAGE;
    ibx_block *tail = dropped && left >= LEAST ? cut(dropped, left) : NULL;
    if (!tail) return dropped;
    tail->next = dropped->next;
    dropped->next = NULL;
    *rest = dropped;
    pool->kept += dropped->bytes;
    return tail;
}

static void unmap(ibx_block *b) {
    while (b) {
        ibx_block *next = b->next;
        munmap(b, b->bytes);
        b = next;
    }
}

/* A block of so many bytes, from one that was idle or a fresh one: mappings that were put together
 * may not be moved as one. NULL: no memory. */
static ibx_block *fit(ibx_block *idle, size_t bytes) {
    if (idle && idle->bytes == bytes) return idle;
    void *data = idle ? mremap(idle, idle->bytes, bytes, MREMAP_MAYMOVE) : MAP_FAILED;
    if (idle && data == MAP_FAILED) munmap(idle, idle->bytes);
    if (data == MAP_FAILED)
        data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) return NULL;
    ibx_block *block = data;
    ibx_large_pages(data, bytes);
    block->bytes = bytes;
    return block;
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
    ibx_block *block = take_best(pool, bytes);
    ibx_block *rest = block ? cut(block, bytes) : NULL;
    if (rest) keep(pool, rest);
    pool->lent += bytes;
    if (pool->lent > pool->most) pool->most = pool->lent;
    ibx_block *dropped = shrink(pool, pool->most - pool->lent);
    pthread_mutex_unlock(&pool->lock);
    unmap(dropped);
    block = fit(block, bytes);
    if (block) return block + 1;
    pthread_mutex_lock(&pool->lock);
    pool->lent -= bytes;
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
    block->next = NULL;
    if (KEEPS) keep(pool, block);
    pthread_mutex_unlock(&pool->lock);
    if (!KEEPS) unmap(block);
}

void ibx_pool_open(ibx_pool *pool) {
    *pool = (ibx_pool){.lender = {.lend = lend, .take_back = take_back}};
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
