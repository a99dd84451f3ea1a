/* under_way.h - one image under way: its strips, its encoders, and what its tasks do.
 *
 * engine/run.c makes the tasks, which is all that it knows of order; engine/tasks.c is what they
 * do, engine/under_way.c the memory that they do it with. Private to the three. */
#ifndef IBX_ENGINE_UNDER_WAY_H
#define IBX_ENGINE_UNDER_WAY_H

#include "engine/run.h"

/* Strips that a save's encoder reads, in as many slots as the stage in front of it has. */
typedef struct {
    ibx_store store;
    ibx_band band;
} ibx_out_strips;

/* The strips of the whole image, or of one of its components. */
typedef struct {
    const ibx_plan *plan;
    ibx_store *store;       /* of band b, plan->stages + 1 */
    ibx_out_strips *output; /* plan->saves */
} ibx_part;

/* What compresses bands of a save; one band at a time each. */
typedef struct {
    void *press;
    char token; /* busy from pressing a band until that is appended */
} ibx_presser;

typedef struct {
    void *encoder;
    char turn; /* token: encoders go strip by strip */
    ibx_presser *presser;
    int pressers;  /* 0: strips are written, and compressed as they come */
    int band_rows; /* rows of a band, of which a strip holds one or several */
} ibx_saver;

typedef struct {
    ibx_team *team;
    const ibx_image_job *job;
    ibx_part part[IBX_COMPONENTS];
    int parts;
    const ibx_plan *plan; /* of part 0; the graph is the same for all */
    char **token;         /* one per slot of band b: what the depend clauses name */
    char turn;            /* token: the decoder goes strip by strip */
    ibx_saver *saver;     /* plan->saves */
    int *next;            /* first strip of band b whose task is not made yet */
    uint8_t *acc;         /* accumulators of the scan under way, one per thread */
    size_t acc_size;
    bool alone;       /* no two of its tasks could be done at the same time */
    int up;           /* tasks put up since the last wait for them */
    int64_t since;    /* of the thread that makes the tasks, if it does them itself */
    int strips;       /* of all stages */
    atomic_int ready; /* of them, those that are done */
    atomic_bool stopped;
    atomic_int reporters;
    ibx_error error, warning;
    atomic_llong decode_ns, filter_ns, encode_ns;
} ibx_under_way;

/* ---- memory (under_way.c) ------------------------------------------------------------------- */

/* Everything that the image needs while it is under way. `shared`: other threads are to help, so
 * there are strips for them too, and pressers where encoders have bands. Close it also after a
 * failure. */
bool ibx_under_way_open(ibx_under_way *w, ibx_team *team, const ibx_image_job *job, bool shared,
                        ibx_error *err);
void ibx_under_way_close(ibx_under_way *w);

/* ---- tasks (tasks.c) ------------------------------------------------------------------------ */

/* Ends the image's work; the first to come says why. */
void ibx_stop(ibx_under_way *w, const ibx_error *err);

/* Has it ended, or does the user want it to? */
bool ibx_stopped(ibx_under_way *w);

/* Of those below, *since is the processor time of this thread when the task before it ended, and
 * becomes that at its own end; 0: not known. NULL for tasks that any thread may do. The clock of
 * processor time is a system call, and pictures of strangers may be small. */
void ibx_decode_strip(ibx_under_way *w, int k, int64_t *since);

/* Strip j of stage s, for all parts and for all that read it. */
void ibx_filter_strip(ibx_under_way *w, int s, int j, int64_t *since);

/* Strip j of save i, compressed and written. */
void ibx_encode_strip(ibx_under_way *w, int i, int j, int64_t *since);

/* The same in two: band b of save i compressed by its presser, in any order, and written behind the
 * band before it. */
void ibx_press_band(ibx_under_way *w, int i, int b, int64_t *since);
void ibx_append_band(ibx_under_way *w, int i, int b, int64_t *since);

/* The presser of band b. */
static inline ibx_presser *ibx_presser_of(const ibx_saver *s, int b) {
    return &s->presser[b % s->pressers];
}

#endif
