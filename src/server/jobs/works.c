/* works.c - the way of a piece of work: look, admission, lane, worker, done. */
#include "server/jobs/crew.h"
#include "server/jobs/environment.h"
#include "server/jobs/lanes.h"
#include "server/jobs/limits.h"
#include "server/jobs/looks.h"
#include "server/jobs/work.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LOOK_CPU_MS = 250,    /* for a look: honest ones take a few, however busy the machine is */
    LOOK_MS = 2000,       /* the same, for what computes nothing */
    CANCEL_GRACE_MS = 100 /* a new worker costs that much: what ends by then may end */
};

typedef enum { REFUSED, TO_LOOK, LOOKING, WAITING, RUNNING } stage;

struct ibx_work {
    ibx_works *works;
    stage stage;
    bool runs;       /* else it is only looked at */
    ibx_order order; /* its kind: what is asked for next */
    int source;
    ibx_on_work *done; /* NULL: cancelled, and waits for its worker */
    void *user;
    ibx_fate fate;         /* REFUSED: why */
    ibx_refusal refusal;   /* OVERLOADED: why */
    ibx_delivery delivery; /* what the scout saw, or why it is refused */
    ibx_ticket ticket;     /* from WAITING on */
    ibx_hand *hand;        /* RUNNING */
    double came, began;    /* ms */
    guint timer;           /* until it runs: its patience, or the refusal */
    ibx_look look;         /* TO_LOOK, LOOKING */
    GList link;            /* in `all` */
};

struct ibx_works {
    const ibx_settings *settings;
    ibx_metrics *metrics;
    ibx_crew *scouts, *crew;
    ibx_lanes *lanes;
    int64_t base; /* bytes of idle workers */
    ibx_looks looks;
    GQueue all;
    int pending; /* of `all`, without cancelled ones */
};

static double now_ms(void) {
    return (double)g_get_monotonic_time() * 1e-3;
}

static double now_s(void) {
    return (double)g_get_monotonic_time() * 1e-6;
}

/* Gauges follow the lanes. */
static void show(const ibx_works *works) {
    for (int lane = 0; lane < IBX_LANES; lane++) {
        ibx_metric_set(works->metrics, IBX_M_QUEUE_DEPTH, lane,
                       ibx_lanes_waiting(works->lanes, lane));
        ibx_metric_set(works->metrics, IBX_M_JOBS, lane, ibx_lanes_running(works->lanes, lane));
    }
    ibx_metric_set(works->metrics, IBX_M_MEMORY, 0, works->base + ibx_lanes_memory(works->lanes));
    ibx_metric_set(works->metrics, IBX_M_MEMORY, 1, works->settings->limits.memory);
}

/* ---- the end of a piece -----------------------------------------------------------------------
 */

static void stop_timer(ibx_work *work) {
    if (work->timer) g_source_remove(work->timer);
    work->timer = 0;
}

/* Takes it out of whatever it waits in. */
static void drop(ibx_work *work) {
    ibx_works *works = work->works;
    stop_timer(work);
    ibx_looks_leave(&work->look);
    if (work->stage == WAITING || work->stage == RUNNING)
        ibx_lanes_leave(works->lanes, &work->ticket);
    if (work->done) works->pending--;
    close(work->source);
    g_free(work);
    show(works);
}

static void free_work(ibx_work *work) {
    g_queue_unlink(&work->works->all, &work->link);
    drop(work);
}

/* The piece is gone when its owner hears of it, so that he sees the server as it is then. */
static void finish(ibx_work *work, ibx_outcome *outcome) {
    ibx_on_work *done = work->done;
    void *user = work->user;
    const double began = work->stage == RUNNING ? work->began : now_ms();
    outcome->waited_ms = began - work->came;
    ibx_delivery *kept = NULL;
    if (!outcome->delivery) outcome->delivery = kept = g_memdup2(&work->delivery, sizeof *kept);
    free_work(work);
    if (done) done(user, outcome);
    g_free(kept);
}

/* Nothing was made. */
static void finish_as(ibx_work *work, ibx_fate fate, int retry_s) {
    if (work->runs) work->delivery.outputs = 0;
    finish(work, &(ibx_outcome){.fate = fate, .retry_s = retry_s});
}

static void shed(ibx_work *work, int reason, double wait_s) {
    ibx_metric_add(work->works->metrics, IBX_M_SHED, reason, 1);
    ibx_fail(&work->delivery.error, IBX_LIMIT, "the server is busy; try again later");
    finish_as(work, IBX_FATE_OVERLOADED, (int)CLAMP(ceil(wait_s), 1, 60));
}

static void finish_dead(ibx_work *work, const ibx_end *end) {
    const bool late = end->kind == IBX_END_DEADLINE;
    ibx_error *err = &work->delivery.error;
    if (late)
        ibx_fail(err, IBX_LIMIT, "the work took longer than is allowed and was stopped");
    else
        ibx_fail(err, IBX_BUG, "the process that worked on the image has ended");
    if (work->runs) work->delivery.outputs = 0;
    finish(work, &(ibx_outcome){.fate = late ? IBX_FATE_DEADLINE : IBX_FATE_CRASHED,
                                .worked_ms = end->worked_ms});
}

/* ---- the worker -------------------------------------------------------------------------------
 */

static void note_start(const ibx_work *work) {
    ibx_metrics *metrics = work->works->metrics;
    struct stat st;
    ibx_metric_observe(metrics,
                       work->ticket.lane == IBX_LANE_HEAVY ? IBX_H_WAIT_HEAVY : IBX_H_WAIT_LIGHT,
                       (work->began - work->came) * 1e-3);
    if (fstat(work->source, &st) == 0) ibx_metric_add(metrics, IBX_M_BYTES_IN, 0, st.st_size);
}

/* Where the worker turns out to be gone, it waits again, in front. */
static void run(ibx_work *work, ibx_hand *hand) {
    ibx_works *works = work->works;
    const ibx_settings *settings = works->settings;
    if (!ibx_hand_give(hand, &work->order, work->source, (double)settings->limits.deadline,
                       (double)settings->limits.cpu, work)) {
        ibx_lanes_put_back(works->lanes, &work->ticket);
        return;
    }
    stop_timer(work);
    work->hand = hand;
    work->stage = RUNNING;
    work->began = now_ms();
    note_start(work);
}

static void run_next(ibx_works *works) {
    ibx_hand *hand;
    ibx_ticket *ticket;
    while ((hand = ibx_crew_idle(works->crew)) && (ticket = ibx_lanes_next(works->lanes, now_s())))
        run((ibx_work *)((char *)ticket - offsetof(ibx_work, ticket)), hand);
    show(works);
}

/* A failure says nothing about how long its kind takes; one that was killed takes longer. */
static void learn(const ibx_work *work, const ibx_end *end) {
    const double seconds = end->worked_ms * 1e-3;
    const bool done = end->kind == IBX_END_DELIVERED && end->delivery->error.code == IBX_OK,
               killed = end->kind == IBX_END_DEADLINE && seconds > work->ticket.seconds;
    const ibx_duration taken = {seconds, end->cpu_ms * 1e-3};
    if (done || killed) ibx_lanes_learn(work->works->lanes, &work->ticket, taken);
}

/* What was made, of what, and where the time went. */
static void note_delivery(ibx_metrics *metrics, const ibx_delivery *made) {
    const double spent[] = {made->times.read, made->times.decode, made->times.filter,
                            made->times.encode};
    if (made->error.code != IBX_OK) return;
    for (size_t i = 0; i < G_N_ELEMENTS(spent); i++)
        ibx_metric_observe(metrics, (ibx_histogram_id)(IBX_H_STAGE_READ + i), spent[i] * 1e-3);
    ibx_metric_format(metrics, IBX_FORMAT_IN, made->about.format);
    for (int i = 0; i < made->outputs; i++)
        ibx_metric_format(metrics, IBX_FORMAT_OUT, made->output[i].format);
}

/* Microseconds of processor time that something took as a worker says, out of those that there
 * were; what is left of these. */
static int64_t believe(double said_ms, int64_t *left) {
    const int64_t us = llround(MIN(said_ms * 1e3, (double)*left));
    *left -= us;
    return us;
}

/* What a worker says of its stages is believed as far as the system says that it has computed, and
 * what it says of filters as far as it was their stage. */
static void note_cpu(ibx_metrics *metrics, const ibx_end *end) {
    static const ibx_delivery none = {.outputs = 0};
    const bool done = end->kind == IBX_END_DELIVERED && end->delivery->error.code == IBX_OK;
    const ibx_delivery *d = done ? end->delivery : &none;
    const double said[] = {d->times.decode, d->times.filter, d->times.encode};
    int64_t left = llround(MAX(end->cpu_ms, 0) * 1e3);
    for (int op = IBX_CPU_DECODE; op < IBX_CPU_OTHER; op++) {
        int64_t us = believe(said[op], &left);
        ibx_metric_add(metrics, IBX_M_CPU, op, us);
        for (int i = 0; op == IBX_CPU_FILTER && i < IBX_WIRE_FILTERS; i++)
            ibx_metric_filter(metrics, i, believe(d->filter[i], &us));
    }
    ibx_metric_add(metrics, IBX_M_CPU, IBX_CPU_OTHER, left);
}

static void on_worked(void *user, void *task, const ibx_end *end) {
    ibx_works *works = user;
    ibx_work *work = task;
    ibx_metric_observe(works->metrics, IBX_H_JOB, end->worked_ms * 1e-3);
    note_cpu(works->metrics, end);
    learn(work, end);
    if (end->kind == IBX_END_DELIVERED) note_delivery(works->metrics, end->delivery);
    if (end->kind == IBX_END_DELIVERED)
        finish(work, &(ibx_outcome){.fate = IBX_FATE_DONE,
                                    .delivery = end->delivery,
                                    .fds = end->fds,
                                    .worked_ms = end->worked_ms});
    else
        finish_dead(work, end);
    run_next(works);
}

static void on_worker_ready(void *user) {
    run_next(user);
}

/* ---- the scouts -------------------------------------------------------------------------------
 */

static void look_next(ibx_works *works) {
    ibx_hand *hand;
    ibx_look *look;
    while ((look = ibx_looks_next(&works->looks)) && (hand = ibx_crew_idle(works->scouts))) {
        ibx_work *work = (ibx_work *)((char *)look - offsetof(ibx_work, look));
        if (!ibx_hand_give(hand, &work->order, work->source, LOOK_MS, LOOK_CPU_MS, work)) continue;
        ibx_looks_begin(&works->looks, look);
        work->stage = LOOKING;
    }
}

/* It was looked at: into its lane, or out. */
static void admit(ibx_work *work) {
    ibx_works *works = work->works;
    ibx_refusal refusal;
    if (!ibx_work_fits(&work->delivery, works->settings, &work->delivery.error)) {
        finish_as(work, IBX_FATE_TOO_BIG, 0);
        return;
    }
    work->ticket.key = ibx_pace_key_of(&work->delivery, work->order.recipe);
    const double megapixels = work->delivery.megapixels; /* not trusted: may be no number at all */
    work->ticket.megapixels = megapixels >= 0 && megapixels < 1e6 ? megapixels : 1e6;
    work->ticket.memory = MAX(work->delivery.memory, 0);
    ibx_metric_observe(works->metrics, IBX_H_ESTIMATE, (double)work->ticket.memory);
    if (!ibx_lanes_admit(works->lanes, &work->ticket, now_s(), &refusal)) {
        shed(work, refusal.reason, refusal.wait);
        return;
    }
    work->order.kind = IBX_ORDER_RUN;
    work->stage = WAITING;
    run_next(works);
}

static gboolean on_refusal(gpointer data);

/* Out in the next turn of the loop. */
static void refuse(ibx_work *work, ibx_fate fate) {
    work->stage = REFUSED;
    work->fate = fate;
    work->timer = g_timeout_add(0, on_refusal, work);
}

static bool is_condemned(const ibx_work *work) {
    return ibx_looks_condemned(&work->works->looks, work->order.source, work->order.recipe,
                               now_s());
}

/* Its like is not looked at for a while; those that wait for that need not. */
static void condemn(const ibx_work *work) {
    ibx_works *works = work->works;
    ibx_looks_condemn(&works->looks, work->order.source, work->order.recipe, now_s());
    for (GList *l = works->all.head; l; l = l->next) {
        ibx_work *other = l->data;
        if (other->stage != TO_LOOK || !is_condemned(other)) continue;
        ibx_looks_leave(&other->look);
        stop_timer(other);
        refuse(other, IBX_FATE_DEADLINE);
    }
}

/* A piece that was to be run goes on, unless the image says no. A source is not blamed for time in
 * which no processor was used: others may have had them. */
static void on_looked(void *user, void *task, const ibx_end *end) {
    ibx_works *works = user;
    ibx_work *work = task;
    ibx_looks_leave(&work->look);
    if (end->kind == IBX_END_DEADLINE && end->cpu_ms >= LOOK_CPU_MS) condemn(work);
    if (end->kind == IBX_END_DELIVERED) work->delivery = *end->delivery;
    if (end->kind != IBX_END_DELIVERED)
        finish_dead(work, end);
    else if (!work->done || !work->runs)
        finish(work, &(ibx_outcome){.fate = IBX_FATE_DONE, .worked_ms = end->worked_ms});
    else if (work->delivery.error.code != IBX_OK)
        finish_as(work, IBX_FATE_DONE, 0);
    else
        admit(work);
    look_next(works);
}

static void on_scout_ready(void *user) {
    look_next(user);
}

/* ---- handing in and out -----------------------------------------------------------------------
 */

/* A scout is not killed for one who does not wait for it: it has a deadline of its own. */
static void give_up_look(ibx_work *work) {
    ibx_on_work *done = work->done;
    work->done = NULL;
    work->works->pending--;
    ibx_fail(&work->delivery.error, IBX_LIMIT, "the image was not looked at in time");
    done(work->user, &(ibx_outcome){.fate = IBX_FATE_OVERLOADED,
                                    .delivery = &work->delivery,
                                    .retry_s = 1,
                                    .waited_ms = now_ms() - work->came});
}

/* No worker in all the time that it would wait. */
static gboolean on_impatience(gpointer data) {
    ibx_work *work = data;
    work->timer = 0;
    if (work->stage == LOOKING)
        give_up_look(work);
    else
        shed(work, IBX_SHED_WAIT, 1);
    return G_SOURCE_REMOVE;
}

static gboolean on_refusal(gpointer data) {
    ibx_work *work = data;
    work->timer = 0;
    if (work->fate == IBX_FATE_OVERLOADED) {
        shed(work, work->refusal.reason, work->refusal.wait);
    } else {
        ibx_fail(&work->delivery.error, IBX_LIMIT,
                 "it took too much time a moment ago to look at the image for this recipe; that is "
                 "not tried again for a minute");
        finish_as(work, work->fate, IBX_LOOKS_CONDEMNED_S);
    }
    return G_SOURCE_REMOVE;
}

static void take_in(ibx_work *work) {
    ibx_works *works = work->works;
    const double patience = 2 * (double)works->settings->limits.queue_ms + LOOK_MS;
    work->timer = g_timeout_add((guint)patience, on_impatience, work);
    work->stage = TO_LOOK;
    struct stat st;
    work->look.source = work->order.source;
    work->look.bytes = fstat(work->source, &st) == 0 ? st.st_size : 0;
    ibx_looks_join(&works->looks, &work->look);
    look_next(works);
}

/* Where the scouts have too much to do, or its work would be in vain, the piece is refused unseen.
 */
static bool is_open(const ibx_works *works, const ibx_work *work, ibx_refusal *refusal) {
    const int coming = (int)works->looks.waiting.length;
    *refusal = (ibx_refusal){IBX_SHED_QUEUE, 1};
    if (!ibx_looks_open(&works->looks, work->order.source)) return false;
    return !work->runs || ibx_lanes_are_open(works->lanes, coming, now_s(), refusal);
}

ibx_work *ibx_works_submit(ibx_works *works, const ibx_order *order, int source, ibx_on_work *done,
                           void *user) {
    const int own = fcntl(source, F_DUPFD_CLOEXEC, 0);
    ibx_work *work = own < 0 ? NULL : g_try_new0(ibx_work, 1);
    if (!work) {
        if (own >= 0) close(own);
        return NULL;
    }
    *work = (ibx_work){.works = works, .order = *order, .source = own, .done = done, .user = user};
    work->runs = order->kind == IBX_ORDER_RUN;
    work->came = now_ms();
    work->order.kind = IBX_ORDER_LOOK;
    ibx_order_limits(&work->order, works->settings);
    work->link.data = work;
    g_queue_push_tail_link(&works->all, &work->link);
    works->pending++;
    if (is_condemned(work))
        refuse(work, IBX_FATE_DEADLINE);
    else if (!is_open(works, work, &work->refusal))
        refuse(work, IBX_FATE_OVERLOADED);
    else
        take_in(work);
    return work;
}

void ibx_work_cancel(ibx_work *work) {
    ibx_works *works = work->works;
    if (work->stage != LOOKING && work->stage != RUNNING) {
        free_work(work);
        return;
    }
    stop_timer(work);
    work->done = NULL;
    works->pending--;
    if (work->stage == RUNNING) ibx_hand_hurry(work->hand, CANCEL_GRACE_MS);
}

/* ---- the whole --------------------------------------------------------------------------------
 */

static ibx_crew *start_crew(ibx_works *works, char **environment, bool scout) {
    const ibx_settings *s = works->settings;
    const ibx_crew_plan plan = {.environment = environment,
                                .hands = scout ? IBX_SCOUTS : ibx_worker_count(s),
                                .jobs = s->worker.jobs,
                                .rss = s->worker.rss,
                                .metrics = works->metrics,
                                .counted = !scout};
    const ibx_crew_events looks = {on_looked, on_scout_ready}, runs = {on_worked, on_worker_ready};
    return ibx_crew_new(&plan, scout ? &looks : &runs, works);
}

ibx_works *ibx_works_new(const ibx_settings *settings, ibx_metrics *metrics, ibx_error *err) {
    ibx_works *works = g_try_new0(ibx_works, 1);
    if (!works) {
        ibx_fail(err, IBX_MEMORY, "no memory for workers");
        return NULL;
    }
    works->settings = settings;
    works->metrics = metrics;
    works->base = ibx_workers_base(settings);
    const ibx_lane_limits limits = ibx_lane_limits_of(settings);
    works->lanes = ibx_lanes_new(&limits);
    char **environment = ibx_worker_environment(settings);
    works->scouts = start_crew(works, environment, true);
    works->crew = start_crew(works, environment, false);
    g_strfreev(environment);
    show(works);
    return works;
}

void ibx_works_free(ibx_works *works) {
    if (!works) return;
    ibx_crew_free(works->scouts);
    ibx_crew_free(works->crew);
    GList *link;
    while ((link = g_queue_pop_head_link(&works->all))) drop(link->data);
    ibx_looks_clear(&works->looks);
    ibx_lanes_free(works->lanes);
    g_free(works);
}

int ibx_works_ready(const ibx_works *works, ibx_hello *sandbox) {
    return ibx_crew_up(works->scouts, NULL) > 0 ? ibx_crew_up(works->crew, sandbox) : 0;
}

int ibx_works_pending(const ibx_works *works) {
    return works->pending;
}

double ibx_works_wait(const ibx_works *works, int lane) {
    return ibx_lanes_wait(works->lanes, lane, now_s());
}

void ibx_works_reloaded(ibx_works *works) {
    const ibx_lane_limits limits = ibx_lane_limits_of(works->settings);
    char **environment = ibx_worker_environment(works->settings);
    ibx_lanes_limit(works->lanes, &limits);
    ibx_crew_renew(works->scouts, environment);
    ibx_crew_renew(works->crew, environment);
    g_strfreev(environment);
    show(works);
}
