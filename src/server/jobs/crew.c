/* crew.c - the workers: orders, deadlines, deaths, replacements. */
#include "server/jobs/crew.h"
#include "server/jobs/child.h"
#include <sys/socket.h>
#include <unistd.h>

/* Milliseconds: until a worker must have said hello; between tries to start one that fails; between
 * looks at one that is busy, at least and at most. */
enum {
    HELLO_MS = 10000,
    FIRST_REST_MS = 100,
    LONGEST_REST_MS = 10000,
    LOOK_MS = 10,
    LONGEST_MS = 60000
};

struct ibx_hand {
    ibx_crew *crew;
    ibx_child *child; /* NULL: rests before the next try */
    int state;        /* IBX_WORKERS_...; STARTING while it rests */
    ibx_hello hello;
    int starts;     /* processes so far */
    int generation; /* of the crew's environment */
    int served;     /* orders that this process was given */
    int failures;   /* in a row: ends that no order explains */
    guint timer;    /* the rest, the hello or the order; 0: none */

    void *task; /* while it is busy, as are the rest */
    bool runs;  /* the order is to be run, not looked at */
    bool hurried;
    int64_t most_bytes;          /* of an output */
    double began, deadline;      /* ms */
    double cpu_before, cpu_most; /* ms; 0: any */
};

struct ibx_crew {
    ibx_crew_plan plan;
    ibx_crew_events events;
    void *user;
    int generation;
    guint processors; /* GLib opens a file to count them */
    GQueue ending;    /* processes that are no longer wanted */
    int hands;
    ibx_hand hand[];
};

static double now_ms(void) {
    return (double)g_get_monotonic_time() * 1e-3;
}

static void count_state(const ibx_hand *hand, int by) {
    const ibx_crew_plan *plan = &hand->crew->plan;
    if (plan->counted) ibx_metric_add(plan->metrics, IBX_M_WORKERS, hand->state, by);
}

static void set_state(ibx_hand *hand, int state) {
    count_state(hand, -1);
    hand->state = state;
    count_state(hand, 1);
}

static void stop_timer(ibx_hand *hand) {
    if (hand->timer) g_source_remove(hand->timer);
    hand->timer = 0;
}

static void start_timer(ibx_hand *hand, double ms, GSourceFunc f) {
    stop_timer(hand);
    hand->timer = g_timeout_add((guint)ceil(CLAMP(ms, 0, LONGEST_MS)), f, hand);
}

/* ---- processes come and go ------------------------------------------------------------------ */

static const ibx_child_events EVENTS;
static gboolean on_no_hello(gpointer data);
static gboolean on_rested(gpointer data);

static void rest(ibx_hand *hand) {
    const int doublings = MIN(hand->failures - 1, 10);
    start_timer(hand, MIN(FIRST_REST_MS << doublings, LONGEST_REST_MS), on_rested);
}

static void start(ibx_hand *hand) {
    ibx_error err;
    hand->starts++;
    hand->served = 0;
    hand->generation = hand->crew->generation;
    hand->child = ibx_child_start(hand->crew->plan.environment, &EVENTS, hand, &err);
    if (hand->child) {
        start_timer(hand, HELLO_MS, on_no_hello);
        return;
    }
    g_warning("%s", err.text);
    hand->failures++;
    rest(hand);
}

static gboolean on_rested(gpointer data) {
    ibx_hand *hand = data;
    hand->timer = 0;
    start(hand);
    return G_SOURCE_REMOVE;
}

/* The process goes, at once or when it sees that the socket is closed, and another one comes. */
static void replace(ibx_hand *hand, bool now) {
    const bool explained = hand->served > 0;
    stop_timer(hand);
    ibx_child_end(hand->child, now, &hand->crew->ending);
    hand->child = NULL;
    set_state(hand, IBX_WORKERS_STARTING);
    hand->failures = explained ? 0 : hand->failures + 1;
    if (explained)
        start(hand);
    else
        rest(hand);
}

static void count_restart(const ibx_hand *hand, int reason) {
    ibx_metric_add(hand->crew->plan.metrics, IBX_M_RESTARTS, reason, 1);
}

/* Forgets the task and tells how it ended. */
static void tell(ibx_hand *hand, void *task, ibx_end *end) {
    ibx_crew *crew = hand->crew;
    end->worked_ms = now_ms() - hand->began;
    crew->events.ended(crew->user, task, end);
}

/* The process is lost, and with it the order that it had. */
static void lose(ibx_hand *hand, int reason) {
    ibx_end end = {.kind = IBX_END_CRASHED};
    if (reason == IBX_RESTART_DEADLINE || reason == IBX_RESTART_CANCEL) end.kind = IBX_END_DEADLINE;
    void *task = hand->task;
    if (task) end.cpu_ms = ibx_child_cpu(hand->child) - hand->cpu_before;
    hand->task = NULL;
    count_restart(hand, reason);
    replace(hand, reason != IBX_RESTART_CRASH); /* one that dies tells how, if it is let */
    if (task) tell(hand, task, &end);
}

static gboolean on_no_hello(gpointer data) {
    ibx_hand *hand = data;
    hand->timer = 0;
    g_warning("a worker did not get ready in %d s", HELLO_MS / 1000);
    lose(hand, IBX_RESTART_DEADLINE);
    return G_SOURCE_REMOVE;
}

/* ---- what a process says --------------------------------------------------------------------- */

static void take_hello(ibx_hand *hand) {
    ibx_error err;
    if (!ibx_wire_take_hello(ibx_child_socket(hand->child), &hand->hello, &err)) {
        lose(hand, err.code == IBX_BUG ? IBX_RESTART_PROTOCOL : IBX_RESTART_CRASH);
        return;
    }
    stop_timer(hand);
    set_state(hand, IBX_WORKERS_IDLE);
    hand->crew->events.ready(hand->crew->user);
}

/* It may be a liar: are there files where it says so, none larger than asked for? */
static bool keeps_order(const ibx_hand *hand, const ibx_delivery *delivery, const int *fds) {
    if (!hand->runs || delivery->error.code != IBX_OK) return true;
    if (delivery->outputs < 1 || fds[0] < 0) return false;
    for (int i = 0; i < delivery->outputs; i++)
        if (hand->most_bytes > 0 && delivery->output[i].bytes > hand->most_bytes) return false;
    return true;
}

/* Why it shall not have another order; IBX_RESTARTS: it may. A scout refuses what does not fit by
 * its plan; a run that lacks memory was to fit, and the next one may lack it too. */
static int why_replace(const ibx_hand *hand, const ibx_delivery *delivery) {
    const ibx_crew_plan *plan = &hand->crew->plan;
    if (hand->runs && delivery->error.code == IBX_MEMORY) return IBX_RESTART_MEMORY;
    if (plan->jobs > 0 && hand->served >= plan->jobs) return IBX_RESTART_JOBS;
    return plan->rss > 0 && delivery->rss > plan->rss ? IBX_RESTART_RSS : IBX_RESTARTS;
}

/* Idle again, or replaced because it has done enough. */
static void settle(ibx_hand *hand, const ibx_delivery *delivery) {
    const int why = why_replace(hand, delivery);
    stop_timer(hand);
    if (why != IBX_RESTARTS) count_restart(hand, why);
    if (why != IBX_RESTARTS || hand->generation != hand->crew->generation)
        replace(hand, false);
    else
        set_state(hand, IBX_WORKERS_IDLE);
}

static void close_all(const int *fds) {
    for (int i = 0; i < IBX_WIRE_OUTPUTS && fds[i] >= 0; i++) close(fds[i]);
}

static bool take_delivery(ibx_hand *hand, ibx_error *err) {
    ibx_delivery delivery;
    int fds[IBX_WIRE_OUTPUTS];
    if (!ibx_wire_take_delivery(ibx_child_socket(hand->child), &delivery, fds, err)) return false;
    if (!keeps_order(hand, &delivery, fds)) {
        close_all(fds);
        return ibx_fail(err, IBX_BUG, "a delivery that was not ordered");
    }
    if (fds[0] < 0 && hand->runs) delivery.outputs = 0; /* of a failure */
    ibx_end end = {.kind = IBX_END_DELIVERED, .delivery = &delivery, .fds = fds};
    end.cpu_ms = ibx_child_cpu(hand->child) - hand->cpu_before;
    void *task = hand->task;
    hand->task = NULL;
    settle(hand, &delivery);
    tell(hand, task, &end);
    close_all(fds);
    return true;
}

/* An idle worker has nothing to say. */
static bool is_closed(const ibx_hand *hand) {
    char byte;
    return recv(ibx_child_socket(hand->child), &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

static void on_heard(void *user) {
    ibx_hand *hand = user;
    ibx_error err = {.code = IBX_OK};
    if (hand->state == IBX_WORKERS_STARTING)
        take_hello(hand);
    else if (hand->state == IBX_WORKERS_IDLE)
        lose(hand, is_closed(hand) ? IBX_RESTART_CRASH : IBX_RESTART_PROTOCOL);
    else if (!take_delivery(hand, &err))
        lose(hand, err.code == IBX_BUG ? IBX_RESTART_PROTOCOL : IBX_RESTART_CRASH);
}

/* It may have delivered just before; what hears of that may have found out that it is gone. */
static void on_gone(void *user) {
    ibx_hand *hand = user;
    ibx_error err;
    const int starts = hand->starts;
    if (hand->state == IBX_WORKERS_BUSY) take_delivery(hand, &err);
    if (hand->child && hand->starts == starts) lose(hand, IBX_RESTART_CRASH);
}

static const ibx_child_events EVENTS = {on_heard, on_gone};

/* ---- orders ---------------------------------------------------------------------------------- */

static gboolean on_look(gpointer data);

/* Looks again when it is late, or as soon as it can have used its processor time. */
static void look_later(ibx_hand *hand, double cpu) {
    double ms = hand->deadline - now_ms();
    if (hand->cpu_most > 0)
        ms = MIN(ms, MAX(LOOK_MS, (hand->cpu_most - cpu) / hand->crew->processors));
    start_timer(hand, ms, on_look);
}

static gboolean on_look(gpointer data) {
    ibx_hand *hand = data;
    hand->timer = 0;
    const double cpu = ibx_child_cpu(hand->child) - hand->cpu_before;
    const bool late = now_ms() >= hand->deadline;
    if (late || (hand->cpu_most > 0 && cpu >= hand->cpu_most))
        lose(hand, hand->hurried ? IBX_RESTART_CANCEL : IBX_RESTART_DEADLINE);
    else
        look_later(hand, cpu);
    return G_SOURCE_REMOVE;
}

bool ibx_hand_give(ibx_hand *hand, const ibx_order *order, int source, double deadline_ms,
                   double cpu_ms, void *task) {
    ibx_error err;
    if (!ibx_wire_send_order(ibx_child_socket(hand->child), order, source, &err)) {
        lose(hand, IBX_RESTART_CRASH);
        return false;
    }
    hand->task = task;
    hand->runs = order->kind == IBX_ORDER_RUN;
    hand->hurried = false;
    hand->most_bytes = order->output_bytes;
    hand->served++;
    hand->began = now_ms();
    hand->deadline = hand->began + deadline_ms;
    hand->cpu_before = ibx_child_cpu(hand->child);
    hand->cpu_most = cpu_ms;
    set_state(hand, IBX_WORKERS_BUSY);
    look_later(hand, 0);
    return true;
}

void ibx_hand_hurry(ibx_hand *hand, double ms) {
    hand->hurried = true;
    hand->deadline = MIN(hand->deadline, now_ms() + ms);
    look_later(hand, ibx_child_cpu(hand->child) - hand->cpu_before);
}

/* ---- the crew -------------------------------------------------------------------------------- */

ibx_crew *ibx_crew_new(const ibx_crew_plan *plan, const ibx_crew_events *events, void *user) {
    ibx_crew *crew = g_malloc0(sizeof *crew + (size_t)plan->hands * sizeof crew->hand[0]);
    crew->plan = *plan;
    crew->plan.environment = g_strdupv(plan->environment);
    crew->events = *events;
    crew->user = user;
    crew->hands = plan->hands;
    crew->processors = g_get_num_processors();
    for (int i = 0; i < crew->hands; i++) {
        crew->hand[i].crew = crew;
        crew->hand[i].state = IBX_WORKERS_STARTING;
        count_state(&crew->hand[i], 1);
        start(&crew->hand[i]);
    }
    return crew;
}

void ibx_crew_free(ibx_crew *crew) {
    if (!crew) return;
    for (int i = 0; i < crew->hands; i++) {
        ibx_hand *hand = &crew->hand[i];
        stop_timer(hand);
        count_state(hand, -1);
        if (hand->child) ibx_child_end(hand->child, true, &crew->ending);
    }
    ibx_children_kill(&crew->ending);
    g_strfreev(crew->plan.environment);
    g_free(crew);
}

void ibx_crew_renew(ibx_crew *crew, char **environment) {
    if (g_strv_equal((const char *const *)environment, (const char *const *)crew->plan.environment))
        return;
    g_strfreev(crew->plan.environment);
    crew->plan.environment = g_strdupv(environment);
    crew->generation++;
    for (int i = 0; i < crew->hands; i++) {
        ibx_hand *hand = &crew->hand[i];
        if (hand->state != IBX_WORKERS_IDLE) continue;
        hand->served = MAX(hand->served, 1); /* no failure */
        replace(hand, false);
    }
}

/* Its last process was replaced because it had done enough, or too much: the next one is there in a
 * moment. */
static bool comes_back(const ibx_hand *hand) {
    return hand->starts > 1 && hand->failures == 0;
}

int ibx_crew_up(const ibx_crew *crew, ibx_hello *hello) {
    int up = 0;
    for (int i = 0; i < crew->hands; i++) {
        const ibx_hand *hand = &crew->hand[i];
        if (hand->state == IBX_WORKERS_STARTING && !comes_back(hand)) continue;
        up++;
        if (hello) *hello = hand->hello;
    }
    return up;
}

ibx_hand *ibx_crew_idle(const ibx_crew *crew) {
    for (int i = 0; i < crew->hands; i++)
        if (crew->hand[i].state == IBX_WORKERS_IDLE) return (ibx_hand *)&crew->hand[i];
    return NULL;
}
