/* stream - guarded streams with libsoup behind them, asked over sockets as good and bad clients
 * ask. */
#include "site.h"

/* ---- good clients -------------------------------------------------------------------------- */

static void connections_are_kept(void **state) {
    (void)state;
    site s;
    char reply[REPLY];
    start(&s, &DEFAULTS);
    const int fd = dial(s.address);
    for (int i = 0; i < 100; i++) get(fd, i % 2 ? "/one" : "/two", reply);
    assert_int_equal(metric(&s, IBX_M_CONNECTIONS, 0), 1);
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
    assert_int_equal(s.refusals, cases);
    assert_int_equal(s.refused_with, 400);
    assert_string_equal(s.refused_client, "127.0.0.1");
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

/* Sends a request with a body that the server does not want, all of it, and reads the reply only
 * then, as many clients do. */
static void send_all_and_hear(const char *address, const char *head, char reply[REPLY]) {
    enum { BODY = 8 << 20 };
    char *body = g_malloc0(BODY);
    const int fd = dial(address);
    say(fd, head);
    for (size_t sent = 0; sent < BODY;) {
        const ssize_t n = send(fd, body + sent, BODY - sent, MSG_NOSIGNAL);
        if (n <= 0) fail_msg("%s: %s after %zu bytes", head, strerror(errno), sent);
        sent += (size_t)n;
    }
    hear(fd, reply, NULL);
    close(fd);
    g_free(body);
}

static void refusals_are_read_behind_a_body(void **state) {
    (void)state;
    site s;
    char reply[REPLY];
    ibx_settings settings = DEFAULTS;
    start(&s, &settings);
    send_all_and_hear(s.address, POST "Content-Length: 8388608\r\nContent-Length: 1\r\n\r\n",
                      reply);
    check_problem(reply, 400);
    send_all_and_hear(s.address,
                      "POST /early HTTP/1.1\r\n" HOST
                      "Connection: close\r\nContent-Length: 8388608\r\n\r\n",
                      reply);
    find(reply, "HTTP/1.1 413 ");
    send_all_and_hear(s.address,
                      "POST /early HTTP/1.1\r\n" HOST "Content-Length: 8388608\r\n"
                      "Expect: 100-continue\r\n\r\n",
                      reply);
    find(reply, "HTTP/1.1 413 ");
    stop(&s);
    settings.limits.connections = 1;
    start(&s, &settings);
    const int there = dial(s.address);
    get(there, "/in", reply);
    send_all_and_hear(s.address, POST "Content-Length: 8388608\r\n\r\n", reply);
    check_problem(reply, 503);
    close(there);
    stop(&s);
}

/* A client that sends without a pause does not have the loop to itself: all that waits in its
 * socket while the server is busy elsewhere is read in many turns. */
static void bodies_leave_turns_to_others(void **state) {
    (void)state;
    site s;
    char reply[REPLY];
    start(&s, &DEFAULTS);
    const int busy = dial(s.address);
    say(busy, "GET /busy HTTP/1.1\r\n" HOST "\r\n"); /* for a fifth of a second */
    g_usleep(50000);
    send_all_and_hear(s.address, POST "Content-Length: 8388608\r\nConnection: close\r\n\r\n",
                      reply);
    find(reply, "HTTP/1.1 200 ");
    assert_int_equal(s.body, 8 << 20);
    assert_in_range(s.most_in_turn, 1, 128 << 10);
    close(busy);
    stop(&s);
}

/* ---- slow clients -------------------------------------------------------------------------- */

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
    assert_int_equal(metric(&s, IBX_M_REQUESTS, 408), 2);
    assert_int_equal(s.refusals, 2); /* an idle connection is none */
    assert_int_equal(s.refused_with, 408);
    stop(&s);
}

/* With a receive buffer that is full soon. */
static int dial_narrow(const char *address) {
    const int size = 16384, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    a.sin_port = htons((uint16_t)strtol(strrchr(address, ':') + 1, NULL, 10));
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
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

/* A few bytes go at a time, so that the server's socket reports no room for longer than write_ms:
 * that they arrive is enough. */
static void steady_readers_are_waited_for(void **state) {
    (void)state;
    site s;
    char reply[REPLY];
    ibx_settings settings = DEFAULTS;
    settings.limits.write_ms = 1000;
    start(&s, &settings);
    const int fd = dial_narrow(s.address);
    say(fd, "GET /big HTTP/1.1\r\n" HOST "\r\n");
    const double until = now() + 4;
    while (now() < until) {
        assert_true(recv(fd, reply, 1500, 0) > 0);
        g_usleep(40000);
    }
    assert_int_equal(metric(&s, IBX_M_REFUSED, IBX_REFUSED_SLOW), 0);
    assert_int_equal(metric(&s, IBX_M_CONNECTIONS, 0), 1);
    await_connections(&s, 0); /* now it takes nothing any more */
    assert_int_equal(metric(&s, IBX_M_REFUSED, IBX_REFUSED_SLOW), 1);
    close(fd);
    stop(&s);
}

/* On a connection's first request and on a later one. */
static void who_leaves_while_waiting_is_noticed(void **state) {
    (void)state;
    site s;
    char reply[REPLY];
    start(&s, &DEFAULTS);
    for (int later = 0; later < 2; later++) {
        const int fd = dial(s.address), stays = dial(s.address);
        if (later) get(fd, "/", reply);
        say(fd, "GET /wait HTTP/1.1\r\n" HOST "\r\n");
        say(stays, "GET /wait HTTP/1.1\r\n" HOST "\r\n");
        await_connections(&s, 2);
        close(fd);
        await_connections(&s, 1);
        assert_int_equal(s.aborted, 2 * later + 1);
        close(stays);
        await_connections(&s, 0);
        assert_int_equal(s.aborted, 2 * later + 2);
    }
    stop(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_are_kept),
        cmocka_unit_test(bodies_arrive_however_they_are_cut),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(continue_comes_before_the_body),
        cmocka_unit_test(the_last_request_ends_the_connection),
        cmocka_unit_test(malformed_requests_get_one_reply),
        cmocka_unit_test(good_requests_in_front_are_answered_first),
        cmocka_unit_test(a_body_that_ends_early_is_refused),
        cmocka_unit_test(refusals_are_read_behind_a_body),
        cmocka_unit_test(bodies_leave_turns_to_others),
        cmocka_unit_test(slow_clients_are_sent_away),
        cmocka_unit_test(slow_readers_are_sent_away),
        cmocka_unit_test(steady_readers_are_waited_for),
        cmocka_unit_test(who_leaves_while_waiting_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
