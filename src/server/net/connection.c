/* connection.c - bytes between socket and guard, and the clock that watches them. */
#include "server/net/connection.h"
#include "server/net/farewell.h"
#include <linux/sockios.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>

enum {
    MS = 1000,           /* in microseconds */
    PAUSE = 1000 * 1000, /* before a body is looked at again that nobody waited for */
    LOOK = 250 * 1000,   /* between looks whether a client still waits */
    SHARE = 64 << 10,    /* bytes that a connection brings before others have their turn */
    LINGER_S = 30,       /* at most, for a client that still sends, */
    SLOW_LINGER_S = 2,   /* and for one that was too slow */
    SAMPLES = 4          /* of a stalled reply's progress before its time is over */
};

/* ---- the clock ----------------------------------------------------------------------------- */

typedef struct {
    GSource source;
    ibx_connection *connection;
} timer_source;

/* The timer is only moved when it would come too late: one that comes too early looks again. So a
 * request does not cost a system call. */
static void arm(ibx_connection *c, int64_t due) {
    if (due >= c->armed) return;
    c->armed = due;
    g_source_set_ready_time(c->timer, due);
}

/* When it is time to see whether the client still waits for its reply. */
static int64_t next_look(const ibx_connection *c) {
    if (!c->gone || c->guard.phase != IBX_GUARD_REPLY) return INT64_MAX;
    return LOOK + (c->looked > c->guard.since ? c->looked : c->guard.since);
}

static int64_t write_time(const ibx_connection *c) {
    return c->guard.settings->limits.write_ms * MS;
}

/* When it is time to see whether the client takes any of its reply. */
static int64_t next_sample(const ibx_connection *c) {
    return c->stalled ? c->sampled + write_time(c) / SAMPLES : INT64_MAX;
}

static int64_t deadline(const ibx_connection *c) {
    const int64_t turn = ibx_guard_deadline(&c->guard), look = next_look(c);
    const int64_t due = turn < look ? turn : look, sample = next_sample(c);
    return due < sample ? due : sample;
}

static void wake(GSource *source) {
    if (source && !g_source_is_destroyed(source)) g_source_set_ready_time(source, 0);
}

/* From now on libsoup gets errors, and is called to get them. */
static void end(ibx_connection *c) {
    c->ended = true;
    g_source_set_ready_time(c->timer, -1);
    wake(c->reader);
    wake(c->writer);
}

/* Leaves behind the last word. */
static void part(ibx_connection *c, int seconds) {
    c->left = true;
    ibx_farewell_close(c->base, seconds, c->events.closed, c->events.user);
    end(c);
}

/* Says why, and leaves. */
static void refuse(ibx_connection *c, int status, const char *why, int reason) {
    if (c->metrics) ibx_metric_add(c->metrics, IBX_M_REFUSED, reason, 1);
    if (c->events.refused) c->events.refused(c->events.user, status, why);
    ibx_farewell_say(c->base, status, why, 0);
    part(c, status == 408 ? SLOW_LINGER_S : LINGER_S);
}

void ibx_connection_answer(ibx_connection *connection, const void *data, size_t size) {
    ibx_connection *c = connection;
    if (c->left || c->ended) return;
    g_pollable_output_stream_write_nonblocking(c->out, data, size, NULL, NULL);
    part(c, LINGER_S);
}

/* Leaves without a word: a reply is under way, or there was no request. */
static void break_off(ibx_connection *c) {
    g_socket_shutdown(c->socket, TRUE, TRUE, NULL);
    c->broken = true;
    end(c);
}

static void count_slow(ibx_connection *c) {
    if (c->metrics) ibx_metric_add(c->metrics, IBX_M_REFUSED, IBX_REFUSED_SLOW, 1);
}

/* Is libsoup waiting for the client, or the client for libsoup? */
static bool is_awaited(const ibx_connection *c) {
    return c->reader && !g_source_is_destroyed(c->reader);
}

/* A client that ended only its side is not told from one that left; no browser does that. */
static void look_after(ibx_connection *c, int64_t now) {
    struct pollfd p = {.fd = g_socket_get_fd(c->socket), .events = POLLRDHUP};
    c->looked = now;
    if (poll(&p, 1, 0) < 1 || !(p.revents & (POLLRDHUP | POLLHUP | POLLERR))) return;
    void (*gone)(void *) = c->gone;
    c->gone = NULL;
    c->broken = true;
    end(c);
    gone(c->gone_user);
}

/* Bytes that were written but that the client's side has not acknowledged. */
static int unacknowledged(const ibx_connection *c) {
    int bytes = 0;
    return ioctl(g_socket_get_fd(c->socket), SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

/* A socket has room again only when a good part of its buffer is empty, which a slow reader of a
 * long reply may take minutes for: what counts is whether bytes arrive. Nothing is written
 * meanwhile, so that every change is an acknowledgement. */
static void sample(ibx_connection *c, int64_t now) {
    int64_t since = c->stalled;
    const int bytes = unacknowledged(c);
    c->sampled = now;
    if (since && bytes < c->queued) {
        c->queued = bytes;
        atomic_compare_exchange_strong(&c->stalled, &since, now); /* unless it just found room */
    } else if (since && now >= since + write_time(c)) {
        count_slow(c);
        break_off(c);
    }
}

static void expire(ibx_connection *c, int64_t now) {
    if (now >= next_look(c)) {
        look_after(c, now);
    } else if (now >= next_sample(c)) {
        sample(c, now);
    } else if (!is_awaited(c)) {
        c->guard.since += PAUSE;
    } else if (c->guard.phase == IBX_GUARD_HEAD) {
        refuse(c, 408, "The head of the request took too long.", IBX_REFUSED_SLOW);
    } else if (c->guard.phase == IBX_GUARD_BODY) {
        refuse(c, 408, "The body of the request came too slowly.", IBX_REFUSED_SLOW);
    } else {
        break_off(c);
    }
}

static gboolean tick(GSource *source, GSourceFunc callback, void *user) {
    (void)callback, (void)user;
    ibx_connection *c = ((timer_source *)source)->connection;
    const int64_t now = g_get_monotonic_time();
    g_source_set_ready_time(source, -1);
    c->armed = INT64_MAX;
    if (c->ended) return G_SOURCE_CONTINUE;
    if (now >= deadline(c)) expire(c, now);
    if (!c->ended) arm(c, deadline(c));
    return G_SOURCE_CONTINUE;
}

static GSource *new_timer(ibx_connection *c) {
    static GSourceFuncs functions = {.dispatch = tick};
    GSource *source = g_source_new(&functions, sizeof(timer_source));
    ((timer_source *)source)->connection = c;
    GMainContext *context = g_main_context_ref_thread_default();
    g_source_attach(source, context);
    g_main_context_unref(context);
    return source;
}

/* ---- life ---------------------------------------------------------------------------------- */

ibx_connection *ibx_connection_new(GIOStream *base, const ibx_settings *settings,
                                   ibx_metrics *metrics, const ibx_stream_events *events) {
    ibx_connection *c = g_atomic_rc_box_new0(ibx_connection);
    c->base = g_object_ref(base);
    c->socket = g_socket_connection_get_socket(G_SOCKET_CONNECTION(base));
    c->in = G_POLLABLE_INPUT_STREAM(g_io_stream_get_input_stream(base));
    c->out = G_POLLABLE_OUTPUT_STREAM(g_io_stream_get_output_stream(base));
    c->metrics = metrics;
    if (events) c->events = *events;
    c->armed = INT64_MAX;
    c->timer = new_timer(c);
    ibx_guard_init(&c->guard, settings, g_get_monotonic_time());
    arm(c, deadline(c));
    return c;
}

ibx_connection *ibx_connection_ref(ibx_connection *connection) {
    return g_atomic_rc_box_acquire(connection);
}

static void clear(void *data) {
    ibx_connection *c = data;
    ibx_connection_close(c);
    g_source_destroy(c->timer);
    g_source_unref(c->timer);
    ibx_guard_clear(&c->guard);
    g_object_unref(c->base);
}

void ibx_connection_unref(ibx_connection *connection) {
    g_atomic_rc_box_release_full(connection, clear);
}

void ibx_connection_close(ibx_connection *connection) {
    ibx_connection *c = connection;
    if (c->left) return;
    c->left = true;
    const bool broken = c->broken || c->silent;
    end(c);
    const bool comes =
        c->guard.owes || c->guard.size > c->guard.at || g_pollable_input_stream_is_readable(c->in);
    if (!broken && comes) {
        ibx_farewell_close(c->base, LINGER_S, c->events.closed, c->events.user);
    } else {
        g_io_stream_close(c->base, NULL, NULL);
        if (c->events.closed) c->events.closed(c->events.user);
    }
}

/* ---- reading ------------------------------------------------------------------------------- */

static gssize has_ended(GError **error) {
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, "connection ended");
    return -1;
}

/* libsoup 3.2 forgets a connection that ends between two requests, and never closes it. One that
 * ends in a request it closes: so a line of one goes first. */
static gssize tell_end(ibx_connection *c, void *to, size_t count, GError **error) {
    static const char LINE[] = "-\r\n";
    const size_t n = sizeof LINE - 1;
    if (c->guard.begun || c->told || count < n) return has_ended(error);
    c->told = true;
    memcpy(to, LINE, n);
    return (gssize)n;
}

/* Bytes from the socket to the guard, or their end; an error between two requests is that too.
 * False with an error, as when there are none yet. */
static bool fill(ibx_connection *c, bool blocking, GCancellable *cancellable, GError **error) {
    size_t room;
    GError *why = NULL;
    uint8_t *to = ibx_guard_room(&c->guard, &room);
    const gssize n =
        to ? g_pollable_stream_read(G_INPUT_STREAM(c->in), to, room, blocking, cancellable, &why)
           : 0;
    if (n < 0 && (c->guard.begun || g_error_matches(why, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))) {
        g_propagate_error(error, why);
        return false;
    }
    g_clear_error(&why);
    c->silent = n <= 0;
    if (n > 0) ibx_guard_put(&c->guard, (size_t)n);
    if (n == 0) ibx_guard_end(&c->guard);
    return true;
}

/* Asking for the next request ends what belongs to the last one. */
static void ask(ibx_connection *c, int64_t now) {
    const bool replied = c->guard.phase == IBX_GUARD_REPLY;
    ibx_guard_ask(&c->guard, now);
    if (replied && c->guard.phase != IBX_GUARD_REPLY) c->gone = NULL;
}

/* libsoup reads a body for as long as there are bytes. A client that sends as fast as that would
 * have the loop to itself until its body has come; so there are none for the rest of a turn. */
static bool had_its_share(ibx_connection *c, GError **error) {
    if (c->taken < SHARE) return false;
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "others have their turn");
    return true;
}

/* Bytes of the guard's have gone on. */
static void count_taken(ibx_connection *c, size_t n) {
    void (*begun)(void *) = c->events.begun;
    c->events.begun = NULL;
    if (begun) begun(c->events.user);
    c->taken += n;
    arm(c, deadline(c));
}

gssize ibx_connection_read(ibx_connection *connection, void *to, size_t count, bool blocking,
                           GCancellable *cancellable, GError **error) {
    ibx_connection *c = connection;
    if (!blocking && had_its_share(c, error)) return -1;
    while (!c->ended) {
        const int64_t now = g_get_monotonic_time();
        ask(c, now);
        const size_t n = ibx_guard_take(&c->guard, to, count, now);
        if (n) {
            count_taken(c, n);
            return (gssize)n;
        }
        if (c->guard.phase == IBX_GUARD_REFUSED) {
            refuse(c, c->guard.status, c->guard.why, IBX_REFUSED_GRAMMAR);
        } else if (c->guard.phase == IBX_GUARD_OVER || c->silent) {
            end(c);
        } else if (!fill(c, blocking, cancellable, error)) {
            arm(c, deadline(c));
            return -1;
        }
    }
    return tell_end(c, to, count, error);
}

bool ibx_connection_readable(ibx_connection *connection) {
    return connection->ended || ibx_guard_ready(&connection->guard) ||
           g_pollable_input_stream_is_readable(connection->in);
}

/* A source of our own: those of GIO are three deep for a socket, and each level costs system calls
 * whenever it is dispatched. */
typedef struct {
    GSource source;
    GObject *stream;
    GSource **place; /* in the connection, which the stream keeps: where this one is known */
} wait_source;

static gboolean call(GSource *source, GSourceFunc callback, void *user) {
    GPollableSourceFunc function = (GPollableSourceFunc)(void (*)(void))callback;
    return function(((wait_source *)source)->stream, user);
}

/* The same for a closure, as g_source_set_dummy_callback makes it. */
static gboolean call_closure(GObject *stream, void *closure) {
    GValue result = G_VALUE_INIT, parameter = G_VALUE_INIT;
    g_value_init(&result, G_TYPE_BOOLEAN);
    g_value_init(&parameter, G_TYPE_OBJECT);
    g_value_set_object(&parameter, stream);
    g_closure_invoke(closure, &result, 1, &parameter, NULL);
    const gboolean goes_on = g_value_get_boolean(&result);
    g_value_unset(&parameter);
    return goes_on;
}

/* The connection has no reference to its source: that has one to the stream, and through it to the
 * connection, and neither would ever end. */
static void drop_stream(GSource *source) {
    const wait_source *wait = (wait_source *)source;
    if (*wait->place == source) *wait->place = NULL;
    g_object_unref(wait->stream);
}

static GSource *new_wait(const ibx_connection *c, GSource **place, GObject *stream,
                         GIOCondition condition, bool ready, GCancellable *cancellable) {
    static GSourceFuncs functions = {.dispatch = call,
                                     .finalize = drop_stream,
                                     .closure_callback = (GSourceFunc)(void (*)(void))call_closure};
    GSource *source = g_source_new(&functions, sizeof(wait_source));
    wait_source *wait = (wait_source *)source;
    wait->stream = g_object_ref(stream);
    wait->place = place;
    *place = source;
    if (ready)
        g_source_set_ready_time(source, 0);
    else
        g_source_add_unix_fd(source, g_socket_get_fd(c->socket), condition);
    if (cancellable) {
        GSource *child = g_cancellable_source_new(cancellable);
        g_source_set_dummy_callback(child);
        g_source_add_child_source(source, child);
        g_source_unref(child);
    }
    return source;
}

GSource *ibx_connection_wait_read(ibx_connection *connection, GObject *stream,
                                  GCancellable *cancellable) {
    ibx_connection *c = connection;
    c->taken = 0;
    ask(c, g_get_monotonic_time());
    const bool ready = c->ended || ibx_guard_ready(&c->guard);
    GSource *source = new_wait(c, &c->reader, stream, G_IO_IN, ready, cancellable);
    if (!c->ended) arm(c, deadline(c));
    return source;
}

/* ---- writing ------------------------------------------------------------------------------- */

/* A thread that waits for room is not seen by libsoup; the clock must be. */
static void begin_stall(ibx_connection *c) {
    if (!c->stalled) {
        c->queued = unacknowledged(c);
        c->sampled = g_get_monotonic_time();
        c->stalled = (int64_t)c->sampled;
    }
    arm(c, next_sample(c));
}

gssize ibx_connection_write(ibx_connection *connection, const void *data, size_t count,
                            bool blocking, GCancellable *cancellable, GError **error) {
    ibx_connection *c = connection;
    if (c->ended) return has_ended(error);
    if (c->guard.phase == IBX_GUARD_EXPECT)
        ibx_guard_reply(&c->guard, data, count, g_get_monotonic_time());
    if (blocking) begin_stall(c);
    const gssize n =
        g_pollable_stream_write(G_OUTPUT_STREAM(c->out), data, count, blocking, cancellable, error);
    if (n >= 0)
        c->stalled = 0;
    else if (!blocking)
        begin_stall(c); /* or the connection is broken, and libsoup ends it now */
    return n;
}

GSource *ibx_connection_wait_write(ibx_connection *connection, GObject *stream,
                                   GCancellable *cancellable) {
    ibx_connection *c = connection;
    return new_wait(c, &c->writer, stream, G_IO_OUT, c->ended, cancellable);
}
