/* remote.c - sources of other servers: what is allowed is judged without a packet, and whatever a
 * server does, it costs no more than the limits say. */
#include "fetching.h"
#include "origin.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* A server on loopback that is allowed, one that is not, and a fetcher. */
typedef struct {
    fetching f;
    origin *server, *secret;
    char last[2048]; /* the last request that asked for /echo */
    atomic_int napping, most_napping;
} world;

static void redirect(int socket, const char *to) {
    char header[512];
    snprintf(header, sizeof header, "Location: %s\r\nSet-Cookie: a=b\r\n", to);
    origin_reply(socket, "302 Found", header, "gone", 4);
}

static void forever(int socket, const char *head, const char *more) {
    char block[4096];
    memset(block, 'x', sizeof block);
    int goes_on = origin_say(socket, head, strlen(head));
    while (goes_on) {
        goes_on =
            more ? origin_say(socket, more, strlen(more)) : origin_say(socket, block, sizeof block);
    }
}

static void drip(int socket) {
    static const char HEAD[] = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
    for (int more = origin_say(socket, HEAD, sizeof HEAD - 1); more; g_usleep(1000000)) {
        more = origin_say(socket, "x", 1);
    }
}

static void answer_with_headers(int socket, int count) {
    static const char HEAD[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n";
    int more = origin_say(socket, HEAD, sizeof HEAD - 1);
    while (more && count-- > 0)
        more = origin_say(socket, "A: aaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n", 33);
    if (more) origin_say(socket, "\r\n", 2);
}

static void wait_for_the_end(int socket) {
    char byte;
    while (read(socket, &byte, 1) > 0) continue;
}

typedef struct {
    const char *path, *status, *headers, *body;
} fixed;

static const fixed FIXED[] = {
    {"/a/pixels.png", "200 OK", "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n", "pixels"},
    {"/html", "200 OK", "Content-Type: text/html\r\n", "<html>"},
    {"/gzip", "200 OK", "Content-Encoding: gzip\r\n", "\x1f\x8b no gzip at all"},
    {"/404", "404 Not Found", "", "none"},
    {"/410", "410 Gone", "", "none"},
    {"/500", "500 Oh", "", "oh"},
    {"/403", "403 No", "", "no"},
    {"/206", "206 Partial Content", "", "pa"},
    {"/401", "401 Who", "WWW-Authenticate: Basic realm=\"x\"\r\n", "?"},
    {"/304", "304 Not Modified", "", ""},
    {"/empty", "200 OK", "", ""},
    {"/nowhere", "302 Found", "", ""},
    {"/blank", "302 Found", "Location: http://127.0.0.1/a b\r\n", ""},
    {"/q?a=1&b=%20", "200 OK", "", "query"},
};

typedef struct {
    const char *path, *head, *more;
} endless;

static const endless ENDLESS[] = {
    {"/endless", "HTTP/1.1 200 OK\r\n\r\n", NULL},
    {"/endless404", "HTTP/1.1 404 No\r\n\r\n", NULL},
    {"/endless302", "HTTP/1.1 302 No\r\nLocation: /a/pixels.png\r\n\r\n", NULL},
    {"/headers", "HTTP/1.1 200 OK\r\n", "A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"},
    {"/header", "HTTP/1.1 200 OK\r\nA: ", NULL},
    {"/continue", "", "HTTP/1.1 100 Continue\r\n\r\n"},
    {"/nohttp", "pixels", NULL},
    {"/chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "4\r\nabcd\r\n"},
};

static bool answer_table(int socket, const char *path) {
    for (size_t i = 0; i < G_N_ELEMENTS(FIXED); i++) {
        const fixed *t = &FIXED[i];
        if (strcmp(path, t->path) != 0) continue;
        origin_reply(socket, t->status, t->headers, t->body, strlen(t->body));
        return true;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(ENDLESS); i++) {
        if (strcmp(path, ENDLESS[i].path) != 0) continue;
        forever(socket, ENDLESS[i].head, ENDLESS[i].more);
        return true;
    }
    return false;
}

/* Counts those who ask for it at a time, until the reply begins: who has it may ask again. */
static void nap(world *w, int socket) {
    const int now = atomic_fetch_add(&w->napping, 1) + 1;
    for (int most = atomic_load(&w->most_napping); now > most;) {
        if (atomic_compare_exchange_weak(&w->most_napping, &most, now)) break;
    }
    g_usleep(100000);
    atomic_fetch_sub(&w->napping, 1);
    origin_reply(socket, "200 OK", "", "nap", 3);
}

static void answer(int socket, const char *request, void *user) {
    world *w = user;
    char path[256] = "", to[64];
    sscanf(request, "GET %255s", path);
    if (answer_table(socket, path)) return;
    if (strncmp(path, "/to?", 4) == 0) redirect(socket, path + 4);
    if (strcmp(path, "/loop") == 0) redirect(socket, "/loop");
    if (strcmp(path, "/slow") == 0) drip(socket);
    if (strcmp(path, "/silent") == 0) wait_for_the_end(socket);
    if (strcmp(path, "/huge") == 0) {
        static const char HEAD[] = "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n";
        origin_say(socket, HEAD, sizeof HEAD - 1);
        wait_for_the_end(socket);
    }
    if (strcmp(path, "/lean") == 0) answer_with_headers(socket, 1000);
    if (strcmp(path, "/fat") == 0) answer_with_headers(socket, 3000); /* 99 kB */
    if (strcmp(path, "/cut") == 0) {
        static const char HEAD[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort";
        origin_say(socket, HEAD, sizeof HEAD - 1);
    }
    if (strncmp(path, "/hop/", 5) == 0) {
        const int left = path[5] - '0';
        snprintf(to, sizeof to, "%d", left - 1); /* relative */
        redirect(socket, left > 1 ? to : "../a/pixels.png");
    }
    if (strcmp(path, "/echo") == 0) {
        g_strlcpy(w->last, request, sizeof w->last);
        origin_reply(socket, "200 OK", "", "echo", 4);
    }
    if (strcmp(path, "/nap") == 0) nap(w, socket);
}

static int begin(void **state) {
    world *w = g_new0(world, 1);
    ibx_error err;
    w->server = origin_new("127.0.0.1", 0, answer, w);
    if (!w->server) return 1;
    w->secret = origin_new("127.0.0.2", origin_port(w->server), answer, w);
    fetching_init(&w->f, origin_port(w->server));
    *state = w;
    return !w->secret || !fetching_start(&w->f, &err);
}

static int end(void **state) {
    world *w = *state;
    const int touched = origin_connections(w->secret); /* by no test, ever */
    fetching_end(&w->f);
    origin_free(w->server);
    origin_free(w->secret);
    const bool leaks = w->f.purse.used != 0;
    if (leaks) print_error("%lld bytes left in the purse\n", (long long)w->f.purse.used);
    g_free(w);
    return touched != 0 || leaks;
}

/* Fetches scheme://127.0.0.1:PORT and a path. */
static fetched get(world *w, const char *path) {
    fetched came = {0};
    char *url = g_strdup_printf("http://127.0.0.1:%d%s", origin_port(w->server), path);
    ibx_fetch_begin(w->f.fetcher, &(ibx_wanted){.url = url}, fetching_done, &came);
    fetching_wait(&came);
    g_free(url);
    return came;
}

static void check(world *w, const char *path, ibx_source_status want) {
    fetched came = get(w, path);
    if (came.opened.status != want) {
        fail_msg("%s: %d (%s), not %d", path, came.opened.status, came.opened.error.text, want);
    }
    assert_true((want == IBX_SOURCE_OK) == (came.opened.fd >= 0));
    assert_true((want == IBX_SOURCE_OK) == (came.opened.error.code == IBX_OK));
    fetching_release(&w->f, &came);
}

static void check_bytes(world *w, const char *path, const char *bytes) {
    char text[256] = "";
    fetched came = get(w, path);
    if (came.opened.status != IBX_SOURCE_OK) fail_msg("%s: %s", path, came.opened.error.text);
    assert_int_equal(pread(came.opened.fd, text, sizeof text - 1, 0), strlen(bytes));
    assert_string_equal(text, bytes);
    char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, bytes, -1);
    assert_string_equal(came.opened.identity, sum);
    g_free(sum);
    fetching_release(&w->f, &came);
}

static void fetches(void **state) {
    world *w = *state;
    fetched came = get(w, "/a/pixels.png");
    assert_int_equal(came.opened.status, IBX_SOURCE_OK);
    assert_string_equal(came.opened.name, "pixels.png");
    assert_int_equal(came.opened.modified, 1767225600);
    assert_int_equal(came.opened.size, 6);
    fetching_release(&w->f, &came);
    check_bytes(w, "/a/pixels.png", "pixels");
    check_bytes(w, "/html", "<html>"); /* the bytes decide, not what they are called */
    check_bytes(w, "/gzip", "\x1f\x8b no gzip at all");
    check_bytes(w, "/empty", "");
    check_bytes(w, "/q?a=1&b=%20#fragment", "query");
    assert_int_equal(ibx_metric_get(w->f.metrics, IBX_M_FETCH, IBX_FETCH_OK), 6);
}

/* Nothing but what is needed is sent, whatever the environment says. */
static void tells_nothing(void **state) {
    world *w = *state;
    g_setenv("http_proxy", "http://127.0.0.2:9", TRUE);
    g_setenv("ALL_PROXY", "http://127.0.0.2:9", TRUE);
    check(w, "/to?/echo", IBX_SOURCE_OK); /* over a reply with a cookie */
    g_unsetenv("http_proxy"), g_unsetenv("ALL_PROXY");
    char *want = g_strdup_printf("GET /echo HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: "
                                 "imbrex/%s\r\nAccept: */*\r\n\r\n",
                                 origin_port(w->server), ibx_version());
    assert_string_equal(w->last, want);
    g_free(want);
}

static void tells_status(void **state) {
    world *w = *state;
    check(w, "/404", IBX_SOURCE_MISSING);
    check(w, "/410", IBX_SOURCE_MISSING);
    check(w, "/endless404", IBX_SOURCE_MISSING);
    static const char *const FAILED[] = {"/500",     "/403",   "/401", "/206",    "/304",
                                         "/nowhere", "/blank", "/cut", "/nohttp", "/closed"};
    for (size_t i = 0; i < G_N_ELEMENTS(FAILED); i++) check(w, FAILED[i], IBX_SOURCE_FAILED);
}

static void follows_redirections(void **state) {
    world *w = *state;
    char path[200];
    check_bytes(w, "/hop/1", "pixels");
    check_bytes(w, "/hop/3", "pixels");
    check_bytes(w, "/endless302", "pixels");
    check(w, "/hop/4", IBX_SOURCE_FAILED);
    check(w, "/loop", IBX_SOURCE_FAILED);
    static const char *const FORBIDDEN[] = {
        "http://127.0.0.2:%d/echo", "http://0x7f.1:%d/echo",       "http://evil.example:%d/",
        "http://u@127.0.0.1:%d/",   "file:///etc/passwd?%d",       "gopher://127.0.0.1:%d/x",
        "http://[::1]:%d/",         "http://169.254.169.254:%d/x", "//127.0.0.2:%d/echo",
        "http://127.0.0.1:1/?%d",   "ftp://127.0.0.1:%d/"};
    for (size_t i = 0; i < G_N_ELEMENTS(FORBIDDEN); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        char *to = g_strdup_printf(FORBIDDEN[i], origin_port(w->server));
#pragma GCC diagnostic pop
        snprintf(path, sizeof path, "/to?%s", to);
        fetched came = get(w, path);
        fetching_release(&w->f, &came);
        if (came.opened.status != IBX_SOURCE_FORBIDDEN) {
            fail_msg("%s: %d (%s)", path, came.opened.status, came.opened.error.text);
        }
        g_free(to);
    }
}

static void bounds_size(void **state) {
    world *w = *state;
    const gint64 before = g_get_monotonic_time();
    check(w, "/endless", IBX_SOURCE_TOO_LARGE);
    check(w, "/chunks", IBX_SOURCE_TOO_LARGE);
    check(w, "/huge", IBX_SOURCE_TOO_LARGE); /* before its body, which never comes */
    check(w, "/headers", IBX_SOURCE_FAILED);
    check(w, "/header", IBX_SOURCE_FAILED);
    check(w, "/lean", IBX_SOURCE_OK);
    check(w, "/fat", IBX_SOURCE_FAILED);
    check(w, "/continue", IBX_SOURCE_FAILED);
    assert_true(g_get_monotonic_time() - before < 8 * G_USEC_PER_SEC); /* none by its time */
    assert_int_equal(ibx_metric_get(w->f.metrics, IBX_M_FETCH, IBX_FETCH_TOO_LARGE), 3);
    w->f.purse.most = 100 << 10;
    check(w, "/endless", IBX_SOURCE_BUSY);
}

static void bounds_time(void **state) {
    world *w = *state;
    w->f.settings.remote.total_ms = 400;
    ibx_fetcher_reloaded(w->f.fetcher);
    const gint64 before = g_get_monotonic_time();
    check(w, "/silent", IBX_SOURCE_TIMEOUT);
    check(w, "/slow", IBX_SOURCE_TIMEOUT);
    assert_true(g_get_monotonic_time() - before < 3 * G_USEC_PER_SEC);
    w->f.settings.remote.total_ms = 60000; /* then by its rate */
    ibx_fetcher_reloaded(w->f.fetcher);
    check(w, "/slow", IBX_SOURCE_TIMEOUT);
    assert_true(g_get_monotonic_time() - before < 20 * G_USEC_PER_SEC);
    assert_int_equal(ibx_metric_get(w->f.metrics, IBX_M_FETCH, IBX_FETCH_TIMEOUT), 3);
}

static void never_called(void *user, ibx_opened *opened) {
    (void)opened;
    *(bool *)user = true;
}

static void can_be_cancelled(void **state) {
    world *w = *state;
    bool called = false;
    ibx_fetch *some[10]; /* more than are fetched at a time */
    char *url = g_strdup_printf("http://127.0.0.1:%d/silent", origin_port(w->server));
    for (size_t i = 0; i < G_N_ELEMENTS(some); i++) {
        some[i] = ibx_fetch_begin(w->f.fetcher, &(ibx_wanted){.url = url}, never_called, &called);
    }
    while (origin_connections(w->server) < 4) g_usleep(1000);
    for (size_t i = 0; i < G_N_ELEMENTS(some); i++) ibx_fetch_cancel(some[i]);
    const gint64 before = g_get_monotonic_time();
    check(w, "/a/pixels.png", IBX_SOURCE_OK); /* there is room again, soon */
    assert_true(g_get_monotonic_time() - before < 4 * G_USEC_PER_SEC);
    /* A connection on which nothing was asked before it was cancelled may be used again. */
    assert_in_range(origin_connections(w->server), 4, 5);
    for (int i = 0; i < 3; i++)
        ibx_fetch_begin(w->f.fetcher, &(ibx_wanted){.url = url}, never_called, &called);
    ibx_fetch *early =
        ibx_fetch_begin(w->f.fetcher, &(ibx_wanted){.url = url}, never_called, &called);
    ibx_fetch_cancel(early);
    ibx_fetcher_free(w->f.fetcher); /* with some under way */
    w->f.fetcher = NULL;
    while (g_main_context_iteration(NULL, FALSE)) continue;
    assert_false(called);
    g_free(url);
}

/* A fetch that ended and was then cancelled gives its bytes back. */
static void can_be_cancelled_late(void **state) {
    world *w = *state;
    bool called = false;
    char *url = g_strdup_printf("http://127.0.0.1:%d/echo", origin_port(w->server));
    ibx_fetch *f = ibx_fetch_begin(w->f.fetcher, &(ibx_wanted){.url = url}, never_called, &called);
    while (__atomic_load_n(&w->f.purse.used, __ATOMIC_RELAXED) == 0) g_usleep(1000);
    g_usleep(100000); /* its delivery waits for the loop */
    ibx_fetch_cancel(f);
    while (__atomic_load_n(&w->f.purse.used, __ATOMIC_RELAXED) != 0) {
        g_main_context_iteration(NULL, TRUE);
    }
    assert_false(called);
    g_free(url);
}

static void fetches_a_few_at_a_time(void **state) {
    world *w = *state;
    fetched came[24] = {{0}};
    char *url = g_strdup_printf("http://127.0.0.1:%d/nap", origin_port(w->server));
    for (size_t i = 0; i < G_N_ELEMENTS(came); i++) {
        ibx_fetch_begin(w->f.fetcher, &(ibx_wanted){.url = url}, fetching_done, &came[i]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(came); i++) {
        fetching_wait(&came[i]);
        assert_int_equal(came[i].opened.status, IBX_SOURCE_OK);
        fetching_release(&w->f, &came[i]);
    }
    assert_int_equal(atomic_load(&w->most_napping), 4);
    g_free(url);
}

/* Waiting for a turn counts as time. */
static void does_not_wait_for_ever(void **state) {
    world *w = *state;
    fetched came[3] = {{0}};
    char *url = g_strdup_printf("http://127.0.0.1:%d/silent", origin_port(w->server));
    w->f.settings.remote.total_ms = 300;
    w->f.settings.remote.fetches = 1;
    ibx_fetcher_reloaded(w->f.fetcher);
    for (int i = 0; i < 3; i++)
        ibx_fetch_begin(w->f.fetcher, &(ibx_wanted){.url = url}, fetching_done, &came[i]);
    for (int i = 0; i < 3; i++) fetching_wait(&came[i]);
    assert_int_equal(came[0].opened.status, IBX_SOURCE_TIMEOUT);
    assert_int_equal(came[1].opened.status, IBX_SOURCE_BUSY);
    assert_int_equal(came[2].opened.status, IBX_SOURCE_BUSY);
    assert_int_equal(origin_connections(w->server), 1);
    g_free(url);
}

static void hears_of_reloads(void **state) {
    world *w = *state;
    check(w, "/a/pixels.png", IBX_SOURCE_OK);
    g_free(w->f.settings.remote.networks[0]);
    w->f.settings.remote.networks[0] = g_strdup("10.0.0.0/8");
    ibx_fetcher_reloaded(w->f.fetcher);
    check(w, "/a/pixels.png", IBX_SOURCE_FORBIDDEN);
}

/* "localhost" is on the list, but the address that it leads to is not let through. */
static void looks_at_what_is_connected_to(void **state) {
    world *w = *state;
    fetched came = {0};
    char *url = g_strdup_printf("http://localhost:%d/echo", origin_port(w->server));
    g_free(w->f.settings.remote.networks[0]);
    w->f.settings.remote.networks[0] = g_strdup("10.0.0.0/8");
    ibx_fetcher_reloaded(w->f.fetcher);
    assert_int_equal(ibx_fetcher_allows(w->f.fetcher, url, NULL), IBX_SOURCE_OK);
    ibx_fetch_begin(w->f.fetcher, &(ibx_wanted){.url = url}, fetching_done, &came);
    fetching_wait(&came);
    assert_int_equal(came.opened.status, IBX_SOURCE_FORBIDDEN);
    assert_int_equal(origin_connections(w->server), 0);
    g_free(url);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(fetches),
        TEST(tells_nothing),
        TEST(tells_status),
        TEST(follows_redirections),
        TEST(bounds_size),
        TEST(bounds_time),
        TEST(can_be_cancelled),
        TEST(can_be_cancelled_late),
        TEST(fetches_a_few_at_a_time),
        TEST(does_not_wait_for_ever),
        TEST(hears_of_reloads),
        TEST(looks_at_what_is_connected_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
