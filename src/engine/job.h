/* job.h - one input of a batch with its outputs, from reading to renaming.
 *
 *   I/O thread            team                     I/O thread            team        I/O thread
 *   ibx_job_read    ->    ibx_job_open (task) ->   names, budget    ->   ibx_job_run ->   commit
 *                         header, plan                                   pixels
 */
#ifndef IBX_ENGINE_JOB_H
#define IBX_ENGINE_JOB_H

#include "engine/limits.h"
#include "engine/listing.h"
#include "engine/output.h"
#include "engine/picture.h"
#include "engine/verdict.h"

typedef struct ibx_job {
    struct ibx_job *next; /* in whatever list it is */
    const ibx_batch *batch;
    const ibx_limits *limits; /* with defaults filled in */
    const ibx_entry *entry;
    size_t index; /* of the entry */
    ibx_desk *desk;
    ibx_input input;
    ibx_picture picture;
    char **paths;        /* of the outputs, as soon as they are known; or NULL */
    int named;           /* how many */
    ibx_verdict verdict; /* on them */
    ibx_outfile *out;    /* per save */
    int outs;            /* how many of them are open */
    size_t charge;       /* bytes of the budget that it holds */
    size_t advance;      /* of them, those that were guessed: it is opened and run in one task */
    ibx_times times;
    bool ok;
    ibx_error error; /* why not, or a warning */
} ibx_job;

/* I/O thread: a job with its input read. NULL without memory; a job that is not ok failed. */
ibx_job *ibx_job_read(const ibx_batch *batch, const ibx_limits *limits, ibx_desk *desk,
                      const ibx_entry *entry, size_t index);

/* Team: recognises the format, reads the header, makes the plan. Sets ok or error. */
void ibx_job_open(ibx_job *job);

/* Any thread: the path of save i below the output directory, or "-"; malloc'd. NULL with an
 * error. Needs the plan. */
char *ibx_job_path(const ibx_job *job, int i, ibx_error *err);

/* Any thread: the paths of all `count` outputs, and of an entry that is not opened yet those that
 * its name gives. NULL with an error, also if two of them are the same. Free with
 * ibx_job_paths_free. */
char **ibx_job_paths(const ibx_job *job, int count, ibx_error *err);
void ibx_job_paths_free(char **paths, int count); /* NULL is allowed */

/* The same before the input is read, where its name alone says what they are; else NULL. */
char **ibx_job_early_paths(const ibx_job *job, int count);

/* May its outputs be written, as far as its verdict says? */
static inline bool ibx_job_may_write(const ibx_job *job) {
    return job->verdict == IBX_VERDICT_WRITE || job->verdict == IBX_VERDICT_REPLACE;
}

/* I/O thread: opens the outputs, which touches no file yet. Needs paths and verdict. False without
 * memory. */
bool ibx_job_outputs(ibx_job *job);

/* Team: decodes, filters, encodes. Sets ok or error. */
void ibx_job_run(ibx_job *job, ibx_team *team);

/* I/O thread: reads on in a large input, writes what encoders have made. Returns whether there was
 * anything to do. */
bool ibx_job_stream(ibx_job *job);

/* I/O thread: renames the outputs, or leaves no trace of them. Sets ok or error. */
void ibx_job_commit(ibx_job *job);

/* Milliseconds for which the threads that worked on it waited for the disk. */
double ibx_job_waited(const ibx_job *job);

void ibx_job_free(ibx_job *job);

/* Everything that is decided before the first file is read: lists the inputs, checks logs, the
 * output folder, the templates of names, collisions (see ibx_names_collide). Free the listing in
 * either case. */
bool ibx_batch_check(const ibx_batch *batch, ibx_listing *listing, FILE *collisions,
                     ibx_error *err);

#endif
