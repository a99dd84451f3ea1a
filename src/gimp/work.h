/* work.h - long work in a thread of its own, so that the main thread, the only one that may talk to
 * GIMP, can show how far it is. */
#ifndef IBX_GIMP_WORK_H
#define IBX_GIMP_WORK_H

#include "gimp/thread.h"
#include "imbrex.h"

/* Is told the part that is done, 0..1. */
typedef void ibx_gimp_progress(void *user, double part);

/* Runs work(data) in another thread (thread.h) and returns when it has ended. Meanwhile `show` is
 * called in the calling thread with `thousandths` of what is done, when that has changed, at most
 * 20 times per second. False, with nothing done, if the system gives no thread. */
bool ibx_gimp_work(void (*work)(void *data), void *data, const atomic_int *thousandths,
                   ibx_gimp_progress *show, void *user, ibx_error *err);

/* The second half of it: waits for a thread that works already, and lets it rest. */
void ibx_gimp_wait(ibx_gimp_thread *thread, const atomic_int *thousandths, ibx_gimp_progress *show,
                   void *user);

/* A recipe to be applied to a layer. */
typedef struct {
    const ibx_recipe *recipe;
    ibx_view *view;            /* of the recipe, the head and the type of samples */
    ibx_head head;             /* of the layer */
    ibx_sample sample;         /* of what comes in and goes out */
    ibx_rect box;              /* of the result: all that is wanted of it */
    const atomic_bool *cancel; /* that the view has as well; NULL: never */
} ibx_gimp_job;

/* The part of the layer that must be read. */
ibx_rect ibx_gimp_source(const ibx_gimp_job *job);

/* Computes the box from pixels that hold at least ibx_gimp_source, in the calling thread, and says
 * in *thousandths how far it is. *out may come to hold more of the result; its data are malloc'd.
 */
bool ibx_gimp_compute_here(const ibx_gimp_job *job, const ibx_region *in, ibx_region *out,
                           atomic_int *thousandths, ibx_error *err);

/* The same by ibx_gimp_work. */
bool ibx_gimp_compute(const ibx_gimp_job *job, const ibx_region *in, ibx_region *out,
                      ibx_gimp_progress *show, void *user, ibx_error *err);

#endif
