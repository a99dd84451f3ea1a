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

/* A file of so few bytes is opened and run in one task, if that takes no more memory than this. */
#define SMALL_FILE (64 << 10)
#define SMALL_JOB (4 << 20)

typedef struct {
    const ibx_batch *batch;
    ibx_limits limits; /* memory: of one plan */
    size_t memory;     /* of everything */
    ibx_listing listing;
    ibx_inputs inputs;
    ibx_pool pool;
    ibx_shelf shelf;
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
    int small;                  /* of them, those in one task, which do not count for `most` */
    atomic_int busy;            /* jobs whose pixels are under way */
    atomic_int tasks;           /* handed out and not ended */
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
    const ibx_plan *plan = job->picture.plan; /* NULL for some that failed */
    ibx_event event = {.kind = job->ok ? IBX_EVENT_DONE : IBX_EVENT_FAILED,
                       .input = job->entry->path,
                       .w = plan ? plan->input.full_w : job->picture.info.head.w,
                       .h = plan ? plan->input.full_h : job->picture.info.head.h,
                       .bytes_in = job->input.source.size,
                       .times = job->times};
    ibx_written *written = calloc((size_t)job->outs + 1, sizeof *written);
    event.error = job->ok && !job->error.text[0] ? NULL : &job->error;
    for (int i = 0; written && plan && job->ok && i < job->outs; i++) {
        const ibx_save *save = &plan->save[i];
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
    f->small -= job->advance > 0;
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

/* Ends a task: hands its job from the team to the I/O thread. That is not woken for every small
 * image, but when half of them are done: then it does many at a time. */
static void post(shop *f, ibx_job **list, ibx_job *job) {
    ibx_books_ended(&f->books);
    const bool few = atomic_fetch_sub(&f->tasks, 1) <= MOST_IMAGES(f->limits.threads) / 2;
    pthread_mutex_lock(&f->desk.lock);
    job->next = NULL;
    while (*list) list = &(*list)->next;
    *list = job;
    if (few || list == &f->opened || job->advance == 0) ibx_desk_ring(&f->desk);
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
    return job->picture.plan->bytes + (size_t)job->picture.plan->saves * IBX_CHUNK;
}

/* Names the outputs of an opened job and looks whether they may be written, unless both were done
 * before it was read. */
static bool prepare_outputs(shop *f, ibx_job *job) {
    if (!job->paths) {
        const int count = job->picture.plan->saves;
        job->paths = ibx_job_paths(job, count, &job->error);
        if (!job->paths) return false;
        job->named = count;
        job->verdict = ibx_judge(f->batch, &f->listing, &f->inputs, job->entry->path, job->paths,
                                 count, &job->error);
    }
    if (ibx_job_may_write(job)) return job->out || ibx_job_outputs(job);
    if (job->verdict == IBX_VERDICT_SKIP) {
        tell_entry(f, IBX_EVENT_SKIPPED, job->entry, NULL);
        job->error.code = IBX_CANCELLED;
    }
    return false;
}

/* A job that was thought to be small, and is opened but was not run, goes the way of all others. */
static void take_advance_back(shop *f, ibx_job *job) {
    if (job->advance == 0) return;
    use(f, 0, job->advance);
    job->charge -= job->advance;
    job->advance = 0;
    f->small--;
    f->running--;
}

static bool take_opened(shop *f) {
    ibx_job *job = take(f, &f->opened), **last = &f->ready;
    const bool any = job != NULL;
    while (*last) last = &(*last)->next;
    while (job) {
        ibx_job *next = job->next;
        job->next = NULL;
        take_advance_back(f, job);
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
    if (job->advance > 0) tell_entry(f, IBX_EVENT_STARTED, job->entry, NULL);
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
    atomic_fetch_add(&f->tasks, 1);
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

/* Is the entry's fate known from its outputs' names alone? Saves reading what will be skipped. If
 * they may be written *bare has them and the verdict. */
static bool settled_by_name(shop *f, ibx_job *bare) {
    const int count = ibx_output_of(f->batch, bare->entry, bare->index, 0).saves;
    ibx_error err;
    bare->paths = ibx_job_early_paths(bare, count);
    if (!bare->paths) return false;
    bare->named = count;
    bare->verdict =
        ibx_judge(f->batch, &f->listing, &f->inputs, bare->entry->path, bare->paths, count, &err);
    if (ibx_job_may_write(bare)) return false;
    ibx_job_paths_free(bare->paths, count);
    const bool skip = bare->verdict == IBX_VERDICT_SKIP;
    tell_entry(f, skip ? IBX_EVENT_SKIPPED : IBX_EVENT_FAILED, bare->entry, skip ? NULL : &err);
    return true;
}

IBX_MAKES_TASKS static void start_open(shop *f, ibx_job *job) {
    ibx_books_hand_out(&f->books);
    atomic_fetch_add(&f->tasks, 1);
#pragma omp task firstprivate(f, job) if (f->deferred)
    {
        ibx_books_open_job(&f->books, job);
        post(f, &f->opened, job);
    }
}

/* All of a small job. */
static void open_and_run(shop *f, ibx_job *job) {
    ibx_books_open_job(&f->books, job);
    const bool runs = job->ok && need(job) <= job->advance;
    if (runs) ibx_job_run(job, &f->team);
    atomic_fetch_sub(&f->busy, 1);
    post(f, runs ? &f->finished : &f->opened, job);
}

IBX_MAKES_TASKS static void start_small(shop *f, ibx_job *job) {
    ibx_books_hand_out(&f->books);
    atomic_fetch_add(&f->tasks, 1);
    atomic_fetch_add(&f->busy, 1);
#pragma omp task firstprivate(f, job) if (f->deferred)
    open_and_run(f, job);
}

static bool waits_for_memory(const shop *f) {
    return f->ready && f->used + need(f->ready) > f->memory;
}

/* Starts all of a job, if it seems to be small: there and back is one way then, not two. What it
 * needs is guessed from those before it. Where a failure ends the batch, little is to be begun
 * before it, and where a job waits for memory, none is to be taken away. */
static bool start_at_once(shop *f, ibx_job *job) {
    const size_t guess = f->largest < SMALL_JOB ? f->largest : SMALL_JOB;
    const bool small = job->paths && ibx_input_bytes(&job->input) <= SMALL_FILE;
    if (f->batch->stop_on_error || guess == 0 || !small || waits_for_memory(f) ||
        f->used + guess > f->memory / 2 || !ibx_job_outputs(job))
        return false;
    job->advance = guess;
    job->charge += guess;
    use(f, guess, 0);
    f->small++;
    f->running++;
    start_small(f, job);
    return true;
}

/* Is there memory for one more input? What is read ahead leaves room for the largest job that came
 * so far, or it would be missing when the next one's turn comes. */
static bool room_to_read(const shop *f) {
    if (f->lives == 0) return true;
    const size_t next = ibx_whole_file(f->limits.memory);
    size_t inputs = next;
    for (int i = 0; i < f->lives; i++) inputs += ibx_input_bytes(&f->live[i]->input);
    const size_t largest = f->largest ? f->largest : f->memory / 2;
    return f->lives - f->small < f->most && f->lives < MOST_IMAGES(f->limits.threads) &&
           f->used + next <= f->memory && inputs + largest <= f->memory;
}

/* Reads the next input, if there is room for it. */
static bool read_next(shop *f) {
    if (f->stopping || f->next == f->listing.count || !room_to_read(f)) return false;
    const ibx_entry *entry = &f->listing.entries[f->next];
    ibx_job bare = {.batch = f->batch, .entry = entry, .index = f->next};
    if (!settled_by_name(f, &bare)) {
        ibx_job *job = ibx_job_read(f->batch, &f->limits, &f->desk, entry, f->next);
        if (!job) {
            ibx_job_paths_free(bare.paths, bare.named);
            ibx_fail(&f->fatal, IBX_MEMORY, "no memory for another image");
            f->stopping = true;
            return false;
        }
        job->paths = bare.paths;
        job->named = bare.named;
        job->verdict = bare.verdict;
        f->live[f->lives++] = job;
        use(f, job->charge, 0);
        if (!job->ok)
            fail(f, job);
        else if (!start_at_once(f, job))
            start_open(f, job);
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
    if (dry && !f->ready && coming < f->limits.threads && f->lives - f->small == f->most)
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

/* The output folder is made before any work is done for it. */
static bool make_output(const ibx_batch *batch, ibx_error *err) {
    if (strcmp(batch->output, "-") == 0 ||
        (ibx_make_folders(batch->output) && access(batch->output, W_OK | X_OK) == 0))
        return true;
    return ibx_fail(err, IBX_IO, "the output folder %s cannot be written to: %s", batch->output,
                    strerror(errno));
}

static bool open_shop(shop *f, ibx_error *err) {
    f->limits = ibx_limits_fill(&f->batch->limits);
    f->memory = f->limits.memory;
    f->limits.memory = ibx_limits_plan_memory(f->memory);
    f->began = f->ticked = ibx_clock_ms();
    f->most = IMAGES(f->limits.threads);
    ibx_pool_open(&f->pool);
    ibx_desk_open(&f->desk, &f->pool.lender);
    ibx_shelf_open(&f->shelf);
    f->desk.shelf = &f->shelf;
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
    ibx_shelf_close(&f->shelf);
    ibx_pool_close(&f->pool);
    free(f->live);
}

bool ibx_batch_run(const ibx_batch *batch, ibx_on_event *on_event, void *user, ibx_totals *totals,
                   ibx_error *err) {
    shop f = {.batch = batch, .on_event = on_event, .user = user};
    bool ok = open_shop(&f, err) && (!batch->on_checked || batch->on_checked(user, err)) &&
              make_output(batch, err);
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
