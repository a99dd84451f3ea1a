/* guard.c - the phases of a request. */
#include "server/net/guard.h"
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_ROOM = 16384,
    GRACE_MS = 5000, /* before a body must have its rate */
    MS = 1000        /* in microseconds */
};

void ibx_guard_init(ibx_guard *guard, const ibx_settings *settings, int64_t now) {
    *guard = (ibx_guard){.settings = settings, .since = now};
}

static void drop_bytes(ibx_guard *g) {
    free(g->data);
    g->data = NULL;
}

void ibx_guard_clear(ibx_guard *guard) {
    drop_bytes(guard);
    free(guard->target);
    guard->target = NULL;
}

static void enter(ibx_guard *g, ibx_guard_phase phase, int64_t now) {
    g->phase = phase;
    g->since = now;
}

static void refuse(ibx_guard *g, int status, const char *why) {
    g->phase = IBX_GUARD_REFUSED;
    g->status = status;
    g->why = why;
}

/* ---- bytes --------------------------------------------------------------------------------- */

/* Where at least that many bytes can be put; NULL without memory. */
static uint8_t *make_room(ibx_guard *g, size_t least) {
    if (g->at > 0) {
        memmove(g->data, g->data + g->at, g->size - g->at);
        g->size -= g->at;
        g->at = 0;
    }
    if (g->room - g->size < least) {
        const size_t more = g->room ? 2 * g->room : FIRST_ROOM;
        uint8_t *data = realloc(g->data, more);
        if (!data) return NULL;
        g->data = data;
        g->room = more;
    }
    return g->data + g->size;
}

uint8_t *ibx_guard_room(ibx_guard *guard, size_t *room) {
    uint8_t *to = make_room(guard, 1);
    *room = guard->room - guard->size;
    return to;
}

void ibx_guard_put(ibx_guard *guard, size_t size) {
    guard->size += size;
}

/* Hands on bytes; memory is kept only as long as there is something in it. */
static size_t pass_on(ibx_guard *g, void *to, size_t count) {
    const size_t n = count < g->pass ? count : g->pass;
    if (n) memcpy(to, g->data + g->at, n);
    g->at += n;
    g->pass -= n;
    if (g->at == g->size) {
        drop_bytes(g);
        g->at = g->size = g->room = 0;
    }
    return n;
}

/* ---- phases -------------------------------------------------------------------------------- */

/* The server must know that a request is the connection's last, to close it behind the reply. */
static bool add_close(ibx_guard *g, size_t *head) {
    static const char FIELD[] = "Connection: close\r\n";
    const size_t n = sizeof FIELD - 1;
    if (!make_room(g, n)) return false;
    uint8_t *end = g->data + g->at + *head - 2;
    memmove(end + n, end, g->size - g->at - *head + 2);
    memcpy(end, FIELD, n);
    g->size += n;
    *head += n;
    return true;
}

/* libsoup decodes the path that it hands on, after which an encoded slash is like any other; who
 * takes addresses apart needs them as they came. The request line is known to be well-formed. */
static bool keep_target(ibx_guard *g) {
    const char *line = (const char *)g->data + g->at;
    const char *target = memchr(line, ' ', g->size - g->at);
    free(g->target);
    g->target = target ? strndup(target + 1, strcspn(target + 1, " ")) : NULL;
    return g->target != NULL;
}

static void begin_request(ibx_guard *g, const ibx_http_head *head, int64_t now) {
    g->begun = true;
    g->pass = head->bytes;
    g->seen = 0;
    g->framing = head->framing;
    g->left = head->length;
    g->got = 0;
    g->chunks = (ibx_chunk_reader){0};
    g->last = ++g->requests >= g->settings->limits.requests;
    const bool body = head->framing == IBX_BODY_CHUNKED || head->length > 0;
    g->owes = body;
    enter(g, !body ? IBX_GUARD_REPLY : head->expects ? IBX_GUARD_EXPECT : IBX_GUARD_BODY, now);
    if (!keep_target(g) || (g->last && !add_close(g, &g->pass))) refuse(g, 503, "No memory.");
}

static void read_head(ibx_guard *g, int64_t now) {
    const size_t size = g->size - g->at;
    if (g->phase == IBX_GUARD_IDLE && size) enter(g, IBX_GUARD_HEAD, now);
    if (size == g->seen) return;
    ibx_http_head head;
    const size_t limit = (size_t)g->settings->limits.header_bytes;
    switch (ibx_http_read_head(g->data + g->at, size, limit, &head)) {
    case IBX_HTTP_OK:
        begin_request(g, &head, now);
        return;
    case IBX_HTTP_REFUSED:
        refuse(g, head.status, head.why);
        return;
    case IBX_HTTP_MORE:
        g->seen = size;
    }
}

static void read_body(ibx_guard *g, int64_t now) {
    const size_t size = g->size - g->at;
    bool ended;
    if (g->framing == IBX_BODY_LENGTH) {
        g->pass = (int64_t)size < g->left ? size : (size_t)g->left;
        g->left -= (int64_t)g->pass;
        ended = g->left == 0;
    } else {
        const ibx_http_verdict v =
            ibx_http_read_chunks(&g->chunks, g->data + g->at, size, &g->pass);
        if (v == IBX_HTTP_REFUSED) {
            g->pass = 0;
            refuse(g, 400, "The body is not in well-formed chunks without trailers.");
            return;
        }
        ended = v == IBX_HTTP_OK;
    }
    g->got += (int64_t)g->pass;
    g->owes = !ended;
    if (ended) enter(g, IBX_GUARD_REPLY, now);
}

void ibx_guard_ask(ibx_guard *guard, int64_t now) {
    if (guard->pass) return;
    if (guard->phase == IBX_GUARD_EXPECT) enter(guard, IBX_GUARD_BODY, now);
    if (guard->phase != IBX_GUARD_REPLY) return;
    enter(guard, guard->last ? IBX_GUARD_OVER : IBX_GUARD_IDLE, now);
    guard->begun = false;
}

size_t ibx_guard_take(ibx_guard *guard, void *to, size_t count, int64_t now) {
    ibx_guard_ask(guard, now);
    if (!guard->pass && guard->size > guard->at) {
        if (guard->phase == IBX_GUARD_IDLE || guard->phase == IBX_GUARD_HEAD)
            read_head(guard, now);
        else if (guard->phase == IBX_GUARD_BODY)
            read_body(guard, now);
    }
    return guard->phase == IBX_GUARD_REFUSED ? 0 : pass_on(guard, to, count);
}

bool ibx_guard_ready(const ibx_guard *guard) {
    return guard->pass > 0 || guard->phase >= IBX_GUARD_OVER ||
           guard->size - guard->at > guard->seen;
}

void ibx_guard_reply(ibx_guard *guard, const void *data, size_t size, int64_t now) {
    static const char CONTINUE[] = "HTTP/1.1 100";
    if (guard->phase != IBX_GUARD_EXPECT) return;
    if (size >= sizeof CONTINUE - 1 && !memcmp(data, CONTINUE, sizeof CONTINUE - 1)) {
        enter(guard, IBX_GUARD_BODY, now);
    } else {
        enter(guard, IBX_GUARD_REPLY, now);
        guard->last = true;
    }
}

void ibx_guard_end(ibx_guard *guard) {
    if (guard->phase == IBX_GUARD_HEAD) refuse(guard, 400, "The request ended in its head.");
    if (guard->phase == IBX_GUARD_BODY && !guard->pass)
        refuse(guard, 400, "The request ended in its body.");
}

int64_t ibx_guard_owed(const ibx_guard *guard) {
    if (guard->phase != IBX_GUARD_BODY) return 0;
    if (guard->framing != IBX_BODY_LENGTH) return INT64_MAX;
    const int64_t here = (int64_t)(guard->size - guard->at - guard->pass);
    return guard->left > here ? guard->left - here : 0;
}

/* ---- time ---------------------------------------------------------------------------------- */

int64_t ibx_guard_deadline(const ibx_guard *guard) {
    int64_t in_all, by_rate;
    switch (guard->phase) {
    case IBX_GUARD_IDLE:
        return guard->since + guard->settings->limits.idle_ms * MS;
    case IBX_GUARD_HEAD:
        return guard->since + guard->settings->limits.header_ms * MS;
    case IBX_GUARD_BODY:
        in_all = guard->since + guard->settings->limits.body_ms * MS;
        by_rate = guard->settings->limits.body_rate
                      ? guard->since + (int64_t)GRACE_MS * MS +
                            (int64_t)((double)guard->got * 1e6 /
                                      (double)guard->settings->limits.body_rate)
                      : in_all;
        return by_rate < in_all ? by_rate : in_all;
    default:
        return INT64_MAX;
    }
}
