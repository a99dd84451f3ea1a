/* limits.h - the user's limits with defaults filled in. */
#ifndef IBX_ENGINE_LIMITS_H
#define IBX_ENGINE_LIMITS_H

#include "imbrex.h"

#define IBX_DEFAULT_MAX_PIXELS 1000000000LL

/* `limits` may be NULL. */
ibx_limits ibx_limits_fill(const ibx_limits *limits);

/* False, with an error, for an image without pixels or with more than the limit. */
bool ibx_limits_admit(const ibx_limits *limits, const ibx_head *head, ibx_error *err);

/* The part of a batch's memory that the plan of one image may use; the rest is for inputs that were
 * read ahead. */
size_t ibx_limits_plan_memory(size_t memory);

#endif
