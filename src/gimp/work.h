/* work.h - long work in a thread of its own, so that the main thread, the only one that may talk to
 * GIMP, can show how far it is. */
#ifndef IBX_GIMP_WORK_H
#define IBX_GIMP_WORK_H

#include "imbrex.h"

/* Is told the part that is done, 0..1. */
typedef void ibx_gimp_progress(void *user, double part);

/* Runs work(data) in a new thread and returns when it has ended. Meanwhile `show` is called in the
 * calling thread with `thousandths` of what is done, when that has changed, at most 20 times per
 * second. False, with nothing done, if the system gives no thread. */
bool ibx_gimp_work(void (*work)(void *data), void *data, const atomic_int *thousandths,
                   ibx_gimp_progress *show, void *user, ibx_error *err);

/* ibx_apply that way; limits.progress is filled here. show: NULL if nobody looks. */
bool ibx_gimp_apply(const ibx_recipe *recipe, const ibx_image *in, ibx_sample sample,
                    ibx_image *out, ibx_gimp_progress *show, void *user, ibx_error *err);

#endif
