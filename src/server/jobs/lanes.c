/* lanes.c - admission and order of light and heavy jobs. */
#include "server/jobs/lanes.h"
#include <math.h>

static const double QUICK_SECONDS = 0.1; /* a job that takes longer is slow */
static const double HEAVY_SECONDS = 0.5; /* a job that takes longer is heavy */
static const double MUCH = 4;            /* times as quick, to be worth a worker that waits */
static const double CALM_SECONDS = 10;   /* since the last quick one; then none is expected */

struct ibx_lanes {
    ibx_lane_limits limits;
    ibx_paces *paces;
    GQueue waiting[IBX_LANES]; /* of ibx_ticket */
    GQueue running;
    int64_t memory[IBX_LANES];
    double quick_came, quick_own; /* the quickest of late: when one like it came, its own seconds */
};

ibx_lanes *ibx_lanes_new(const ibx_lane_limits *limits) {
    ibx_lanes *lanes = g_new0(ibx_lanes, 1);
    lanes->limits = *limits;
    lanes->paces = ibx_paces_new();
    lanes->quick_came = -INFINITY;
    return lanes;
}

void ibx_lanes_free(ibx_lanes *lanes) {
    if (!lanes) return;
    ibx_paces_free(lanes->paces);
    g_free(lanes);
}

void ibx_lanes_limit(ibx_lanes *lanes, const ibx_lane_limits *limits) {
    lanes->limits = *limits;
}

/* ---- what is light, and what may run ------------------------------------------------------- */

/* Does nobody come who is much quicker than that one? */
static bool is_calm(const ibx_lanes *lanes, const ibx_ticket *t, double now) {
    return now - lanes->quick_came > CALM_SECONDS || t->own < MUCH * lanes->quick_own;
}

/* Of quick ones those count that are as quick as the quickest, or nearly. */
static void note_quick(ibx_lanes *lanes, const ibx_ticket *t, double now) {
    const bool is_past = now - lanes->quick_came > CALM_SECONDS;
    if (is_past || t->own < lanes->quick_own) lanes->quick_own = t->own;
    if (t->own <= 2 * lanes->quick_own) lanes->quick_came = now;
}

static int most_slow(const ibx_lanes *lanes) {
    return MAX(1, lanes->limits.workers / 2);
}

/* Workers that may run jobs like that at the same time. */
static int most_like(const ibx_lanes *lanes, const ibx_ticket *t, double now) {
    const bool everywhere = t->lane == IBX_LANE_LIGHT && t->known && is_calm(lanes, t, now);
    return t->slow && !everywhere ? most_slow(lanes) : lanes->limits.workers;
}

static int running_slow(const ibx_lanes *lanes) {
    int slow = 0;
    for (GList *l = lanes->running.head; l; l = l->next) slow += ((ibx_ticket *)l->data)->slow;
    return slow;
}

static bool may_run(const ibx_lanes *lanes, const ibx_ticket *t, double now) {
    return !t->slow || running_slow(lanes) < most_like(lanes, t, now);
}

/* What is known by now; never makes a heavy one light, which would jump the queue. */
static void weigh(ibx_lanes *lanes, ibx_ticket *t) {
    const ibx_duration takes = ibx_paces_predict(lanes->paces, &t->key, t->megapixels, &t->known);
    t->seconds = takes.clock;
    t->own = takes.own;
    if (t->memory > lanes->limits.heavy_bytes || takes.own > HEAVY_SECONDS)
        t->lane = IBX_LANE_HEAVY;
    t->slow = t->lane == IBX_LANE_HEAVY || !t->known || takes.own > QUICK_SECONDS;
}

static void charge(ibx_lanes *lanes, const ibx_ticket *t, int lane, int sign) {
    lanes->memory[lane] += sign * t->memory;
}

static void make_heavy(ibx_lanes *lanes, ibx_ticket *t) {
    charge(lanes, t, IBX_LANE_LIGHT, -1);
    charge(lanes, t, IBX_LANE_HEAVY, 1);
    t->lane = IBX_LANE_HEAVY;
    t->slow = true;
}

/* Light ones that run for long are heavy, whatever was predicted. */
static void watch_running(ibx_lanes *lanes, double now) {
    for (GList *l = lanes->running.head; l; l = l->next) {
        ibx_ticket *t = l->data;
        if (t->lane == IBX_LANE_LIGHT && now - t->since > HEAVY_SECONDS) make_heavy(lanes, t);
    }
}

/* ---- admission ----------------------------------------------------------------------------- */

/* Seconds until one that runs is done: one that is late will take half as long again. */
static double remaining(const ibx_ticket *t, double now) {
    const double elapsed = now - t->since;
    return t->running ? MAX(t->seconds - elapsed, elapsed / 2) : t->seconds;
}

typedef struct {
    int jobs;
    double seconds;
} load;

enum { QUICK, SLOW, ANY };

static void add_load(load *sum, const GQueue *queue, int kind, double now) {
    for (GList *l = queue->head; l; l = l->next) {
        const ibx_ticket *t = l->data;
        if (kind != ANY && t->slow != (kind == SLOW)) continue;
        sum->jobs++;
        sum->seconds += remaining(t, now);
    }
}

static void add_waiting(load *sum, const ibx_lanes *lanes, int kind, double now) {
    for (int lane = 0; lane < IBX_LANES; lane++) add_load(sum, &lanes->waiting[lane], kind, now);
}

/* Workers that slow ones leave to quick ones. */
static int left_to_quick(const ibx_lanes *lanes, double now) {
    load slow = {running_slow(lanes), 0};
    add_waiting(&slow, lanes, SLOW, now);
    return MAX(1, lanes->limits.workers - MIN(slow.jobs, most_slow(lanes)));
}

/* Seconds that it would wait behind those that are served by the same workers. One worker serves
 * all: whatever runs is waited for, and by slow jobs also the quick ones that wait. */
static double wait_of(const ibx_lanes *lanes, const ibx_ticket *t, double now) {
    const bool single = lanes->limits.workers < 2;
    const int kind = t->slow ? SLOW : QUICK;
    load sum = {0, 0};
    add_load(&sum, &lanes->running, single ? ANY : kind, now);
    add_waiting(&sum, lanes, single && t->slow ? ANY : kind, now);
    const int share = t->slow ? most_like(lanes, t, now) : left_to_quick(lanes, now);
    return sum.jobs < share ? 0 : sum.seconds / share;
}

double ibx_lanes_wait(const ibx_lanes *lanes, int lane, double now) {
    const ibx_ticket usual = {.lane = lane, .known = true, .slow = lane == IBX_LANE_HEAVY};
    return wait_of(lanes, &usual, now);
}

static bool is_memory_for(const ibx_lanes *lanes, const ibx_ticket *t) {
    const int64_t heavy = lanes->memory[IBX_LANE_HEAVY], all = ibx_lanes_memory(lanes);
    if (t->memory > lanes->limits.memory - all) return false;
    return t->lane == IBX_LANE_LIGHT || heavy == 0 ||
           t->memory <= lanes->limits.memory / 4 * 3 - heavy;
}

static bool refuse(ibx_refusal *refusal, int reason, double wait) {
    *refusal = (ibx_refusal){reason, wait};
    return false;
}

bool ibx_lanes_are_open(const ibx_lanes *lanes, int coming, double now, ibx_refusal *refusal) {
    static const ibx_ticket quick = {.known = true};
    const int *most = lanes->limits.waiting;
    const double wait = wait_of(lanes, &quick, now);
    if (wait > 0 && ibx_lanes_waiting(lanes, IBX_LANE_LIGHT) + coming >=
                        most[IBX_LANE_LIGHT] + most[IBX_LANE_HEAVY])
        return refuse(refusal, IBX_SHED_QUEUE, wait);
    return wait <= lanes->limits.wait || refuse(refusal, IBX_SHED_WAIT, wait);
}

bool ibx_lanes_admit(ibx_lanes *lanes, ibx_ticket *ticket, double now, ibx_refusal *refusal) {
    watch_running(lanes, now);
    ticket->lane = IBX_LANE_LIGHT;
    ticket->running = false;
    ticket->since = now;
    ticket->link = (GList){.data = ticket};
    weigh(lanes, ticket);
    if (!ticket->slow) note_quick(lanes, ticket, now);
    const int lane = ticket->lane;
    const double wait = wait_of(lanes, ticket, now);
    if (wait > 0 && ibx_lanes_waiting(lanes, lane) >= lanes->limits.waiting[lane])
        return refuse(refusal, IBX_SHED_QUEUE, wait);
    if (!is_memory_for(lanes, ticket)) return refuse(refusal, IBX_SHED_MEMORY, wait);
    if (wait > lanes->limits.wait) return refuse(refusal, IBX_SHED_WAIT, wait);
    charge(lanes, ticket, lane, 1);
    g_queue_push_tail_link(&lanes->waiting[lane], &ticket->link);
    return true;
}

/* ---- order --------------------------------------------------------------------------------- */

/* With one worker, slow ones let quick ones pass for half of the longest wait. */
static bool lets_pass(const ibx_lanes *lanes, const ibx_ticket *t, double now) {
    return t->slow && lanes->limits.workers < 2 && now - t->since <= lanes->limits.wait / 2;
}

/* The light one that may run first. Those that are known to be heavy by now go to the other lane.
 */
static ibx_ticket *first_light(ibx_lanes *lanes, double now) {
    ibx_ticket *polite = NULL;
    GList *next;
    for (GList *l = lanes->waiting[IBX_LANE_LIGHT].head; l; l = next) {
        ibx_ticket *t = l->data;
        next = l->next;
        weigh(lanes, t);
        if (t->lane == IBX_LANE_HEAVY) {
            make_heavy(lanes, t);
            g_queue_unlink(&lanes->waiting[IBX_LANE_LIGHT], l);
            g_queue_push_tail_link(&lanes->waiting[IBX_LANE_HEAVY], l);
        } else if (may_run(lanes, t, now)) {
            if (!lets_pass(lanes, t, now)) return t;
            if (!polite) polite = t;
        }
    }
    return polite;
}

static bool is_heavy_first(const ibx_lanes *lanes, const ibx_ticket *light, const ibx_ticket *heavy,
                           double now) {
    if (!light || !heavy) return heavy != NULL;
    if (lanes->limits.workers < 2) return !lets_pass(lanes, heavy, now);
    return heavy->since < light->since;
}

ibx_ticket *ibx_lanes_next(ibx_lanes *lanes, double now) {
    watch_running(lanes, now);
    ibx_ticket *light = first_light(lanes, now);
    ibx_ticket *heavy = g_queue_peek_head(&lanes->waiting[IBX_LANE_HEAVY]);
    if (heavy && !may_run(lanes, heavy, now)) heavy = NULL;
    ibx_ticket *next = is_heavy_first(lanes, light, heavy, now) ? heavy : light;
    if (!next) return NULL;
    g_queue_unlink(&lanes->waiting[next->lane], &next->link);
    g_queue_push_tail_link(&lanes->running, &next->link);
    next->running = true;
    next->since = now;
    return next;
}

void ibx_lanes_put_back(ibx_lanes *lanes, ibx_ticket *ticket) {
    g_queue_unlink(&lanes->running, &ticket->link);
    g_queue_push_head_link(&lanes->waiting[ticket->lane], &ticket->link);
    ticket->running = false;
}

void ibx_lanes_leave(ibx_lanes *lanes, ibx_ticket *ticket) {
    charge(lanes, ticket, ticket->lane, -1);
    g_queue_unlink(ticket->running ? &lanes->running : &lanes->waiting[ticket->lane],
                   &ticket->link);
}

void ibx_lanes_learn(ibx_lanes *lanes, const ibx_ticket *ticket, ibx_duration taken) {
    ibx_paces_learn(lanes->paces, &ticket->key, ticket->megapixels, taken);
}

int ibx_lanes_waiting(const ibx_lanes *lanes, int lane) {
    return (int)lanes->waiting[lane].length;
}

int ibx_lanes_running(const ibx_lanes *lanes, int lane) {
    int count = 0;
    for (GList *l = lanes->running.head; l; l = l->next)
        count += ((const ibx_ticket *)l->data)->lane == lane;
    return count;
}

int64_t ibx_lanes_memory(const ibx_lanes *lanes) {
    return lanes->memory[IBX_LANE_LIGHT] + lanes->memory[IBX_LANE_HEAVY];
}
