/* net - the listener and its streams with libsoup behind them, asked over sockets as good and bad
 * clients ask. The server has a thread of its own; the test's thread is the client. */
#include "server/net/listener.h"
#include "server/net/soup.h"
#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { BIG = 16 << 20, REPLY = 1 << 16 };

/* ---- the server ---------------------------------------------------------------------------- */

typedef struct {
    ibx_settings settings;
    ibx_metrics *metrics;
    GMainContext *context;
    GMainLoop *loop;
    GThread *thread;
    SoupServer *soup;
    ibx_listener *listener;
    char *address; /* the first that it listens on */
    atomic_int requests;
    _Atomic int64_t body; /* bytes of the last one */
    ibx_error err;
} site;

static char *LOOPBACK[] = {"127.0.0.1:0", NULL};

static const ibx_settings DEFAULTS = {.server.listen = LOOPBACK,
                                      .limits = {.connections = 64,
                                                 .connections_per_client = 64,
                                                 .header_ms = 10000,
                                                 .header_bytes = 16384,
                                                 .body_ms = 10000,
                                                 .body_rate = 1024,
                                                 .write_ms = 10000,
                                                 .idle_ms = 10000,
                                                 .requests = 1000}};

static void answer(SoupServer *soup, SoupServerMessage *message, const char *path,
                   GHashTable *query, void *user) {
    (void)soup, (void)query;
    static char big[BIG];
    site *s = user;
    s->requests++;
    s->body = soup_server_message_get_request_body(message)->length;
    soup_server_message_set_status(message, 200, NULL);
    if (strcmp(path, "/big") == 0)
        soup_server_message_set_response(message, "text/plain", SOUP_MEMORY_STATIC, big, BIG);
    else
        soup_server_message_set_response(message, "text/plain", SOUP_MEMORY_COPY, path,
                                         strlen(path));
    if (strcmp(path, "/chunked") == 0) {
        soup_message_headers_set_encoding(soup_server_message_get_response_headers(message),
                                          SOUP_ENCODING_CHUNKED);
        soup_message_body_complete(soup_server_message_get_response_body(message));
    }
}

/* Before the body is there. */
static void refuse_early(SoupServer *soup, SoupServerMessage *message, const char *path,
                         GHashTable *query, void *user) {
    (void)soup, (void)query, (void)user;
    if (strcmp(path, "/early") == 0) soup_server_message_set_status(message, 413, NULL);
}

static void connected(void *user, GIOStream *stream, GSocketAddress *local,
                      GSocketAddress *remote) {
    site *s = user;
    assert_true(soup_server_accept_iostream(s->soup, stream, local, remote, NULL));
}

static int64_t metric(site *s, ibx_metric family, int label) {
    return ibx_metric_get(s->metrics, family, label);
}

static bool open_site(site *s) {
    s->listener = ibx_listener_open(&s->settings, s->metrics, connected, s, &s->err);
    if (!s->listener) return false;
    char *lines = ibx_listener_addresses(s->listener);
    s->address = g_strndup(lines, strcspn(lines, "\n"));
    free(lines);
    s->soup = ibx_soup_new(&s->err);
    assert_non_null(s->soup);
    soup_server_add_early_handler(s->soup, NULL, refuse_early, s, NULL);
    soup_server_add_handler(s->soup, NULL, answer, s, NULL);
    return true;
}

static void close_site(site *s) {
    ibx_listener_stop(s->listener);
    soup_server_disconnect(s->soup);
    g_object_unref(s->soup);
    while (metric(s, IBX_M_CONNECTIONS, 0) > 0) g_main_context_iteration(s->context, TRUE);
    ibx_listener_free(s->listener);
    g_free(s->address);
}

static void *serve(void *data) {
    site *s = data;
    g_main_context_push_thread_default(s->context);
    if (open_site(s)) {
        g_main_loop_run(s->loop);
        close_site(s);
    } else {
        while (!g_main_loop_is_running(s->loop)) g_usleep(1000);
    }
    g_main_context_pop_thread_default(s->context);
    return NULL;
}

static void start(site *s, const ibx_settings *settings) {
    *s = (site){.settings = *settings, .metrics = ibx_metrics_new()};
    assert_non_null(s->metrics);
    s->context = g_main_context_new();
    s->loop = g_main_loop_new(s->context, FALSE);
    s->thread = g_thread_new("server", serve, s);
    while (!g_main_loop_is_running(s->loop)) g_usleep(1000);
}

static void stop(site *s) {
    g_main_loop_quit(s->loop);
    g_thread_join(s->thread);
    g_main_loop_unref(s->loop);
    g_main_context_unref(s->context);
    ibx_metrics_free(s->metrics);
}

/* ---- clients ------------------------------------------------------------------------------- */

static int dial(const char *address) {
    int fd = -1, result = -1;
    if (strncmp(address, "unix:", 5) == 0) {
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        g_strlcpy(a.sun_path, address + 5, sizeof a.sun_path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        result = connect(fd, (struct sockaddr *)&a, sizeof a);
    } else {
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        a.sin_port = htons((uint16_t)strtol(strrchr(address, ':') + 1, NULL, 10));
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        result = connect(fd, (struct sockaddr *)&a, sizeof a);
    }
    assert_int_equal(result, 0);
    return fd;
}

static void say(int fd, const char *text) {
    const ssize_t n = send(fd, text, strlen(text), MSG_NOSIGNAL);
    assert_int_equal(n, strlen(text));
}

static const char *find(const char *text, const char *what) {
    const char *at = strstr(text, what);
    if (!at) fail_msg("\"%s\" is missing in:\n%s", what, text);
    return at;
}

/* Reads until `end` is there, or to the end of the connection where it is NULL. */
static void hear(int fd, char reply[REPLY], const char *end) {
    size_t size = 0;
    reply[0] = 0;
    while (!end || !strstr(reply, end)) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, 8000) != 1) fail_msg("nothing came after:\n%s", reply);
        const ssize_t n = recv(fd, reply + size, REPLY - 1 - size, 0);
        if (n <= 0) break;
        size += (size_t)n;
        reply[size] = 0;
    }
    if (end) find(reply, end);
}

static int count(const char *text, const char *what) {
    int n = 0;
    for (const char *at = text; (at = strstr(at, what)); at++) n++;
    return n;
}

#define HOST "Host: a\r\n"

static void get(int fd, const char *path, char reply[REPLY]) {
    char request[200], body[100];
    g_snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n" HOST "\r\n", path);
    g_snprintf(body, sizeof body, "\r\n\r\n%s", path);
    say(fd, request);
    hear(fd, reply, body);
    find(reply, "HTTP/1.1 200 ");
}

/* Says it all and reads to the end. */
static void talk(site *s, const char *text, char reply[REPLY]) {
    const int fd = dial(s->address);
    say(fd, text);
    hear(fd, reply, NULL);
    close(fd);
}

static void check_problem(const char *reply, int status) {
    char line[40], member[40];
    g_snprintf(line, sizeof line, "HTTP/1.1 %d ", status);
    g_snprintf(member, sizeof member, "\"status\":%d,", status);
    find(reply, line);
    find(reply, "Content-Type: application/problem+json\r\n");
    find(reply, "Connection: close\r\n");
    find(reply, member);
}

/* ---- good clients -------------------------------------------------------------------------- */

static void connections_are_kept(void **state) {
    (void)state;
    site s;
    char reply[REPLY];
    start(&s, &DEFAULTS);
    const int fd = dial(s.address);
    for (int i = 0; i < 100; i++) get(fd, i % 2 ? "/one" : "/two", reply);
    assert_int_equal(metric(&s, IBX_M_CONNECTIONS, 0), 1);
    assert_true(metric(&s, IBX_M_BYTES_OUT, 0) > 5000);
    say(fd, "GET /chunked HTTP/1.1\r\n" HOST "\r\nGET /next HTTP/1.0\r\n\r\n");
    hear(fd, reply, NULL); /* HTTP/1.0 is not kept */
    find(find(reply, "8\r\n/chunked\r\n0\r\n\r\nHTTP/1.0 200"), "/next");
    close(fd);
    stop(&s);
}

static void bodies_arrive_however_they_are_cut(void **state) {
    (void)state;
    static const char TEXT[] = "POST /p HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                               "5\r\nhello\r\n00b;x=y\r\n big world!\r\n0\r\n\r\n";
    site s;
    char reply[REPLY];
    start(&s, &DEFAULTS);
    const int fd = dial(s.address);
    for (size_t cut = 1; cut < sizeof TEXT - 1; cut += 3) {
        char first[sizeof TEXT];
        g_strlcpy(first, TEXT, cut + 1);
        say(fd, first);
        g_usleep(1000);
        say(fd, TEXT + cut);
        hear(fd, reply, "\r\n\r\n/p");
        assert_int_equal(s.body, 16);
    }
    say(fd, "POST /p HTTP/1.1\r\n" HOST "Content-Length: 1000000\r\n\r\n");
    char block[1000] = {0};
    for (int i = 0; i < 1000; i++) assert_int_equal(send(fd, block, 1000, MSG_NOSIGNAL), 1000);
    hear(fd, reply, "\r\n\r\n/p");
    assert_int_equal(s.body, 1000000);
    close(fd);
    stop(&s);
}

static void pipelined_requests_are_answered_in_order(void **state) {
    (void)state;
    site s;
    char reply[REPLY];
    start(&s, &DEFAULTS);
    const int fd = dial(s.address);
    say(fd, "GET /one HTTP/1.1\r\n" HOST "\r\n"
            "POST /two HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
            "POST /three HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nab"
            "GET /four HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    hear(fd, reply, NULL);
    find(find(find(find(reply, "/one"), "/two"), "/three"), "/four");
    assert_int_equal(count(reply, "HTTP/1.1 200 "), 4);
    close(fd);
    stop(&s);
}

static void continue_comes_before_the_body(void **state) {
    (void)state;
    static const char ASKS[] = " HTTP/1.1\r\n" HOST "Content-Length: 24\r\n"
                               "Expect: 100-continue\r\n\r\n";
    static const char BODY[] = "GET / HTTP/1.0\r\nX: abc\r\n";
    site s;
    char reply[REPLY];
    start(&s, &DEFAULTS);
    const int fd = dial(s.address);
    say(fd, "POST /p");
    say(fd, ASKS);
    hear(fd, reply, "HTTP/1.1 100 Continue\r\n");
    say(fd, BODY);
    hear(fd, reply, "\r\n\r\n/p");
    assert_int_equal(s.body, 24);
    say(fd, "POST /early");
    say(fd, ASKS);
    say(fd, BODY); /* without waiting: it must not be taken for a request */
    say(fd, "\r\nGET /smuggled HTTP/1.1\r\n" HOST "\r\n");
    hear(fd, reply, NULL);
    find(reply, "HTTP/1.1 413 ");
    assert_int_equal(count(reply, "HTTP/1."), 1);
    assert_int_equal(s.requests, 1);
    close(fd);
    stop(&s);
}

static void the_last_request_ends_the_connection(void **state) {
    (void)state;
    site s;
    char reply[REPLY];
    ibx_settings settings = DEFAULTS;
    settings.limits.requests = 3;
    start(&s, &settings);
    const int fd = dial(s.address);
    get(fd, "/one", reply);
    get(fd, "/two", reply);
    say(fd, "GET /three HTTP/1.1\r\n" HOST "\r\nGET /four HTTP/1.1\r\n" HOST "\r\n");
    hear(fd, reply, NULL);
    find(reply, "/three");
    assert_int_equal(count(reply, "HTTP/1.1 "), 1);
    close(fd);
    stop(&s);
}

/* ---- clients that say two things at once --------------------------------------------------- */

#define POST "POST /p HTTP/1.1\r\n" HOST
#define CHUNKED "Transfer-Encoding: chunked\r\n"
#define SMUGGLED "GET /smuggled HTTP/1.1\r\n" HOST "\r\n"

static void malformed_requests_get_one_reply(void **state) {
    (void)state;
    static const char *const CASES[] = {
        POST "Content-Length: 5\r\n" CHUNKED "\r\n0\r\n\r\n" SMUGGLED, /* CL.TE */
        POST CHUNKED "Content-Length: 5\r\n\r\n0\r\n\r\n" SMUGGLED,    /* TE.CL */
        POST CHUNKED "Transfer-Encoding: cow\r\n\r\n0\r\n\r\n" SMUGGLED,
        POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" SMUGGLED,
        POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
        POST "X: a\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
        POST "X: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
        POST "Content-Length: 0\r\nContent-Length: 50\r\n\r\n" SMUGGLED,
        POST "Content-Length: 0\r\nContent-Length: 0\r\n\r\n" SMUGGLED,
        POST "Content-Length: +0\r\n\r\n" SMUGGLED,
        POST "Content-Length: 0, 0\r\n\r\n" SMUGGLED,
        POST "Content-Length: 0\n\n" SMUGGLED,
        POST CHUNKED "\r\n0x0\r\n\r\n" SMUGGLED,
        POST CHUNKED "\r\n10000000000000000\r\n\r\n" SMUGGLED,
        POST CHUNKED "\r\n1\r\nab\r\n0\r\n\r\n" SMUGGLED,
        POST CHUNKED "\r\n1\na\n0\n\n" SMUGGLED,
        POST CHUNKED "\r\n0\r\nX: a\r\n\r\n" SMUGGLED,
        POST CHUNKED "\r\n5\r\nhello\r\n0;\x01\r\n\r\n" SMUGGLED,
        "GET http://b/ HTTP/1.1\r\n" HOST "\r\n" SMUGGLED,
        "GET / HTTP/1.1\r\n" HOST "Host: b\r\n\r\n" SMUGGLED,
        "GET / HTTP/1.1\r\n\r\n" SMUGGLED,
        "\n" SMUGGLED,
    };
    site s;
    char reply[REPLY];
    start(&s, &DEFAULTS);
    const int cases = sizeof CASES / sizeof *CASES;
    for (int i = 0; i < cases; i++) {
        talk(&s, CASES[i], reply);
        check_problem(reply, 400);
        assert_int_equal(count(reply, "HTTP/1.1 "), 1);
    }
    assert_int_equal(s.requests, 0);
    assert_int_equal(metric(&s, IBX_M_REFUSED, IBX_REFUSED_GRAMMAR), cases);
    assert_int_equal(metric(&s, IBX_M_REQUESTS, 400), cases);
    stop(&s);
}

static void good_requests_in_front_are_answered_first(void **state) {
    (void)state;
    site s;
    char reply[REPLY];
    start(&s, &DEFAULTS);
    talk(&s, "GET /good HTTP/1.1\r\n" HOST "\r\nPUT / HTTP/1.1\r\n" HOST "\r\n" SMUGGLED, reply);
    assert_ptr_equal(find(reply, "HTTP/1.1 200 "), reply);
    check_problem(find(reply, "/good"), 405);
    assert_int_equal(count(reply, "HTTP/1.1 "), 2);
    assert_int_equal(s.requests, 1);
    stop(&s);
}

static void a_body_that_ends_early_is_refused(void **state) {
    (void)state;
    site s;
    char reply[REPLY];
    start(&s, &DEFAULTS);
    const int fd = dial(s.address);
    say(fd, POST "Content-Length: 10\r\n\r\nhello");
    shutdown(fd, SHUT_WR);
    hear(fd, reply, NULL);
    check_problem(reply, 400);
    assert_int_equal(s.requests, 0);
    close(fd);
    stop(&s);
}

/* ---- slow clients -------------------------------------------------------------------------- */

static double now(void) {
    return (double)g_get_monotonic_time() * 1e-6;
}

/* The connection ends after that many seconds; what was said before is in `reply`. */
static void expect_end(int fd, char reply[REPLY], double from, double least, double most) {
    hear(fd, reply, NULL);
    assert_true(now() - from >= least);
    assert_true(now() - from < most);
    close(fd);
}

static void slow_clients_are_sent_away(void **state) {
    (void)state;
    site s;
    char reply[REPLY];
    ibx_settings settings = DEFAULTS;
    settings.limits.header_ms = settings.limits.idle_ms = 300;
    settings.limits.body_ms = 600;
    start(&s, &settings);
    const int head = dial(s.address), body = dial(s.address), idle = dial(s.address);
    get(idle, "/", reply);
    const double from = now();
    say(head, "GET / HTT");
    say(body, POST "Content-Length: 10\r\n\r\nhello");
    expect_end(head, reply, from, 0.29, 3);
    check_problem(reply, 408);
    expect_end(idle, reply, from, 0.29, 3);
    assert_string_equal(reply, "");
    expect_end(body, reply, from, 0.59, 3);
    check_problem(reply, 408);
    assert_int_equal(metric(&s, IBX_M_REFUSED, IBX_REFUSED_SLOW), 2);
    stop(&s);
}

static void await_connections(site *s, int64_t expected) {
    const double until = now() + 8;
    while (metric(s, IBX_M_CONNECTIONS, 0) != expected && now() < until) g_usleep(5000);
    assert_int_equal(metric(s, IBX_M_CONNECTIONS, 0), expected);
}

static void slow_readers_are_sent_away(void **state) {
    (void)state;
    site s;
    char reply[REPLY];
    ibx_settings settings = DEFAULTS;
    settings.limits.write_ms = 300;
    start(&s, &settings);
    const int slow = dial(s.address), steady = dial(s.address);
    say(slow, "GET /big HTTP/1.1\r\n" HOST "\r\n");
    say(steady, "GET /big HTTP/1.1\r\n" HOST "\r\n");
    size_t got = 0;
    for (ssize_t n = 1; n > 0 && got < BIG; got += (size_t)n) {
        n = recv(steady, reply, REPLY, 0); /* for longer than write_ms, but it goes on */
        g_usleep(3000);
    }
    assert_true(got >= BIG);
    await_connections(&s, 1);
    assert_int_equal(metric(&s, IBX_M_REFUSED, IBX_REFUSED_SLOW), 1);
    close(slow);
    close(steady);
    stop(&s);
}

/* ---- many clients -------------------------------------------------------------------------- */

enum { CROWD = 1000 };

static double worst_of(int fd, int requests, const int *crowd) {
    char reply[REPLY];
    double worst = 0;
    for (int i = 0; i < requests; i++) {
        for (int k = 0; k < 10; k++) say(crowd[(10 * i + k) % CROWD], "x");
        const double from = now();
        get(fd, "/honest", reply);
        if (now() - from > worst) worst = now() - from;
    }
    return worst;
}

static void a_dripping_crowd_keeps_nobody_waiting(void **state) {
    (void)state;
    site s;
    char reply[REPLY];
    int crowd[CROWD];
    ibx_settings settings = DEFAULTS;
    settings.limits.connections = settings.limits.connections_per_client = CROWD + 10;
    settings.limits.header_ms = 3000;
    start(&s, &settings);
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = dial(s.address);
        say(crowd[i], "GET / HTTP/1.1\r\nX");
    }
    const int honest = dial(s.address);
    await_connections(&s, CROWD + 1);
    const double worst = worst_of(honest, 200, crowd);
    assert_int_equal(s.requests, 200);

    if (worst > 0.25) fail_msg("an honest client waited %.0f ms", worst * 1e3);
    for (int i = 0; i < CROWD; i++) {
        hear(crowd[i], reply, NULL);
        close(crowd[i]);
        check_problem(reply, 408);
    }
    get(honest, "/still", reply);
    await_connections(&s, 1);
    close(honest);
    stop(&s);
}

static void limits_are_of_all_and_of_each(void **state) {
    (void)state;
    site s;
    char reply[REPLY];
    ibx_settings settings = DEFAULTS;
    settings.limits.connections = 3;
    for (int each = 3; each >= 2; each--) {
        settings.limits.connections_per_client = each;
        start(&s, &settings);
        int fd[3];
        for (int i = 0; i < each; i++) get(fd[i] = dial(s.address), "/in", reply);
        talk(&s, "GET /out HTTP/1.1\r\n" HOST "\r\n", reply);
        check_problem(reply, each == 3 ? 503 : 429);
        find(reply, "Retry-After: ");
        assert_int_equal(
            metric(&s, IBX_M_REFUSED, each == 3 ? IBX_REFUSED_MANY : IBX_REFUSED_CLIENT), 1);
        assert_int_equal(s.requests, each);
        close(fd[0]);
        await_connections(&s, each - 1);
        get(fd[0] = dial(s.address), "/in", reply);
        for (int i = 0; i < each; i++) close(fd[i]);
        stop(&s);
    }
}

/* Processor time of this process. */
static double used(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

static void without_descriptors_it_rests(void **state) {
    (void)state;
    site s;
    char reply[REPLY];
    int fd[20];
    struct rlimit before, less;
    start(&s, &DEFAULTS);
    get(fd[0] = dial(s.address), "/in", reply);
    for (int i = 1; i < 20; i++) fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int next = dup(0);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    less = before;
    less.rlim_cur = (rlim_t)next;
    struct sockaddr_in a;
    socklen_t size = sizeof a;
    getpeername(fd[0], (struct sockaddr *)&a, &size);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
    for (int i = 1; i < 20; i++) assert_int_equal(connect(fd[i], (struct sockaddr *)&a, size), 0);
    const double from = used();
    hear(fd[1], reply, NULL); /* by the reserve */
    find(reply, "HTTP/1.1 503 ");
    get(fd[0], "/in", reply);
    g_usleep(500000);
    const double spent = used() - from;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(spent < 0.25);
    get(fd[19], "/later", reply); /* it waited in the queue */
    for (int i = 0; i < 20; i++) close(fd[i]);
    stop(&s);
}

/* ---- other sockets ------------------------------------------------------------------------- */

static void unix_sockets_are_made_and_removed(void **state) {
    (void)state;
    site s;
    char reply[REPLY], folder[] = "/tmp/imbrex-net-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *path = g_strconcat(folder, "/socket", NULL), *spelling = g_strconcat("unix:", path, NULL);
    ibx_settings settings = DEFAULTS;
    settings.server.listen = (char *[]){spelling, NULL};
    settings.limits.connections_per_client = 1; /* of one, not of all that a proxy speaks for */
    for (int i = 0; i < 2; i++) {
        start(&s, &settings);
        assert_string_equal(s.address, spelling);
        const int fd = dial(spelling), other = dial(spelling);
        get(fd, "/one", reply);
        get(other, "/two", reply);
        say(fd, "GET /old HTTP/1.0\r\n\r\n");
        hear(fd, reply, "/old");
        close(fd);
        close(other);
        stop(&s);
        assert_int_equal(access(path, F_OK), -1);
        /* Once more over what a server that was killed left behind. */
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        g_strlcpy(a.sun_path, path, sizeof a.sun_path);
        const int dead = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(dead, (struct sockaddr *)&a, sizeof a), 0);
        close(dead);
    }
    unlink(path);
    rmdir(folder);
    g_free(path);
    g_free(spelling);
}

static void addresses_that_are_none_are_refused(void **state) {
    (void)state;
    static const char *const BAD[] = {
        "",      "8080",  "localhost:80", "127.0.0.1", "127.0.0.1:x",
        "::1:1", "[::1]", "[a]:1",        "unix:",     "1.2.3.4:65536"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        ibx_settings settings = DEFAULTS;
        ibx_error err = {0};
        settings.server.listen = (char *[]){(char *)BAD[i], NULL};
        assert_null(ibx_listener_open(&settings, NULL, connected, NULL, &err));
        assert_int_equal(err.code, IBX_USAGE);
        assert_ptr_equal(find(err.text, BAD[i]), err.text);
    }
    site s;
    start(&s, &DEFAULTS);
    ibx_settings taken = DEFAULTS;
    ibx_error err = {0};
    taken.server.listen = (char *[]){s.address, NULL};
    assert_null(ibx_listener_open(&taken, NULL, connected, NULL, &err));
    assert_int_equal(err.code, IBX_IO);
    find(err.text, s.address);
    stop(&s);
}

/* In a process of its own, as descriptor 3 must be the socket. */
static int serve_given(int socket) {
    site s;
    char reply[REPLY], pid[20];
    if (dup2(socket, 3) != 3) return 1;
    g_snprintf(pid, sizeof pid, "%d", (int)getpid());
    g_setenv("LISTEN_PID", pid, TRUE);
    g_setenv("LISTEN_FDS", "1", TRUE);
    start(&s, &DEFAULTS);
    get(dial(s.address), "/given", reply);
    const bool gone = !g_getenv("LISTEN_FDS");
    stop(&s);
    return gone ? 0 : 2;
}

static void systemd_hands_its_sockets_over(void **state) {
    (void)state;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, 5), 0);
    const pid_t child = fork();
    if (child == 0) _exit(serve_given(fd));
    int status = -1;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    /* The socket is still there, and what came to it meanwhile would wait for the next server. */
    int listens = 0;
    socklen_t size = sizeof listens;
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size), 0);
    assert_true(listens);
    close(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(systemd_hands_its_sockets_over),
        cmocka_unit_test(connections_are_kept),
        cmocka_unit_test(bodies_arrive_however_they_are_cut),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(continue_comes_before_the_body),
        cmocka_unit_test(the_last_request_ends_the_connection),
        cmocka_unit_test(malformed_requests_get_one_reply),
        cmocka_unit_test(good_requests_in_front_are_answered_first),
        cmocka_unit_test(a_body_that_ends_early_is_refused),
        cmocka_unit_test(slow_clients_are_sent_away),
        cmocka_unit_test(slow_readers_are_sent_away),
        cmocka_unit_test(a_dripping_crowd_keeps_nobody_waiting),
        cmocka_unit_test(limits_are_of_all_and_of_each),
        cmocka_unit_test(without_descriptors_it_rests),
        cmocka_unit_test(unix_sockets_are_made_and_removed),
        cmocka_unit_test(addresses_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
