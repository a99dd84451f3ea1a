/* run.c - the dependency graph of one image. */
#include "engine/run.h"
#include "core/pixels.h"
#include "engine/move.h"
#include <omp.h>
#include <stdlib.h>

/* Tasks of an image that may wait per thread; libgomp runs further ones at once from 64. */
#define MOST_WAITING 48

/* Strips that a save's encoder reads, in as many slots as the stage in front of it has. */
typedef struct {
    ibx_store store;
    ibx_band band;
} output;

/* The strips of the whole image, or of one of its components. */
typedef struct {
    const ibx_plan *plan;
    ibx_store *store; /* of band b, plan->stages + 1 */
    output *output;   /* plan->saves */
} part;

typedef struct {
    void *encoder;
    char turn; /* token: encoders go strip by strip */
} saver;

typedef struct {
    ibx_team *team;
    const ibx_image_job *job;
    part part[IBX_COMPONENTS];
    int parts;
    const ibx_plan *plan; /* of part 0; the graph is the same for all */
    char **token;         /* one per slot of band b: what the depend clauses name */
    char turn;            /* token: the decoder goes strip by strip */
    saver *saver;         /* plan->saves */
    int *next;            /* first strip of band b whose task is not made yet */
    uint8_t *acc;         /* accumulators of the scan under way, one per thread */
    size_t acc_size;
    int up; /* tasks put up since the last wait for them */
    atomic_bool stopped;
    atomic_int reporters;
    ibx_error error, warning;
    atomic_llong decode_ns, filter_ns, encode_ns;
} run;

bool ibx_team_open(ibx_team *team, int threads, int arenas, ibx_lender *lender,
                   const atomic_bool *cancel, ibx_error *err) {
    *team = (ibx_team){.threads = threads, .arenas = arenas, .lender = lender, .cancel = cancel};
    team->arena = calloc((size_t)arenas, sizeof *team->arena);
    return team->arena || ibx_fail(err, IBX_MEMORY, "no memory for %d threads", arenas);
}

void ibx_team_close(ibx_team *team) {
    for (int i = 0; i < team->arenas; i++) ibx_arena_free(&team->arena[i]);
    free(team->arena);
}

/* ---- what tasks do ------------------------------------------------------------------------- */

/* Ends the image's work; the first to come says why. */
static void stop(run *r, const ibx_error *err) {
    if (atomic_fetch_add(&r->reporters, 1) == 0) r->error = *err;
    atomic_store(&r->stopped, true);
}

static bool stopped(run *r) {
    if (atomic_load_explicit(&r->stopped, memory_order_relaxed)) return true;
    if (!r->team->cancel || !atomic_load_explicit(r->team->cancel, memory_order_relaxed))
        return false;
    ibx_error err;
    ibx_fail(&err, IBX_CANCELLED, "stopped by the user");
    stop(r, &err);
    return true;
}

/* The thread's own scratch memory and meter. */
static ibx_arena *own_arena(const run *r) {
    return &r->team->arena[omp_get_thread_num()];
}

/* The begin of a task: processor time, and the time of the timeline. */
typedef struct {
    int64_t cpu;
    int64_t clock;
} moment;

static moment begin_task(const run *r) {
    return (moment){ibx_thread_ns(), ibx_trace_now(r->team->trace)};
}

/* Adds a task that has ended to the image's sum and to the timeline. Returns its processor time. */
static int64_t end_task(run *r, const moment *begin, atomic_llong *sum, ibx_span_kind kind,
                        int number, int strip) {
    const int64_t ns = ibx_thread_ns() - begin->cpu;
    atomic_fetch_add(sum, ns);
    ibx_trace_add(r->team->trace, (ibx_span){.kind = kind,
                                             .number = number,
                                             .value = strip,
                                             .input = r->job->name,
                                             .begin = begin->clock});
    return ns;
}

/* Books what a codec did with a strip. */
static void count_strip(const run *r, ibx_cost_kind kind, const char *format,
                        const ibx_strip *strip, int64_t ns) {
    const ibx_cost cost = {.kind = kind, .name = format};
    ibx_meter_add(own_arena(r)->meter, cost, ns, (double)strip->w * strip->rows);
}

static void decode_strip(run *r, int k) {
    if (stopped(r) || r->part->store[0].borrowed) return;
    const moment begin = begin_task(r);
    ibx_strip strip[IBX_COMPONENTS];
    for (int c = 0; c < r->parts; c++) strip[c] = ibx_store_strip(&r->part[c].store[0], k);
    ibx_error err = {IBX_OK, ""};
    if (!r->job->codec->read(r->job->decoder, strip, &err))
        stop(r, &err);
    else if (err.text[0])
        r->warning = err;
    ibx_store_touch(&r->part->store[0], strip->stride * (size_t)strip->rows);
    const int64_t ns = end_task(r, &begin, &r->decode_ns, IBX_SPAN_DECODE, 0, k);
    count_strip(r, IBX_COST_DECODE, r->job->format, strip, ns);
}

/* Samples of a finished tile into the strip of a save. */
static void pack_tile(const output *o, const ibx_tile *tile) {
    const ibx_pixel_ops *loops = ibx_pixel_loops();
    const ibx_strip s = ibx_store_strip(&o->store, tile->at.y / o->band.strip_rows);
    const size_t pixel = (size_t)s.planes * ibx_sample_size(s.sample);
    for (int y = tile->at.y; y < tile->at.y + tile->at.h; y++) {
        float *plane[IBX_MAX_PLANES];
        for (int p = 0; p < s.planes; p++) plane[p] = ibx_at(tile, p, tile->at.x, y);
        loops->pack(s.sample, plane, s.planes, tile->at.w,
                    s.data + (size_t)(y - s.y) * s.stride + (size_t)tile->at.x * pixel);
    }
}

/* Everything that a stage does with a finished tile. */
static void hand_out(run *r, const part *p, int s, ibx_made *made) {
    const ibx_plan *plan = p->plan;
    const ibx_stage *stage = &plan->stage[s];
    const double pixels = made->share * plan->stage[s].head.w * plan->stage[s].head.h;
    if (stage->stored) {
        ibx_store_put(&p->store[s + 1], &made->tile);
        ibx_meter_lap(made->meter, (ibx_cost){.kind = IBX_COST_STORE}, pixels);
    }
    if (stage->scan >= 0)
        ibx_stage_scan(&plan->pass[stage->scan], made,
                       r->acc + (size_t)omp_get_thread_num() * r->acc_size);
    if (stage->saves > 0) ibx_stage_encode(made);
    for (int i = stage->first_save; i < stage->first_save + stage->saves; i++) {
        pack_tile(&p->output[i], ibx_stage_tail(plan, &plan->save[i], made));
        ibx_meter_lap(made->meter, (ibx_cost){.kind = IBX_COST_PACK}, pixels);
    }
}

/* The same where pixels are only moved: nothing is in between. */
static bool move_tile(run *r, const part *p, int s, ibx_rect out, ibx_error *err) {
    const ibx_stage *stage = &p->plan->stage[s];
    ibx_store *in = &p->store[stage->in];
    ibx_arena *arena = own_arena(r);
    bool ok =
        !stage->stored || ibx_move_tile(p->plan, stage, in, out, arena, &p->store[s + 1], err);
    for (int i = stage->first_save; ok && i < stage->first_save + stage->saves; i++)
        ok = ibx_move_tile(p->plan, stage, in, out, arena, &p->output[i].store, err);
    return ok;
}

static bool make_tile(run *r, const part *p, int s, ibx_rect out, ibx_error *err) {
    const ibx_stage *stage = &p->plan->stage[s];
    ibx_store *in = &p->store[stage->in];
    ibx_made made;
    if (stage->moves) return move_tile(r, p, s, out, err);
    if (!ibx_stage_tile(p->plan, stage, in, out, own_arena(r), &made, err)) return false;
    hand_out(r, p, s, &made);
    return true;
}

static void filter_part(run *r, const part *p, int s, int j) {
    const ibx_stage *stage = &p->plan->stage[s];
    const int y = j * stage->strip_rows, h = ibx_min(stage->strip_rows, stage->head.h - y);
    for (int x = 0; x < stage->head.w && !stopped(r); x += stage->tile_w) {
        const ibx_rect out = {x, y, ibx_min(stage->tile_w, stage->head.w - x), h};
        ibx_error err;
        if (!make_tile(r, p, s, out, &err)) stop(r, &err);
    }
}

static void filter_strip(run *r, int s, int j) {
    const moment begin = begin_task(r);
    ibx_arena *arena = own_arena(r);
    ibx_meter_begin(arena->meter);
    for (int c = 0; c < r->parts; c++) filter_part(r, &r->part[c], s, j);
    ibx_meter_end(arena->meter, end_task(r, &begin, &r->filter_ns, IBX_SPAN_FILTER, s + 1, j));
}

static void encode_strip(run *r, int i, int j) {
    if (stopped(r)) return;
    const moment begin = begin_task(r);
    const output *o = &r->part->output[i];
    const ibx_save *save = &r->plan->save[i];
    const ibx_codec *codec = save->codec;
    void *encoder = r->saver[i].encoder;
    ibx_strip strip[IBX_COMPONENTS];
    for (int c = 0; c < r->parts; c++) strip[c] = ibx_store_strip(&r->part[c].output[i].store, j);
    ibx_error err = {IBX_OK, ""};
    if ((!o->store.borrowed && !codec->write(encoder, strip, &err)) ||
        (j == o->band.strips - 1 && !codec->finish(encoder, &err)))
        stop(r, &err);
    const int64_t ns = end_task(r, &begin, &r->encode_ns, IBX_SPAN_ENCODE, i + 1, j);
    count_strip(r, IBX_COST_ENCODE, save->format ? save->format->name : NULL, strip, ns);
}

/* ---- the graph ----------------------------------------------------------------------------- */

/* Would a thread be idle without this image's tasks? */
static bool cores_idle(const run *r) {
    return atomic_load_explicit(&r->team->running, memory_order_relaxed) < r->team->threads;
}

/* Are the next strip's tasks put up for all threads? If not they are done at once, when all that
 * was put up before is complete. Too many must not wait either: the runtime would then run new
 * ones in whatever thread makes a task next, be it the I/O thread. */
static bool put_up(run *r) {
    const bool idle = cores_idle(r);
    if (r->up > 0 && (!idle || r->up >= MOST_WAITING * r->team->threads)) {
#pragma omp taskwait
        r->up = 0;
    }
    r->up += idle;
    return idle;
}

/* The layout of depend clauses is by hand: clang-format puts every word on a line of its own. */
/* clang-format off */
IBX_MAKES_TASKS static void spawn_decode(run *r, int k) {
    char *slot = &r->token[0][k % r->part->store[0].slots], *turn = &r->turn;
    (void)slot, (void)turn;
    if (!put_up(r)) {
        decode_strip(r, k);
        return;
    }
#pragma omp task firstprivate(r, k)                                                                \
    depend(inout: turn[0]) depend(inout: slot[0])
    decode_strip(r, k);
}

/* Strip j of stage s, which reads strips [lo, hi] of its band; hi < lo: of a band that is
 * complete. */
IBX_MAKES_TASKS static void spawn_filter(run *r, int s, int j, int lo, int hi) {
    const int in = r->plan->stage[s].in, slots = r->part->store[in].slots, end = hi + 1;
    char *from = r->token[in], *to = &r->token[s + 1][j % r->part->store[s + 1].slots];
    (void)from, (void)to, (void)slots, (void)lo, (void)end;
    if (!put_up(r)) {
        filter_strip(r, s, j);
        return;
    }
#pragma omp task firstprivate(r, s, j)                                                             \
    depend(inout: to[0])                                                                           \
    depend(iterator(int i = lo : end), in: from[i % slots])
    filter_strip(r, s, j);
}

IBX_MAKES_TASKS static void spawn_encode(run *r, int s, int i, int j) {
    char *from = &r->token[s + 1][j % r->part->store[s + 1].slots], *turn = &r->saver[i].turn;
    (void)from, (void)turn;
    if (!put_up(r)) {
        encode_strip(r, i, j);
        return;
    }
#pragma omp task firstprivate(r, i, j)                                                             \
    depend(inout: turn[0]) depend(in: from[0])
    encode_strip(r, i, j);
}
/* clang-format on */

/* The strips [*lo, *hi] of the band in front of stage s that strip j of any part needs. */
static void reach(const run *r, int s, int j, int *lo, int *hi) {
    ibx_plan_reach(r->plan, s, j, lo, hi);
    for (int c = 1; c < r->parts; c++) {
        int first, last;
        ibx_plan_reach(r->part[c].plan, s, j, &first, &last);
        *lo = ibx_min(*lo, first);
        *hi = ibx_max(*hi, last);
    }
}

/* Makes tasks for the strips of band b up to `last`, and before each for what it reads. Depth of
 * recursion: the stages. */
static void make_strips(run *r, int b, int last) {
    const int s = b - 1;
    for (; r->next[b] <= last && !atomic_load(&r->stopped); r->next[b]++) {
        const int j = r->next[b];
        if (b == 0) {
            spawn_decode(r, j);
            continue;
        }
        const ibx_stage *stage = &r->plan->stage[s];
        int lo = 0, hi = -1;
        if (!stage->waits) {
            reach(r, s, j, &lo, &hi);
            make_strips(r, stage->in, hi);
        }
        spawn_filter(r, s, j, lo, hi);
        for (int i = stage->first_save; i < stage->first_save + stage->saves; i++)
            spawn_encode(r, s, i, j);
    }
}

/* ---- phases: stages that run together, up to one that needs a whole image -------------------- */

static bool begin_scan(run *r, const ibx_pass *pass) {
    ibx_error err;
    r->acc_size = (pass->filter->acc_size(&pass->call) + 63) / 64 * 64;
    r->acc = aligned_alloc(64, r->acc_size * (size_t)r->team->arenas);
    if (r->acc) {
        memset(r->acc, 0, r->acc_size * (size_t)r->team->arenas);
        return true;
    }
    ibx_fail(&err, IBX_MEMORY, "no memory to look at the whole image");
    stop(r, &err);
    return false;
}

static void end_scan(run *r, const ibx_pass *pass) {
    ibx_error err = {IBX_OK, ""};
    for (int i = 1; i < r->team->arenas; i++)
        pass->filter->merge(&pass->call, r->acc, r->acc + (size_t)i * r->acc_size);
    if (!stopped(r) && pass->filter->finish &&
        !pass->filter->finish(&pass->call, r->acc, r->plan->ready[pass->ready].state, &err))
        stop(r, &err);
    free(r->acc);
    r->acc = NULL;
}

/* Stages [first, last] at the same time. The last pulls; what it left over is made after it. */
static void run_phase(run *r, int first, int last) {
    const ibx_plan *plan = r->plan;
    const int scan = plan->stage[last].scan;
    if (plan->stage[first].waits && plan->stage[first].in == 0)
        make_strips(r, 0, r->plan->band[0].strips - 1);
#pragma omp taskwait
    r->up = 0;
    if (scan >= 0 && !begin_scan(r, &plan->pass[scan])) return;
    for (int s = last; s >= first; s--)
        if (s == last || plan->stage[s].saves > 0) make_strips(r, s + 1, plan->stage[s].strips - 1);
#pragma omp taskwait
    r->up = 0;
    if (scan >= 0) end_scan(r, &plan->pass[scan]);
}

static void run_phases(run *r) {
    const ibx_plan *plan = r->plan;
    for (int first = 0; first < plan->stages && !stopped(r);) {
        int last = first;
        while (last + 1 < plan->stages && !plan->stage[last + 1].waits) last++;
        run_phase(r, first, last);
        first = last + 1;
    }
}

/* ---- memory -------------------------------------------------------------------------------- */

/* The strips of a part for save i, behind stage s. */
static bool open_output(run *r, const part *p, int s, int i, int slots, ibx_error *err) {
    const ibx_save *save = &p->plan->save[i];
    output *o = &p->output[i];
    o->band = p->plan->band[s + 1];
    o->band.head = save->head;
    o->band.sample = save->sample;
    o->band.native = true;
    o->band.mapped = o->band.whole = false;
    o->band.stride = ibx_plan_stride(p->plan, &save->head, save->sample);
    o->band.strip_bytes = (size_t)o->band.strip_rows * o->band.stride;
    if (!save->codec->pixels)
        return ibx_store_open(&o->store, &o->band, slots, r->team->lender, err);
    const ibx_strip pixels = save->codec->pixels(r->saver[i].encoder);
    ibx_store_borrow(&o->store, &o->band, &pixels);
    return true;
}

/* Band b of a part, and the strips of the saves behind it. */
static bool open_band(run *r, const part *p, int b, int slots, ibx_error *err) {
    const ibx_band *band = &p->plan->band[b];
    if (b == 0 && r->job->codec->pixels) {
        const ibx_strip pixels = r->job->codec->pixels(r->job->decoder);
        ibx_store_borrow(&p->store[b], band, &pixels);
    } else if (!ibx_store_open(&p->store[b], band, slots, r->team->lender, err)) {
        return false;
    }
    if (b == 0) return true;
    const ibx_stage *stage = &p->plan->stage[b - 1];
    for (int i = stage->first_save; i < stage->first_save + stage->saves; i++)
        if (!open_output(r, p, b - 1, i, slots, err)) return false;
    return true;
}

static bool open_bands(run *r, int b, ibx_error *err) {
    const int slots = cores_idle(r) ? r->plan->band[b].slots : r->plan->band[b].tight;
    for (int c = 0; c < r->parts; c++)
        if (!open_band(r, &r->part[c], b, slots, err)) return false;
    r->token[b] = calloc((size_t)r->part->store[b].slots, 1);
    return r->token[b] || ibx_fail(err, IBX_MEMORY, "no memory for an image");
}

static bool open_encoder(run *r, int i, ibx_error *err) {
    const ibx_save *save = &r->job->plan->save[i];
    ibx_save_job job = ibx_plan_save_job(save, &r->job->metadata[i]);
    job.components = r->job->plan->component != NULL;
    r->saver[i].encoder = save->codec->create(r->job->sink[i], &job, err);
    return r->saver[i].encoder != NULL;
}

/* Room for what there is of every band, save and part. */
static bool open_lists(run *r, ibx_error *err) {
    const size_t bands = (size_t)r->plan->stages + 1, saves = (size_t)r->plan->saves + 1;
    r->token = calloc(bands, sizeof *r->token);
    r->next = calloc(bands, sizeof *r->next);
    r->saver = calloc(saves, sizeof *r->saver);
    bool ok = r->token && r->next && r->saver;
    for (int c = 0; c < r->parts; c++) {
        part *p = &r->part[c];
        p->store = calloc(bands, sizeof *p->store);
        p->output = calloc(saves, sizeof *p->output);
        ok = ok && p->store && p->output;
    }
    return ok || ibx_fail(err, IBX_MEMORY, "no memory for an image");
}

static bool open_run(run *r, ibx_error *err) {
    if (!open_lists(r, err)) return false;
    for (int i = 0; i < r->plan->saves; i++)
        if (!open_encoder(r, i, err)) return false;
    for (int b = 0; b <= r->plan->stages; b++)
        if (!open_bands(r, b, err)) return false;
    return true;
}

static void close_part(const part *p) {
    for (int b = 0; p->store && b <= p->plan->stages; b++) ibx_store_close(&p->store[b]);
    for (int i = 0; p->output && i < p->plan->saves; i++) ibx_store_close(&p->output[i].store);
    free(p->store);
    free(p->output);
}

static void close_run(run *r) {
    for (int c = 0; c < r->parts; c++) close_part(&r->part[c]);
    for (int b = 0; r->token && b <= r->plan->stages; b++) free(r->token[b]);
    for (int i = 0; r->saver && i < r->plan->saves; i++)
        r->plan->save[i].codec->destroy(r->saver[i].encoder);
    free(r->token);
    free(r->next);
    free(r->saver);
}

static run run_of(ibx_team *team, const ibx_image_job *job) {
    const ibx_plan *component = job->plan->component;
    run r = {.team = team, .job = job, .parts = component ? IBX_COMPONENTS : 1};
    for (int c = 0; c < r.parts; c++) r.part[c].plan = component ? &component[c] : job->plan;
    r.plan = r.part->plan;
    return r;
}

bool ibx_run_image(ibx_team *team, const ibx_image_job *job, ibx_times *times, ibx_error *err) {
    run r = run_of(team, job);
    atomic_fetch_add(&team->running, 1);
    bool ok = open_run(&r, err);
    if (ok) run_phases(&r);
    close_run(&r);
    atomic_fetch_sub(&team->running, 1);
    times->decode += (double)atomic_load(&r.decode_ns) * 1e-6;
    times->filter += (double)atomic_load(&r.filter_ns) * 1e-6;
    times->encode += (double)atomic_load(&r.encode_ns) * 1e-6;
    if (!ok) return false;
    if (err) *err = atomic_load(&r.stopped) ? r.error : r.warning;
    return !atomic_load(&r.stopped);
}
