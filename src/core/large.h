/* large.h - large pages for large blocks of memory.
 *
 * The first touch of a page of 4 KiB costs as much as the work on its pixels. The system can hand
 * out pages of 2 MiB instead, where it is asked to (madvise(2), MADV_HUGEPAGE); where it cannot,
 * nothing is lost. */
#ifndef IBX_CORE_LARGE_H
#define IBX_CORE_LARGE_H

#include <stddef.h>

/* Asks for large pages below a block, if it is of several of them. No byte of it is touched. */
void ibx_large_pages(void *data, size_t bytes);

/* Memory for so many bytes, an image as a whole, with undefined contents; from several large pages
 * on it lies in such. For free(); NULL: no memory. */
void *ibx_large_alloc(size_t bytes);

#endif
