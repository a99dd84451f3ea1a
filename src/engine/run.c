/* run.c - the dependency graph of one image. */
#include "engine/under_way.h"
#include <omp.h>
#include <stdlib.h>

/* Tasks of an image that may wait per thread; libgomp runs further ones at once from 64. */
#define MOST_WAITING 48

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

/* ---- the graph ----------------------------------------------------------------------------- */

/* Is there something to share, and would a thread be idle without it? */
static bool cores_idle(const ibx_under_way *w) {
    return !w->alone &&
           atomic_load_explicit(&w->team->running, memory_order_relaxed) < w->team->threads;
}

/* Are the next strip's tasks put up for all threads? If not they are done at once, when all that
 * was put up before is complete. Too many must not wait either: the runtime would then run new
 * ones in whatever thread makes a task next, be it the I/O thread. */
static bool put_up(ibx_under_way *w) {
    const bool idle = cores_idle(w);
    if (w->up > 0 && (!idle || w->up >= MOST_WAITING * w->team->threads)) {
#pragma omp taskwait
        w->up = 0;
    }
    w->up += idle;
    if (idle) w->since = 0;
    return idle;
}

/* The layout of depend clauses is by hand: clang-format puts every word on a line of its own. */
/* clang-format off */
IBX_MAKES_TASKS static void spawn_decode(ibx_under_way *w, int k) {
    char *slot = &w->token[0][k % w->part->store[0].slots], *turn = &w->turn;
    (void)slot, (void)turn;
    if (!put_up(w)) {
        ibx_decode_strip(w, k, &w->since);
        return;
    }
#pragma omp task firstprivate(w, k)                                                                \
    depend(inout: turn[0]) depend(inout: slot[0])
    ibx_decode_strip(w, k, NULL);
}

/* Strip j of stage s, which reads strips [lo, hi] of its band; hi < lo: of a band that is
 * complete. */
IBX_MAKES_TASKS static void spawn_filter(ibx_under_way *w, int s, int j, int lo, int hi) {
    const int in = w->plan->stage[s].in, slots = w->part->store[in].slots, end = hi + 1;
    char *from = w->token[in], *to = &w->token[s + 1][j % w->part->store[s + 1].slots];
    (void)from, (void)to, (void)slots, (void)lo, (void)end;
    if (!put_up(w)) {
        ibx_filter_strip(w, s, j, &w->since);
        return;
    }
#pragma omp task firstprivate(w, s, j)                                                             \
    depend(inout: to[0])                                                                           \
    depend(iterator(int i = lo : end), in: from[i % slots])
    ibx_filter_strip(w, s, j, NULL);
}

IBX_MAKES_TASKS static void spawn_encode(ibx_under_way *w, int s, int i, int j) {
    char *from = &w->token[s + 1][j % w->part->store[s + 1].slots], *turn = &w->saver[i].turn;
    (void)from, (void)turn;
    if (!put_up(w)) {
        ibx_encode_strip(w, i, j, &w->since);
        return;
    }
#pragma omp task firstprivate(w, i, j)                                                             \
    depend(inout: turn[0]) depend(in: from[0])
    ibx_encode_strip(w, i, j, NULL);
}

/* Band b of strip j, compressed by a presser that is then busy until the band is appended. */
IBX_MAKES_TASKS static void spawn_press(ibx_under_way *w, int s, int i, int j, int b) {
    ibx_saver *saver = &w->saver[i];
    char *from = &w->token[s + 1][j % w->part->store[s + 1].slots], *turn = &saver->turn;
    char *presser = &ibx_presser_of(saver, b)->token;
    (void)from, (void)presser, (void)turn;
    if (!put_up(w)) {
        ibx_press_band(w, i, b, &w->since);
        ibx_append_band(w, i, b, &w->since);
        return;
    }
    w->up++;
#pragma omp task firstprivate(w, i, b)                                                             \
    depend(in: from[0]) depend(inout: presser[0])
    ibx_press_band(w, i, b, NULL);
#pragma omp task firstprivate(w, i, b)                                                             \
    depend(inout: presser[0]) depend(inout: turn[0])
    ibx_append_band(w, i, b, NULL);
}
/* clang-format on */

/* The tasks that save strip j of stage s: one, or two for each of its bands. */
static void spawn_save(ibx_under_way *w, int s, int i, int j) {
    const ibx_saver *saver = &w->saver[i];
    const ibx_stage *stage = &w->plan->stage[s];
    if (saver->pressers == 0) {
        spawn_encode(w, s, i, j);
        return;
    }
    const int end = ibx_min((j + 1) * stage->strip_rows, stage->head.h);
    for (int y = j * stage->strip_rows; y < end; y += saver->band_rows)
        spawn_press(w, s, i, j, y / saver->band_rows);
}

/* The strips [*lo, *hi] of the band in front of stage s that strip j of any part needs. */
static void reach(const ibx_under_way *w, int s, int j, int *lo, int *hi) {
    if (w->parts == IBX_COMPONENTS)
        ibx_plan_reach_together(w->plan, s, j, lo, hi);
    else
        ibx_plan_reach(w->plan, s, j, lo, hi);
}

/* Makes tasks for the strips of band b up to `last`, and before each for what it reads. Depth of
 * recursion: the stages. */
static void make_strips(ibx_under_way *w, int b, int last) {
    const int s = b - 1;
    for (; w->next[b] <= last && !atomic_load(&w->stopped); w->next[b]++) {
        const int j = w->next[b];
        if (b == 0) {
            spawn_decode(w, j);
            continue;
        }
        const ibx_stage *stage = &w->plan->stage[s];
        int lo = 0, hi = -1;
        if (!stage->waits) {
            reach(w, s, j, &lo, &hi);
            make_strips(w, stage->in, hi);
        }
        spawn_filter(w, s, j, lo, hi);
        for (int i = stage->first_save; i < stage->first_save + stage->saves; i++)
            spawn_save(w, s, i, j);
    }
}

/* ---- phases: stages that run together, up to one that needs a whole image -------------------- */

static bool begin_scan(ibx_under_way *w, const ibx_pass *pass) {
    ibx_error err;
    w->acc_size = (pass->filter->acc_size(&pass->call) + 63) / 64 * 64;
    w->acc = aligned_alloc(64, w->acc_size * (size_t)w->team->arenas);
    if (w->acc) {
        memset(w->acc, 0, w->acc_size * (size_t)w->team->arenas);
        return true;
    }
    ibx_fail(&err, IBX_MEMORY, "no memory to look at the whole image");
    ibx_stop(w, &err);
    return false;
}

static void end_scan(ibx_under_way *w, const ibx_pass *pass) {
    ibx_error err = {0};
    for (int i = 1; i < w->team->arenas; i++)
        pass->filter->merge(&pass->call, w->acc, w->acc + (size_t)i * w->acc_size);
    if (!ibx_stopped(w) && pass->filter->finish &&
        !pass->filter->finish(&pass->call, w->acc, w->plan->ready[pass->ready].state, &err))
        ibx_stop(w, &err);
    free(w->acc);
    w->acc = NULL;
}

/* Stages [first, last] at the same time. The last pulls; what it left over is made after it. */
static void run_phase(ibx_under_way *w, int first, int last) {
    const ibx_plan *plan = w->plan;
    const int scan = plan->stage[last].scan;
    if (plan->stage[first].waits && plan->stage[first].in == 0)
        make_strips(w, 0, w->plan->band[0].last);
#pragma omp taskwait
    w->up = 0;
    if (scan >= 0 && !begin_scan(w, &plan->pass[scan])) return;
    for (int s = last; s >= first; s--)
        if (s == last || plan->stage[s].saves > 0) make_strips(w, s + 1, plan->stage[s].strips - 1);
#pragma omp taskwait
    w->up = 0;
    if (scan >= 0) end_scan(w, &plan->pass[scan]);
}

static void run_phases(ibx_under_way *w) {
    const ibx_plan *plan = w->plan;
    for (int first = 0; first < plan->stages && !ibx_stopped(w);) {
        int last = first;
        while (last + 1 < plan->stages && !plan->stage[last + 1].waits) last++;
        run_phase(w, first, last);
        first = last + 1;
    }
}

/* Is every task of the image the only one that can be done at its time? */
static bool is_chain(const ibx_plan *plan) {
    bool chain = !plan->component && plan->saves == 1 && plan->band[0].strips == 1;
    for (int s = 0; s < plan->stages; s++) chain &= plan->stage[s].strips == 1;
    return chain;
}

bool ibx_run_image(ibx_team *team, const ibx_image_job *job, ibx_times *times, ibx_error *err) {
    ibx_under_way w;
    const bool idle = atomic_fetch_add(&team->running, 1) + 1 < team->threads;
    const bool alone = is_chain(job->plan);
    const bool ok = ibx_under_way_open(&w, team, job, idle && !alone, err);
    w.alone = alone;
    if (ok) w.next[0] = w.plan->band[0].first;
    if (ok) run_phases(&w);
    ibx_under_way_close(&w);
    atomic_fetch_sub(&team->running, 1);
    times->decode += (double)atomic_load(&w.decode_ns) * 1e-6;
    times->filter += (double)atomic_load(&w.filter_ns) * 1e-6;
    times->encode += (double)atomic_load(&w.encode_ns) * 1e-6;
    if (!ok) return false;
    if (err) *err = atomic_load(&w.stopped) ? w.error : w.warning;
    return !atomic_load(&w.stopped);
}
