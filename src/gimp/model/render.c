/* render.c - the thread behind a preview. */
#include "gimp/model/render.h"
#include "core/pixels.h"
#include "gimp/model/job.h"
#include "gimp/recipe.h"
#include "gimp/sentence.h"
#include "gimp/thread.h"
#include <omp.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

typedef struct {
    ibx_window_tile tile;
    unsigned recipe; /* the number of the recipe that made it */
} made;

struct ibx_window_render {
    ibx_window_look look; /* what is looked at; read-only */
    void (*wake)(void *user);
    void *user;
    int threads;
    ibx_gimp_thread *thread;
    atomic_bool cancel;   /* what the thread does is not wanted any more */
    atomic_uint wanted;   /* counts recipes and moves */
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t news;
    bool quit;
    char *text;      /* the recipe; NULL: none */
    unsigned recipe; /* its number */
    ibx_rect visible;
    struct timespec since; /* of the last recipe or move */
    ibx_window_state state;
    made *tiles;
    int count, room;
};

/* ---- tiles ----------------------------------------------------------------------------------- */

static void free_pixels(const ibx_window_tile *tile) {
    free((void *)(uintptr_t)tile->before);
    free((void *)(uintptr_t)tile->after);
}

static bool overlap(ibx_rect a, ibx_rect b) {
    return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

static ibx_rect clip(ibx_rect r, int w, int h) {
    const int x = ibx_max(r.x, 0), y = ibx_max(r.y, 0);
    return (ibx_rect){x, y, ibx_min(r.x + r.w, w) - x, ibx_min(r.y + r.h, h) - y};
}

static bool same(ibx_rect a, ibx_rect b) {
    return a.x == b.x && a.y == b.y && a.w == b.w && a.h == b.h;
}

/* Drops tiles that nobody looks at, and those of earlier recipes if `old` says so. */
static void drop_tiles(ibx_window_render *r, ibx_rect near, bool old) {
    int kept = 0;
    for (int i = 0; i < r->count; i++) {
        const made *m = &r->tiles[i];
        if (overlap(m->tile.at, near) && !(old && m->recipe != r->recipe))
            r->tiles[kept++] = *m;
        else
            free_pixels(&m->tile);
    }
    r->count = kept;
}

static bool have(const ibx_window_render *r, unsigned recipe, ibx_rect cell) {
    for (int i = 0; i < r->count; i++) {
        const ibx_rect at = r->tiles[i].tile.at;
        if (r->tiles[i].recipe == recipe && cell.x >= at.x && cell.y >= at.y &&
            cell.x + cell.w <= at.x + at.w && cell.y + cell.h <= at.y + at.h)
            return true;
    }
    return false;
}

/* Takes a new tile over, in place of one that lies where it lies. */
static bool add_tile(ibx_window_render *r, const made *m) {
    for (int i = 0; i < r->count; i++)
        if (same(r->tiles[i].tile.at, m->tile.at)) {
            free_pixels(&r->tiles[i].tile);
            r->tiles[i] = *m;
            return true;
        }
    if (r->count == r->room) {
        const int room = 2 * r->room + 64;
        made *tiles = realloc(r->tiles, (size_t)room * sizeof *tiles);
        if (!tiles) return false;
        r->tiles = tiles;
        r->room = room;
    }
    r->tiles[r->count++] = *m;
    return true;
}

/* ---- what is missing ------------------------------------------------------------------------- */

/* What is visible lies on a grid of cells. A tile is a cell, or several where halos are large. */
enum { CELL = IBX_WINDOW_LEAST_SIDE };

typedef struct {
    int x, y, across, down; /* cells of the picture that are visible */
    bool *missing;          /* of each of them */
} grid;

static bool find_missing(const ibx_window_render *r, unsigned recipe, grid *g) {
    const ibx_rect v = clip(r->visible, r->state.w, r->state.h);
    if (v.w <= 0 || v.h <= 0) return false;
    g->x = v.x / CELL;
    g->y = v.y / CELL;
    g->across = (v.x + v.w - 1) / CELL - g->x + 1;
    g->down = (v.y + v.h - 1) / CELL - g->y + 1;
    const int cells = g->across * g->down;
    g->missing = calloc((size_t)cells, sizeof *g->missing);
    for (int i = 0; i < cells && g->missing; i++) {
        const int x = (g->x + i % g->across) * CELL, y = (g->y + i / g->across) * CELL;
        g->missing[i] =
            !have(r, recipe, clip((ibx_rect){x, y, CELL, CELL}, r->state.w, r->state.h));
    }
    return g->missing != NULL;
}

/* Are `count` cells of a row missing, from x on? */
static bool run_missing(const grid *g, int x, int y, int count) {
    for (int i = 0; i < count; i++)
        if (x + i >= g->across || !g->missing[y * g->across + x + i]) return false;
    return true;
}

/* The largest rectangle of missing cells to the right of and below one, at most so many cells to a
 * side; they are not missing any more. In cells. */
static ibx_rect take_cells(const grid *g, int x, int y, int most) {
    ibx_rect r = {x, y, 1, 1};
    while (r.w < most && run_missing(g, x, y, r.w + 1)) r.w++;
    while (r.h < most && y + r.h < g->down && run_missing(g, x, y + r.h, r.w)) r.h++;
    for (int i = 0; i < r.w * r.h; i++) g->missing[(y + i / r.w) * g->across + x + i % r.w] = false;
    return r;
}

typedef struct {
    ibx_rect at;
    double distance; /* from the middle of what is visible */
} gap;

static int nearer(const void *a, const void *b) {
    const double x = ((const gap *)a)->distance, y = ((const gap *)b)->distance;
    return (x > y) - (x < y);
}

static gap gap_of(const ibx_window_render *r, const grid *g, ibx_rect cells) {
    const ibx_rect v = r->visible;
    const ibx_rect all = {(g->x + cells.x) * CELL, (g->y + cells.y) * CELL, cells.w * CELL,
                          cells.h * CELL};
    const ibx_rect at = clip(all, r->state.w, r->state.h);
    return (gap){at,
                 hypot(at.x + at.w / 2.0 - v.x - v.w / 2.0, at.y + at.h / 2.0 - v.y - v.h / 2.0)};
}

/* The tiles that are visible and missing, of at most `side`, the nearest to the middle first.
 * malloc'd; NULL with a count of 0 where there are none, and without memory. */
static gap *find_gaps(const ibx_window_render *r, unsigned recipe, int side, int *count) {
    grid g;
    *count = 0;
    if (!find_missing(r, recipe, &g)) return NULL;
    gap *gaps = malloc((size_t)(g.across * g.down) * sizeof *gaps);
    for (int i = 0; i < g.across * g.down && gaps; i++)
        if (g.missing[i])
            gaps[(*count)++] =
                gap_of(r, &g, take_cells(&g, i % g.across, i / g.across, side / CELL));
    free(g.missing);
    if (gaps) qsort(gaps, (size_t)*count, sizeof *gaps, nearer);
    return gaps;
}

/* ---- work, in the thread --------------------------------------------------------------------- */

static double milliseconds_since(const struct timespec *begin) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - begin->tv_sec) * 1e3 +
           (double)(now.tv_nsec - begin->tv_nsec) / 1e6;
}

/* Makes one tile, unless something else is wanted by now. */
static void fill_gap(ibx_window_render *r, const ibx_window_job *job, ibx_rect at, unsigned wanted,
                     int threads) {
    made m = {.tile.at = at, .recipe = job->number};
    ibx_error err = {0};
    if (atomic_load(&r->cancel) || atomic_load(&r->wanted) != wanted) return;
    const bool ok = ibx_window_job_tile(job, &m.tile, threads, &err);
    pthread_mutex_lock(&r->lock);
    if (!ok || !add_tile(r, &m)) {
        free_pixels(&m.tile);
        ibx_gimp_sentence(err.text);
        if (err.code != IBX_CANCELLED)
            snprintf(r->state.problem, sizeof r->state.problem, "%s", err.text);
    }
    pthread_mutex_unlock(&r->lock);
    r->wake(r->user);
}

/* Fills what is visible, with the lock held at both ends. */
static void fill(ibx_window_render *r, const ibx_window_job *job) {
    int count;
    const unsigned wanted = atomic_load(&r->wanted);
    gap *gaps = find_gaps(r, job->number, job->side, &count);
    pthread_mutex_unlock(&r->lock);
    const int team = ibx_min(r->threads, ibx_max(count, 1)), each = count == 1 ? r->threads : 1;
#pragma omp parallel for num_threads(team) schedule(dynamic) if (team > 1)
    for (int i = 0; i < count; i++) fill_gap(r, job, gaps[i].at, wanted, each);
    free(gaps);
    pthread_mutex_lock(&r->lock);
    if (atomic_load(&r->wanted) != wanted) return;
    r->state.busy = false;
    r->state.milliseconds = milliseconds_since(&r->since);
    drop_tiles(r, ibx_grow(r->visible, CELL, CELL), true);
}

/* Makes the job for the recipe that is wanted, with the lock held at both ends. Where a recipe
 * fails, the last one that did not stays. */
static void open_job(ibx_window_render *r, ibx_window_job *job) {
    ibx_window_job next = {.number = r->recipe};
    ibx_error err = {0};
    char *text = r->text ? strdup(r->text) : NULL;
    const bool none = !r->text;
    atomic_store(&r->cancel, false);
    pthread_mutex_unlock(&r->lock);
    const bool ok = (none || text || ibx_fail(&err, IBX_MEMORY, "no memory")) &&
                    ibx_window_job_open(&next, &r->look, text, &r->cancel, r->threads, &err);
    free(text);
    pthread_mutex_lock(&r->lock);
    ibx_gimp_sentence(err.text);
    if (err.code != IBX_CANCELLED)
        snprintf(r->state.problem, sizeof r->state.problem, "%s", err.text);
    if (!ok) {
        ibx_window_job_close(&next);
        job->number = next.number;
        return;
    }
    ibx_window_job_close(job);
    *job = next;
    const bool reshaped = job->head.w != r->state.w || job->head.h != r->state.h;
    if (reshaped) drop_tiles(r, (ibx_rect){0, 0, 0, 0}, false);
    r->state.w = job->head.w;
    r->state.h = job->head.h;
    r->state.resized = job->resized;
}

static void render_thread(void *data) {
    ibx_window_render *r = data;
    unsigned done = 0;
    pthread_mutex_lock(&r->lock);
    ibx_window_job job = {.number = r->recipe};
    ibx_window_job_open(&job, &r->look, NULL, &r->cancel, 1, NULL); /* the layer cannot fail */
    if (r->text) job.number--;
    while (!r->quit) {
        const unsigned wanted = atomic_load(&r->wanted);
        if (wanted == done) {
            pthread_cond_wait(&r->news, &r->lock);
            continue;
        }
        if (job.number != r->recipe) open_job(r, &job);
        if (job.number == r->recipe) fill(r, &job);
        done = wanted;
        pthread_mutex_unlock(&r->lock);
        r->wake(r->user);
        pthread_mutex_lock(&r->lock);
    }
    pthread_mutex_unlock(&r->lock);
    ibx_window_job_close(&job);
}

/* ---- from outside ---------------------------------------------------------------------------- */

ibx_window_render *ibx_window_render_new(const ibx_gimp_subject *subject, void (*wake)(void *user),
                                         void *user) {
    ibx_window_render *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->wake = wake;
    r->user = user;
    r->threads = omp_get_num_procs();
    r->state = (ibx_window_state){.w = subject->pixels->head.w, .h = subject->pixels->head.h};
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->news, NULL);
    if (ibx_window_look_open(&r->look, subject))
        r->thread = ibx_gimp_thread_start(render_thread, r);
    if (r->thread) return r;
    ibx_window_look_close(&r->look);
    free(r);
    return NULL;
}

void ibx_window_render_free(ibx_window_render *r) {
    pthread_mutex_lock(&r->lock);
    r->quit = true;
    atomic_store(&r->cancel, true);
    atomic_fetch_add(&r->wanted, 1);
    pthread_cond_signal(&r->news);
    pthread_mutex_unlock(&r->lock);
    ibx_gimp_thread_join(r->thread);
    for (int i = 0; i < r->count; i++) free_pixels(&r->tiles[i].tile);
    pthread_cond_destroy(&r->news);
    pthread_mutex_destroy(&r->lock);
    ibx_window_look_close(&r->look);
    free(r->tiles);
    free(r->text);
    free(r);
}

/* Something else is wanted; with the lock held. */
static void want(ibx_window_render *r) {
    atomic_fetch_add(&r->wanted, 1);
    r->state.busy = true;
    clock_gettime(CLOCK_MONOTONIC, &r->since);
    pthread_cond_signal(&r->news);
}

void ibx_window_render_set(ibx_window_render *r, const char *recipe) {
    char *text = recipe ? strdup(recipe) : NULL;
    pthread_mutex_lock(&r->lock);
    free(r->text);
    r->text = text;
    r->recipe++;
    r->state.problem[0] = 0;
    atomic_store(&r->cancel, true);
    want(r);
    pthread_mutex_unlock(&r->lock);
}

void ibx_window_render_look(ibx_window_render *r, ibx_rect visible) {
    pthread_mutex_lock(&r->lock);
    const bool moved = !same(visible, r->visible);
    r->visible = visible;
    if (moved) want(r);
    pthread_mutex_unlock(&r->lock);
}

void ibx_window_render_state(ibx_window_render *r, ibx_window_state *state) {
    pthread_mutex_lock(&r->lock);
    *state = r->state;
    pthread_mutex_unlock(&r->lock);
}

void ibx_window_render_paint(ibx_window_render *r,
                             void (*paint)(void *user, const ibx_window_tile *tile), void *user) {
    pthread_mutex_lock(&r->lock);
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < r->count; i++)
            if ((r->tiles[i].recipe == r->recipe) == (pass == 1)) paint(user, &r->tiles[i].tile);
    pthread_mutex_unlock(&r->lock);
}
