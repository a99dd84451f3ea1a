/* batch.c - the I/O thread: reads ahead, admits by memory, writes, renames, reports.
 *
 * It is one thread of the OpenMP team, beside those that compute, and never runs a task itself. It
 * never waits for the budget alone: finished outputs hold budget, and only it can write them. */
#include "engine/books.h"
#include "engine/name.h"
#include "engine/pool.h"
#include "engine/verdict.h"
#include <errno.h>
#include <omp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TICK_MS 100

/* Images between reading and renaming: few, so that many images take no more memory than ten; more
 * where threads ran out of work while this one waited for a slow disk. */
#define IMAGES(threads) (4 * (threads) + 2)
#define MOST_IMAGES(threads) (12 * (threads))

typedef struct {
    const ibx_batch *batch;
    ibx_limits limits; /* memory: of one plan */
    size_t memory;     /* of everything */
    ibx_listing listing;
    ibx_inputs inputs;
    ibx_pool pool;
    ibx_desk desk;
    ibx_team team;
    ibx_on_event *on_event;
    void *user;
    ibx_totals totals;
    double began, ticked;
    size_t next;                /* entry to read */
    int running;                /* admitted and not committed yet */
    size_t used;                /* bytes in use */
    size_t largest;             /* bytes that a job needed so far, at most */
    ibx_job **live;             /* all jobs */
    int lives, most;            /* how many there are, and may be at present */
    atomic_int busy;            /* jobs whose pixels are under way */
    ibx_job *ready;             /* opened, waiting for memory; first in, first out */
    bool deferred;              /* there are threads besides this one */
    bool stopping;              /* start nothing more */
    ibx_error fatal;            /* why */
    ibx_job *opened, *finished; /* messages of the team, under the desk's lock */
    ibx_job *done;              /* finished, to be committed */
    ibx_books books;
} shop;

/* ---- events ---------------------------------------------------------------------------------- */

static void tell(shop *f, ibx_event *event) {
    f->totals.seconds = (ibx_clock_ms() - f->began) / 1000;
    event->totals = &f->totals;
    if (f->on_event) f->on_event(f->user, event);
}

static void tell_entry(shop *f, ibx_event_kind kind, const ibx_entry *entry,
                       const ibx_error *error) {
    if (kind == IBX_EVENT_FAILED) f->totals.failed++;
    if (kind == IBX_EVENT_SKIPPED) f->totals.skipped++;
    tell(f, &(ibx_event){.kind = kind, .input = entry->path, .error = error});
    if (kind == IBX_EVENT_FAILED && f->batch->stop_on_error) f->stopping = true;
}

static void add_times(ibx_times *sum, const ibx_times *t) {
    sum->read += t->read;
    sum->decode += t->decode;
    sum->filter += t->filter;
    sum->encode += t->encode;
    sum->write += t->write;
}

/* The event of a job's end. */
static void tell_job(shop *f, const ibx_job *job) {
    ibx_event event = {
        .kind = job->ok ? IBX_EVENT_DONE : IBX_EVENT_FAILED,
        .input = job->entry->path,
        .w = job->picture.planned ? job->picture.plan.input.full_w : job->picture.info.head.w,
        .h = job->picture.planned ? job->picture.plan.input.full_h : job->picture.info.head.h,
        .bytes_in = job->input.source.size,
        .times = job->times};
    ibx_written *written = calloc((size_t)job->outs + 1, sizeof *written);
    event.error = job->ok && !job->error.text[0] ? NULL : &job->error;
    for (int i = 0; written && job->ok && i < job->outs; i++) {
        const ibx_save *save = &job->picture.plan.save[i];
        written[i] = (ibx_written){job->out[i].path, save->format->name, save->head.w, save->head.h,
                                   job->out[i].bytes};
        f->totals.bytes_out += job->out[i].bytes;
        event.output_count++;
    }
    event.output = written;
    f->totals.bytes_in += event.bytes_in > 0 ? event.bytes_in : 0;
    if (job->ok) {
        f->totals.done++;
        f->totals.pixels += (int64_t)event.w * event.h;
    } else {
        f->totals.failed++;
        if (f->batch->stop_on_error) f->stopping = true;
    }
    add_times(&f->totals.times, &job->times);
    tell(f, &event);
    free(written);
}

/* ---- jobs come and go ------------------------------------------------------------------------ */

/* Changes what is in use of the budget. */
static void use(shop *f, size_t more, size_t less) {
    f->used = f->used + more - less;
    ibx_books_use(&f->books, f->used);
}

static void drop(shop *f, ibx_job *job) {
    for (int i = 0; i < f->lives; i++)
        if (f->live[i] == job) f->live[i] = f->live[--f->lives];
    ibx_books_drop(&f->books, job);
    use(f, 0, job->charge);
    ibx_job_free(job);
}

/* Ends a job whose outputs are not to be. */
static void fail(shop *f, ibx_job *job) {
    job->ok = false;
    if (job->error.code != IBX_CANCELLED) tell_job(f, job);
    if (job->error.code == IBX_FULL && f->fatal.code == IBX_OK) {
        f->fatal = job->error;
        f->stopping = true;
    }
    drop(f, job);
}

/* Ends a task: hands its job from the team to the I/O thread. */
static void post(shop *f, ibx_job **list, ibx_job *job) {
    ibx_books_ended(&f->books);
    pthread_mutex_lock(&f->desk.lock);
    job->next = NULL;
    while (*list) list = &(*list)->next;
    *list = job;
    ibx_desk_ring(&f->desk);
    pthread_mutex_unlock(&f->desk.lock);
}

static ibx_job *take(shop *f, ibx_job **list) {
    pthread_mutex_lock(&f->desk.lock);
    ibx_job *jobs = *list;
    *list = NULL;
    pthread_mutex_unlock(&f->desk.lock);
    return jobs;
}

/* Memory of a job while it runs, besides its input. */
static size_t need(const ibx_job *job) {
    return job->picture.plan.bytes + (size_t)job->picture.plan.saves * IBX_CHUNK;
}

/* Names the outputs of an opened job and looks whether they may be written. */
static bool prepare_outputs(shop *f, ibx_job *job) {
    const int count = job->picture.plan.saves;
    char **paths = ibx_job_paths(job, count, &job->error);
    if (!paths) return false;
    const ibx_verdict verdict =
        ibx_judge(f->batch, &f->listing, &f->inputs, job->entry->path, paths, count, &job->error);
    const bool write = verdict == IBX_VERDICT_WRITE || verdict == IBX_VERDICT_REPLACE;
    if (write && ibx_job_outputs(job, paths, verdict == IBX_VERDICT_REPLACE)) {
        free(paths);
        return true;
    }
    ibx_job_paths_free(paths, count);
    if (verdict == IBX_VERDICT_SKIP) {
        tell_entry(f, IBX_EVENT_SKIPPED, job->entry, NULL);
        job->error.code = IBX_CANCELLED;
    }
    return false;
}

static bool take_opened(shop *f) {
    ibx_job *job = take(f, &f->opened), **last = &f->ready;
    const bool any = job != NULL;
    while (*last) last = &(*last)->next;
    while (job) {
        ibx_job *next = job->next;
        job->next = NULL;
        if (job->ok && need(job) > f->largest) f->largest = need(job);
        if (job->ok && prepare_outputs(f, job)) {
            *last = job;
            last = &job->next;
        } else {
            fail(f, job);
        }
        job = next;
    }
    return any;
}

/* Commits one job: on a slow disk the next input is read before the next commit. */
static bool take_finished(shop *f) {
    if (!f->done) f->done = take(f, &f->finished);
    ibx_job *job = f->done;
    if (!job) return false;
    f->done = job->next;
    f->running--;
    ibx_job_commit(job);
    if (job->ok) {
        tell_job(f, job);
        drop(f, job);
    } else {
        fail(f, job);
    }
    return true;
}

/* Keeps the large files of all jobs flowing. */
static bool serve_streams(shop *f) {
    bool any = false;
    for (int i = 0; i < f->lives; i++) any |= ibx_job_stream(f->live[i]);
    return any;
}

/* ---- admission and reading ------------------------------------------------------------------- */

IBX_MAKES_TASKS static void start_run(shop *f, ibx_job *job) {
    ibx_books_hand_out(&f->books);
    atomic_fetch_add(&f->busy, 1);
#pragma omp task firstprivate(f, job) if (f->deferred)
    {
        ibx_job_run(job, &f->team);
        atomic_fetch_sub(&f->busy, 1);
        post(f, &f->finished, job);
    }
}

static int64_t pixels(const ibx_job *job) {
    return (int64_t)job->picture.info.head.w * job->picture.info.head.h;
}

/* The place in the list of the job to start next: the one that waits longest; when there is
 * nothing more to read, the largest, so that no thread is left alone with it at the end. */
static ibx_job **choose(shop *f) {
    ibx_job **best = &f->ready;
    if (f->next < f->listing.count) return best;
    for (ibx_job **job = best; *job; job = &(*job)->next)
        if (pixels(*job) > pixels(*best)) best = job;
    return best;
}

/* Starts a job, if there is memory for it or nothing else runs. */
static bool admit(shop *f) {
    ibx_job **place = choose(f), *job = *place;
    if (!job) return false;
    if (f->stopping) {
        *place = job->next;
        drop(f, job);
        return true;
    }
    const bool room = f->used + need(job) <= f->memory;
    if (!room && f->running > 0) return false;
    *place = job->next;
    f->running++;
    use(f, need(job), 0);
    job->charge += need(job);
    tell_entry(f, IBX_EVENT_STARTED, job->entry, NULL);
    start_run(f, job);
    return true;
}

/* Is the entry's fate known from its outputs' names alone? Saves reading what will be skipped. */
static bool settled_by_name(shop *f, const ibx_entry *entry) {
    const ibx_job bare = {.batch = f->batch, .entry = entry, .index = f->next};
    const ibx_output o = ibx_output_of(f->batch, entry, f->next, 0);
    if (f->batch->if_exists == IBX_EXISTS_OVERWRITE || strcmp(f->batch->output, "-") == 0)
        return false;
    ibx_error err;
    char **paths = ibx_job_paths(&bare, o.saves, &err);
    if (!paths) return false;
    ibx_verdict verdict = IBX_VERDICT_WRITE;
    bool sized = false;
    for (int i = 0; i < o.saves; i++) sized |= strstr(paths[i], "{w}") || strstr(paths[i], "{h}");
    if (!sized)
        verdict = ibx_judge(f->batch, &f->listing, &f->inputs, entry->path, paths, o.saves, &err);
    ibx_job_paths_free(paths, o.saves);
    if (verdict == IBX_VERDICT_SKIP) tell_entry(f, IBX_EVENT_SKIPPED, entry, NULL);
    if (verdict == IBX_VERDICT_REFUSE) tell_entry(f, IBX_EVENT_FAILED, entry, &err);
    return verdict == IBX_VERDICT_SKIP || verdict == IBX_VERDICT_REFUSE;
}

IBX_MAKES_TASKS static void start_open(shop *f, ibx_job *job) {
    ibx_books_hand_out(&f->books);
#pragma omp task firstprivate(f, job) if (f->deferred)
    {
        ibx_books_open_job(&f->books, job);
        post(f, &f->opened, job);
    }
}

/* Is there memory for one more input? What is read ahead leaves room for the largest job that came
 * so far, or it would be missing when the next one's turn comes. */
static bool room_to_read(const shop *f) {
    if (f->lives == 0) return true;
    size_t inputs = IBX_WHOLE_FILE;
    for (int i = 0; i < f->lives; i++) inputs += ibx_input_bytes(&f->live[i]->input);
    const size_t largest = f->largest ? f->largest : f->memory / 2;
    return f->lives < f->most && f->used + IBX_WHOLE_FILE <= f->memory &&
           inputs + largest <= f->memory;
}

/* Reads the next input, if there is room for it. */
static bool read_next(shop *f) {
    if (f->stopping || f->next == f->listing.count || !room_to_read(f)) return false;
    const ibx_entry *entry = &f->listing.entries[f->next];
    if (!settled_by_name(f, entry)) {
        ibx_job *job = ibx_job_read(f->batch, &f->limits, &f->desk, entry, f->next);
        if (!job) {
            ibx_fail(&f->fatal, IBX_MEMORY, "no memory for another image");
            f->stopping = true;
            return false;
        }
        f->live[f->lives++] = job;
        use(f, job->charge, 0);
        if (job->ok) {
            start_open(f, job);
        } else {
            fail(f, job);
        }
    }
    f->next++;
    return true;
}

/* ---- the loop -------------------------------------------------------------------------------- */

static bool is_set(const atomic_bool *flag) {
    return flag && atomic_load(flag);
}

static void look_up(shop *f) {
    if (is_set(f->batch->stop) || is_set(f->limits.cancel)) {
        f->stopping = true;
        if (f->fatal.code == IBX_OK) ibx_fail(&f->fatal, IBX_CANCELLED, "stopped by the user");
    }
    if (ibx_clock_ms() - f->ticked < TICK_MS) return;
    f->ticked = ibx_clock_ms();
    tell(f, &(ibx_event){.kind = IBX_EVENT_TICK});
}

/* Allows more images where threads have none, and too few are on their way to them, although there
 * are more to read. */
static void allow_more(shop *f) {
    const bool dry = atomic_load(&f->busy) < f->limits.threads && f->next < f->listing.count;
    const int coming = f->lives - f->running;
    if (dry && !f->ready && coming < f->limits.threads && f->lives == f->most)
        f->most = MOST_IMAGES(f->limits.threads);
}

static void io_loop(shop *f) {
    f->deferred = omp_get_num_threads() > 1;
    ibx_books_begin(&f->books);
    while (f->lives > 0 || (!f->stopping && f->next < f->listing.count)) {
        bool busy = take_finished(f);
        busy |= take_opened(f);
        busy |= serve_streams(f);
        busy |= admit(f);
        allow_more(f);
        busy |= read_next(f);
        look_up(f);
        ibx_trace_pass_on(f->books.trace);
        if (!busy) ibx_desk_wait(&f->desk, TICK_MS);
    }
    ibx_books_end(&f->books);
}

/* ---- begin and end --------------------------------------------------------------------------- */

/* The output folder can be made and written to. */
static bool check_output(const ibx_batch *batch, const ibx_listing *listing, ibx_error *err) {
    if (!batch->output) return ibx_fail(err, IBX_USAGE, "name an output folder with -o");
    if (strcmp(batch->output, "-") == 0) {
        if (listing->count == 1 && ibx_recipe_outputs(batch->recipe) == 1) return true;
        return ibx_fail(err, IBX_USAGE, "standard output takes one image, but there would be more");
    }
    struct stat st;
    if (stat(batch->output, &st) == 0 && !S_ISDIR(st.st_mode))
        return ibx_fail(err, IBX_IO,
                        "the output %s is not a folder; -o names the folder to write "
                        "into",
                        batch->output);
    return true;
}

/* The output folder is made before any work is done for it. */
static bool make_output(const ibx_batch *batch, ibx_error *err) {
    if (strcmp(batch->output, "-") == 0 ||
        (ibx_make_folders(batch->output) && access(batch->output, W_OK | X_OK) == 0))
        return true;
    return ibx_fail(err, IBX_IO, "the output folder %s cannot be written to: %s", batch->output,
                    strerror(errno));
}

bool ibx_batch_check(const ibx_batch *batch, ibx_listing *listing, FILE *collisions,
                     ibx_error *err) {
    if (!batch->recipe) return ibx_fail(err, IBX_USAGE, "a batch needs a recipe");
    if (!ibx_names_valid(batch, err)) return false;
    return ibx_listing_make(batch, listing, err) && check_output(batch, listing, err) &&
           ((batch->output && strcmp(batch->output, "-") == 0) ||
            !ibx_names_collide(batch, listing, collisions, err));
}

static bool open_shop(shop *f, ibx_error *err) {
    f->limits = ibx_limits_fill(&f->batch->limits);
    f->memory = f->limits.memory;
    f->limits.memory = ibx_limits_plan_memory(f->memory);
    f->began = f->ticked = ibx_clock_ms();
    f->most = IMAGES(f->limits.threads);
    ibx_pool_open(&f->pool);
    ibx_desk_open(&f->desk, &f->pool.lender);
    f->live = calloc(MOST_IMAGES((size_t)f->limits.threads), sizeof(ibx_job *));
    if (!f->live) return ibx_fail(err, IBX_MEMORY, "no memory for a batch");
    if (!ibx_batch_check(f->batch, &f->listing, NULL, err)) return false;
    return ibx_team_open(&f->team, f->limits.threads, f->limits.threads + 1, &f->pool.lender,
                         f->limits.cancel, err) &&
           ibx_books_open(&f->books, f->batch, f->user, &f->team, &f->desk, err);
}

static void close_shop(shop *f) {
    ibx_books_close(&f->books, f->batch, f->memory, f->limits.threads);
    ibx_team_close(&f->team);
    ibx_inputs_free(&f->inputs);
    ibx_listing_free(&f->listing);
    ibx_desk_close(&f->desk);
    ibx_pool_close(&f->pool);
    free(f->live);
}

bool ibx_batch_run(const ibx_batch *batch, ibx_on_event *on_event, void *user, ibx_totals *totals,
                   ibx_error *err) {
    shop f = {.batch = batch, .on_event = on_event, .user = user};
    bool ok = open_shop(&f, err) && make_output(batch, err);
    if (ok) {
        f.totals.listed = (int64_t)f.listing.count;
        tell(&f, &(ibx_event){.kind = IBX_EVENT_LISTED});
#pragma omp parallel num_threads(f.limits.threads + 1)
#pragma omp single
        io_loop(&f);
        f.totals.seconds = (ibx_clock_ms() - f.began) / 1000;
        ok = f.fatal.code == IBX_OK;
        if (!ok && err) *err = f.fatal;
    }
    if (totals) *totals = f.totals;
    close_shop(&f);
    return ok;
}
