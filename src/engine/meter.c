/* meter.c - accounts of processor time. */
#include "engine/meter.h"
#include <stdlib.h>
#include <time.h>

static int64_t read_clock(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int64_t clock_ns(void) {
    return read_clock(CLOCK_MONOTONIC);
}

int64_t ibx_thread_ns(void) {
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

int64_t ibx_process_ns(void) {
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

ibx_meter *ibx_meters_new(int threads) {
    const size_t bytes = (size_t)threads * sizeof(ibx_meter);
    ibx_meter *meter = aligned_alloc(64, bytes);
    if (meter) memset(meter, 0, bytes);
    return meter;
}

/* ---- one thread's accounts --------------------------------------------------------------------
 */

/* The names are those of tables, so that pointers tell them apart. */
static bool same(const ibx_cost *a, const ibx_cost *b) {
    return a->kind == b->kind && a->number == b->number && a->name == b->name && a->pass == b->pass;
}

/* The account for this, made if there is none; NULL without memory: then its time is in none. */
static ibx_account *find(ibx_meter *m, const ibx_cost *cost) {
    for (size_t i = 0; i < m->accounts; i++)
        if (same(&m->account[i].cost, cost)) return &m->account[i];
    if (m->accounts == m->room) {
        const size_t room = m->room ? 2 * m->room : 16;
        ibx_account *more = realloc(m->account, room * sizeof *more);
        if (!more) return NULL;
        m->account = more;
        m->room = room;
    }
    m->account[m->accounts] = (ibx_account){.cost = *cost};
    return &m->account[m->accounts++];
}

void ibx_meter_start(ibx_meter *meter) {
    meter->since = clock_ns();
}

void ibx_meter_count(ibx_meter *meter, const ibx_cost *cost, double pixels) {
    const int64_t now = clock_ns();
    ibx_account *account = find(meter, cost);
    if (account) {
        account->lap += now - meter->since;
        account->cost.megapixels += pixels / 1e6;
    }
    meter->since = now;
}

void ibx_meter_divide(ibx_meter *meter, int64_t cpu_ns) {
    int64_t sum = 0;
    for (size_t i = 0; i < meter->accounts; i++) sum += meter->account[i].lap;
    for (size_t i = 0; sum > 0 && i < meter->accounts; i++) {
        ibx_account *a = &meter->account[i];
        a->cost.seconds += (double)a->lap / (double)sum * (double)cpu_ns * 1e-9;
        a->lap = 0;
    }
}

void ibx_meter_add(ibx_meter *meter, ibx_cost cost, int64_t cpu_ns, double pixels) {
    ibx_account *account = meter ? find(meter, &cost) : NULL;
    if (!account) return;
    account->cost.seconds += (double)cpu_ns * 1e-9;
    account->cost.megapixels += pixels / 1e6;
}

/* ---- the sum of all threads ---------------------------------------------------------------------
 */

static int compare_words(const char *a, const char *b) {
    return strcmp(a ? a : "", b ? b : "");
}

/* Order of accounts; a step's look stands in front of its passes. */
static int compare(const ibx_cost *a, const ibx_cost *b) {
    const int ka = a->kind == IBX_COST_LOOK ? IBX_COST_STEP : (int)a->kind;
    const int kb = b->kind == IBX_COST_LOOK ? IBX_COST_STEP : (int)b->kind;
    if (ka != kb) return ka - kb;
    if (a->number != b->number) return a->number - b->number;
    const int names = compare_words(a->name, b->name);
    return names ? names : (int)a->kind - (int)b->kind;
}

/* Adds one account to the sums, in its place behind those that compare equal: passes stay in the
 * order in which they ran. `stats` has room. */
static void sum_up(ibx_stats *stats, const ibx_cost *cost) {
    for (size_t i = 0; i < stats->costs; i++) {
        ibx_cost *c = &stats->cost[i];
        if (compare(c, cost) != 0 || compare_words(c->pass, cost->pass) != 0) continue;
        c->seconds += cost->seconds;
        c->megapixels += cost->megapixels;
        return;
    }
    size_t at = stats->costs++;
    for (; at > 0 && compare(&stats->cost[at - 1], cost) > 0; at--)
        stats->cost[at] = stats->cost[at - 1];
    stats->cost[at] = *cost;
}

void ibx_meters_end(ibx_meter *meter, int threads, ibx_stats *stats) {
    size_t most = 0;
    if (!meter) return;
    for (int t = 0; t < threads; t++) most += meter[t].accounts;
    stats->cost = calloc(most + 1, sizeof *stats->cost);
    for (int t = 0; t < threads; t++) {
        for (size_t i = 0; stats->cost && i < meter[t].accounts; i++)
            sum_up(stats, &meter[t].account[i].cost);
        free(meter[t].account);
    }
    free(meter);
}

void ibx_stats_free(ibx_stats *stats) {
    free(stats->cost);
    *stats = (ibx_stats){0};
}
