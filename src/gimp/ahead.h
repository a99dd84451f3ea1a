/* ahead.h - a result that is computed while its dialog is still open, so that OK finds it complete,
 * or on its way. Which result that is, is clear from what it is made of: whoever wants one asks
 * whether this is it. */
#ifndef IBX_GIMP_AHEAD_H
#define IBX_GIMP_AHEAD_H

#include "gimp/dialog.h"
#include "gimp/work.h"

typedef struct ibx_gimp_ahead ibx_gimp_ahead;

/* Begins to apply a recipe, a text as for ibx_gimp_recipe_read, to what is selected of a subject,
 * with all threads. The subject's pixels must outlive it, the subject itself need not. NULL where
 * nothing is selected, the recipe is none, or there is no memory or thread: then there is nothing
 * ahead, and no harm done. */
ibx_gimp_ahead *ibx_gimp_ahead_start(const ibx_gimp_subject *subject, const char *recipe);

/* Lets it end soon, without a result, and does not wait. NULL is allowed. */
void ibx_gimp_ahead_stop(ibx_gimp_ahead *ahead);

/* Has it ended? Then it is freed without waiting. */
bool ibx_gimp_ahead_has_ended(ibx_gimp_ahead *ahead);

/* Stops it, waits for it and frees it. NULL is allowed. */
void ibx_gimp_ahead_free(ibx_gimp_ahead *ahead);

/* Is its result what this job, which is planned, would compute from the same pixels? */
bool ibx_gimp_ahead_is_of(const ibx_gimp_ahead *ahead, const ibx_gimp_job *job);

/* Waits for the result and moves it to *out, as ibx_gimp_compute does; once. False, with nothing
 * there, if it failed or was stopped. */
bool ibx_gimp_ahead_take(ibx_gimp_ahead *ahead, ibx_region *out, ibx_gimp_progress *show,
                         void *user);

#endif
