/* run.h - one image through its plan, on the threads of the enclosing OpenMP team.
 *
 * The image becomes tasks: decode strip k, filter strip j of a stage, encode strip j of a save.
 * Their `depend` clauses on the slots of the rings are the only scheduler:
 *
 *   decode(k)   after decode(k - 1), and after the readers of what was in slot k before
 *   filter(j)   after the strips that it reads, and after the readers of its slot
 *   encode(j)   after filter(j), and after encode(j - 1)
 *
 * or, where the encoder has bands (codec.h) and a strip holds whole ones,
 *
 *   press(b)    after the filter of its strip, and after what its presser did before
 *   append(b)   after press(b), and after append(b - 1)
 *
 * While at least as many images run as there are threads, tasks run at once in the thread that
 * makes them: each image stays on one core, its few strips in that core's cache. When cores would
 * idle, tasks are put up for all threads. The pixels do not depend on it. */
#ifndef IBX_ENGINE_RUN_H
#define IBX_ENGINE_RUN_H

#include "engine/stage.h"
#include "engine/trace.h"

/* Marks functions that make tasks and do nothing else: ThreadSanitizer does not look at them. The
 * memory of a task that has ended goes to a new one, by ways that it cannot see, and the writing
 * of the new task's variables would look like a race with their last reader. What a task does is
 * in functions without this mark. */
#define IBX_MAKES_TASKS __attribute__((no_sanitize("thread")))

/* What the images of a batch share. */
typedef struct {
    int threads;               /* that compute */
    int arenas;                /* threads of the OpenMP team, one more with an I/O thread */
    ibx_arena *arena;          /* one for each */
    ibx_lender *lender;        /* of memory for strips; NULL: the heap */
    atomic_int running;        /* images between start and end of ibx_run_image */
    const atomic_bool *cancel; /* or NULL */
    ibx_trace *trace;          /* the timeline, or NULL */
    atomic_int *progress;      /* of the only image, in thousandths; or NULL */
} ibx_team;

/* False without memory. */
bool ibx_team_open(ibx_team *team, int threads, int arenas, ibx_lender *lender,
                   const atomic_bool *cancel, ibx_error *err);
void ibx_team_close(ibx_team *team);

/* One image: an opened decoder, started as the plan says, and a sink for every save. */
typedef struct {
    const char *name; /* of the input, for the timeline */
    const ibx_plan *plan;
    const ibx_codec *codec;
    const char *format; /* of the input, as its codec says */
    void *decoder;
    ibx_sink *const *sink;        /* plan->saves */
    const ibx_metadata *metadata; /* plan->saves blocks to embed */
} ibx_image_job;

/* Decodes, filters and encodes the image. Must be called from a thread of the team, at best inside
 * a task; returns when all is done. Adds processor time to times. On success *err may hold a
 * warning of the decoder (its code is IBX_OK, its text not empty). */
bool ibx_run_image(ibx_team *team, const ibx_image_job *job, ibx_times *times, ibx_error *err);

#endif
