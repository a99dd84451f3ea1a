/* view.c - regions of a recipe's result, for those who hold the pixels.
 *
 * The plan is that of ibx_apply, but nobody runs it from top to bottom. Its stages are a chain, of
 * which each needs a rectangle of the one in front; what lies between two of them is that rectangle
 * and no more. As a kernel's result does not depend on the tile, neither does it on the region.
 *
 * A region is cut into blocks, and each block goes through all stages in one thread, on a desk:
 * the thread's memory, kept from one call to the next. */
#include "core/pixels.h"
#include "engine/limits.h"
#include "engine/memory.h"
#include "engine/move.h"
#include <omp.h>
#include <pthread.h>
#include <stdlib.h>

/* Pixels of a block where several stages follow one another: what they compute twice at its edges
 * is little, and what lies between them is a few megabytes. Where there is one stage, a block is a
 * tile. */
#define BLOCK_W 1024
#define BLOCK_ROWS 512

typedef struct desk {
    struct desk *next;
    ibx_arena arena;
    uint8_t **room; /* of band b, while a block is made; as many bytes as in `size` */
    size_t *size;
    ibx_store *store; /* over it: the part of band b that the block needs */
} desk;

struct ibx_view {
    ibx_plan plan;
    ibx_band result; /* behind the last stage, as samples */
    int last;        /* the stage that makes it */
    const atomic_bool *cancel;
    pthread_mutex_t lock; /* of the desks that nobody sits at */
    desk *idle;
};

/* ---- open and close ------------------------------------------------------------------------- */

static ibx_band shape_result(const ibx_plan *plan, int last) {
    ibx_band band = plan->band[last + 1];
    band.head = plan->save->head;
    band.sample = plan->save->sample;
    band.native = true;
    return band;
}

ibx_view *ibx_view_open(const ibx_recipe *recipe, const ibx_head *head, ibx_sample from,
                        ibx_sample to, const ibx_limits *limits, ibx_error *err) {
    const ibx_limits full = ibx_limits_fill(limits);
    const ibx_info info = {.head = *head, .sample = from, .format = "memory", .pages = 1};
    const ibx_plan_options options = {.threads = 1,
                                      .memory = SIZE_MAX, /* bands are never whole */
                                      .max_pixels = full.max_pixels,
                                      .to = &ibx_codec_memory,
                                      .sample = to};
    if (!ibx_limits_admit(&full, head, err)) return NULL;
    ibx_view *view = calloc(1, sizeof *view);
    if (!view) {
        ibx_fail(err, IBX_MEMORY, "no memory for a view");
        return NULL;
    }
    if (!ibx_plan_make(&view->plan, recipe, &info, &options, err)) {
        free(view);
        return NULL;
    }
    while (view->plan.stage[view->last].saves == 0) view->last++;
    view->result = shape_result(&view->plan, view->last);
    view->cancel = full.cancel;
    pthread_mutex_init(&view->lock, NULL);
    return view;
}

static void free_desk(desk *d, int bands) {
    for (int b = 0; d->room && b < bands; b++) free(d->room[b]);
    ibx_arena_free(&d->arena);
    free(d->room);
    free(d->size);
    free(d->store);
    free(d);
}

void ibx_view_free(ibx_view *view) {
    if (!view) return;
    for (desk *next, *d = view->idle; d; d = next) {
        next = d->next;
        free_desk(d, view->plan.stages + 1);
    }
    pthread_mutex_destroy(&view->lock);
    ibx_plan_free(&view->plan);
    free(view);
}

/* ---- questions ------------------------------------------------------------------------------ */

const ibx_head *ibx_view_head(const ibx_view *view) {
    return &view->result.head;
}

bool ibx_view_looks(const ibx_view *view) {
    for (int s = 0; s < view->plan.stages; s++)
        if (view->plan.stage[s].scan >= 0) return true;
    return false;
}

/* The part of its input that a rectangle of stage s needs. */
static ibx_rect in_front(const ibx_plan *plan, int s, ibx_rect out) {
    const ibx_stage *stage = &plan->stage[s];
    const ibx_head *in = &plan->band[stage->in].head;
    ibx_rect need[IBX_MAX_FUSED], made[IBX_MAX_FUSED];
    if (stage->count == 0) return out;
    ibx_fuse_rects(&plan->pass[stage->first], stage->count, out, need, made);
    return ibx_rect_inside(need[0], in->w, in->h);
}

ibx_rect ibx_view_source(const ibx_view *view, ibx_rect out) {
    ibx_rect r = out;
    for (int s = view->last; s >= 0; s = view->plan.stage[s].in - 1)
        r = in_front(&view->plan, s, r);
    return r;
}

/* ---- desks ---------------------------------------------------------------------------------- */

static desk *new_desk(int bands) {
    desk *d = calloc(1, sizeof *d);
    if (!d) return NULL;
    d->room = calloc((size_t)bands, sizeof *d->room);
    d->size = calloc((size_t)bands, sizeof *d->size);
    d->store = calloc((size_t)bands, sizeof *d->store);
    if (d->room && d->size && d->store) return d;
    free_desk(d, bands);
    return NULL;
}

static desk *sit_down(ibx_view *view, ibx_error *err) {
    pthread_mutex_lock(&view->lock);
    desk *d = view->idle;
    if (d) view->idle = d->next;
    pthread_mutex_unlock(&view->lock);
    if (!d && !(d = new_desk(view->plan.stages + 1))) ibx_fail(err, IBX_MEMORY, "no memory");
    return d;
}

static void stand_up(ibx_view *view, desk *d) {
    if (!d) return;
    pthread_mutex_lock(&view->lock);
    d->next = view->idle;
    view->idle = d;
    pthread_mutex_unlock(&view->lock);
}

/* A store on the desk for the part `at` of band b. */
static bool place(desk *d, const ibx_plan *plan, int b, ibx_rect at, ibx_error *err) {
    const size_t bytes = (ibx_store_part_bytes(&plan->band[b], at) + 63) / 64 * 64;
    if (bytes > d->size[b]) {
        free(d->room[b]);
        d->room[b] = aligned_alloc(64, bytes);
        d->size[b] = d->room[b] ? bytes : 0;
    }
    if (!d->room[b])
        return ibx_fail(err, IBX_MEMORY, "no memory for %zu MB of pixels", bytes / 1000000 + 1);
    ibx_store_over(&d->store[b], &plan->band[b], at, d->room[b]);
    return true;
}

/* ---- blocks --------------------------------------------------------------------------------- */

/* What is made of finished tiles: samples of the result, or a look at them. */
typedef struct {
    ibx_view *view;
    int stage;            /* whose output it is made of */
    const ibx_region *in; /* of the image */
    ibx_store *out;       /* the region of the result; NULL: the stage's scan is fed */
    uint8_t *acc;         /* accumulators of the scan, one per thread */
    size_t acc_size;
    atomic_bool stopped;
    ibx_error *err;
} work;

static bool stop(work *w, const ibx_error *why) {
    if (!atomic_exchange(&w->stopped, true) && w->err) *w->err = *why;
    return false;
}

static bool go_on(work *w) {
    const atomic_bool *cancel = w->view->cancel;
    if (atomic_load_explicit(&w->stopped, memory_order_relaxed)) return false;
    if (!cancel || !atomic_load_explicit(cancel, memory_order_relaxed)) return true;
    ibx_error why;
    ibx_fail(&why, IBX_CANCELLED, "stopped by the user");
    return stop(w, &why);
}

/* A tile of stage s to where it belongs: behind the last stage to the result or the scan, else into
 * the band on the desk. */
static bool make_tile(work *w, desk *d, int s, ibx_rect tile, ibx_error *err) {
    const ibx_plan *plan = &w->view->plan;
    const ibx_stage *stage = &plan->stage[s];
    ibx_store *in = &d->store[stage->in], *to = s == w->stage ? w->out : &d->store[s + 1];
    ibx_made made;
    if (to && stage->moves) return ibx_move_tile(plan, stage, in, tile, &d->arena, to, err);
    if (!ibx_stage_tile(plan, stage, in, tile, &d->arena, &made, err)) return false;
    if (!to) {
        const ibx_pass *pass = &plan->pass[stage->scan];
        ibx_stage_scan(pass, &made, w->acc + (size_t)omp_get_thread_num() * w->acc_size);
    } else if (s == w->stage) {
        ibx_stage_encode(&made);
        ibx_store_pack(to, &made.tile);
    } else {
        ibx_store_put(to, &made.tile);
    }
    return true;
}

/* The rectangle r of stage s, tile by tile, after those that it needs of the stages in front.
 * Depth of recursion: the stages. */
static bool make_part(work *w, desk *d, int s, ibx_rect r, ibx_error *err) {
    const ibx_plan *plan = &w->view->plan;
    const ibx_stage *stage = &plan->stage[s];
    const ibx_rect need = in_front(plan, s, r);
    if (stage->in == 0)
        ibx_store_borrow_part(&d->store[0], &plan->band[0], w->in);
    else if (!place(d, plan, stage->in, need, err) || !make_part(w, d, stage->in - 1, need, err))
        return false;
    for (int y = r.y; y < r.y + r.h; y += stage->strip_rows)
        for (int x = r.x; x < r.x + r.w; x += stage->tile_w) {
            const ibx_rect tile = {x, y, ibx_min(stage->tile_w, r.x + r.w - x),
                                   ibx_min(stage->strip_rows, r.y + r.h - y)};
            if (!go_on(w)) return false;
            if (!make_tile(w, d, s, tile, err)) return false;
        }
    return true;
}

static void make_block(work *w, ibx_rect block) {
    ibx_error why = {0};
    if (!go_on(w)) return;
    desk *d = sit_down(w->view, &why);
    if ((!d || !make_part(w, d, w->stage, block, &why)) && why.code) stop(w, &why);
    stand_up(w->view, d);
}

/* All blocks of the rectangle r. */
static bool make_blocks(work *w, ibx_rect r, int threads) {
    const ibx_stage *stage = &w->view->plan.stage[w->stage];
    const bool alone = stage->in == 0;
    const int share = ibx_max(1, ibx_min(BLOCK_ROWS, (r.h + threads - 1) / threads));
    const int bw = alone ? stage->tile_w : BLOCK_W, bh = alone ? stage->strip_rows : share;
    const int across = (r.w + bw - 1) / bw, count = across * ((r.h + bh - 1) / bh);
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (threads > 1 && count > 1)
    for (int i = 0; i < count; i++) {
        const int x = r.x + i % across * bw, y = r.y + i / across * bh;
        make_block(w, (ibx_rect){x, y, ibx_min(bw, r.x + r.w - x), ibx_min(bh, r.y + r.h - y)});
    }
    return !atomic_load(&w->stopped);
}

/* ---- rendering and looking ------------------------------------------------------------------ */

static bool holds(ibx_rect all, ibx_rect r) {
    return r.w > 0 && r.h > 0 && r.x >= all.x && r.y >= all.y && r.x + r.w <= all.x + all.w &&
           r.y + r.h <= all.y + all.h;
}

bool ibx_view_render(ibx_view *view, const ibx_region *in, const ibx_region *out, int threads,
                     ibx_error *err) {
    const ibx_rect all = {0, 0, view->result.head.w, view->result.head.h};
    if (!holds(all, out->at) || !holds(in->at, ibx_view_source(view, out->at)))
        return ibx_fail(err, IBX_BUG, "a region that is not there, or pixels that it needs");
    ibx_store to;
    ibx_store_borrow_part(&to, &view->result, out);
    work w = {.view = view, .stage = view->last, .in = in, .out = &to, .err = err};
    return make_blocks(&w, out->at, threads);
}

/* One scan, of the output of stage s. */
static bool look(ibx_view *view, int s, const ibx_region *whole, int threads, ibx_error *err) {
    const ibx_stage *stage = &view->plan.stage[s];
    const ibx_pass *pass = &view->plan.pass[stage->scan];
    const ibx_call *c = &pass->call;
    const size_t size = (pass->filter->acc_size(c) + 63) / 64 * 64;
    uint8_t *acc = aligned_alloc(64, size * (size_t)threads);
    if (!acc) return ibx_fail(err, IBX_MEMORY, "no memory to look at the whole image");
    memset(acc, 0, size * (size_t)threads);
    work w = {.view = view, .stage = s, .in = whole, .acc = acc, .acc_size = size, .err = err};
    bool ok = make_blocks(&w, (ibx_rect){0, 0, stage->head.w, stage->head.h}, threads);
    for (int i = 1; i < threads; i++) pass->filter->merge(c, acc, acc + (size_t)i * size);
    if (ok && pass->filter->finish)
        ok = pass->filter->finish(c, acc, view->plan.ready[pass->ready].state, err);
    free(acc);
    return ok;
}

bool ibx_view_look(ibx_view *view, const ibx_region *whole, int threads, ibx_error *err) {
    const ibx_rect all = {0, 0, view->plan.input.w, view->plan.input.h};
    if (!holds(whole->at, all)) return ibx_fail(err, IBX_BUG, "an image that is not whole");
    for (int s = 0; s < view->plan.stages; s++)
        if (view->plan.stage[s].scan >= 0 && !look(view, s, whole, threads, err)) return false;
    return true;
}
