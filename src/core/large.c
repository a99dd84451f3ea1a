/* large.c - large pages for large blocks of memory. */
#include "core/large.h"
#include <stdlib.h>
#include <sys/mman.h>

/* Smaller blocks would hold more that nobody asked for than they save. */
#define PAGE ((size_t)2 << 20)
#define LEAST (2 * PAGE)

/* Advice that is not taken is no error. */
void ibx_large_pages(void *data, size_t bytes) {
    if (bytes >= LEAST) madvise(data, bytes, MADV_HUGEPAGE);
}

void *ibx_large_alloc(size_t bytes) {
    if (bytes < LEAST) return malloc(bytes);
    const size_t whole = (bytes + PAGE - 1) / PAGE * PAGE;
    void *data = aligned_alloc(PAGE, whole);
    if (data) ibx_large_pages(data, whole);
    return data;
}
