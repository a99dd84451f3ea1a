/* listener - many clients, limits, and sockets of all kinds. */
#include "site.h"

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
        assert_int_equal(s.refusals, 1);
        assert_int_equal(s.refused_with, each == 3 ? 503 : 429);
        assert_string_equal(s.refused_client, "127.0.0.1");
        assert_int_equal(metric(&s, IBX_M_REQUESTS, s.refused_with), 1);
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
    assert_true(s.refusals > 0);
    assert_int_equal(s.refused_with, 503);
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
        struct stat st;
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0660); /* a proxy of the same group may connect */
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

static void refuse_path(const char *path, ibx_error *err) {
    ibx_settings settings = DEFAULTS;
    char *spelling = g_strconcat("unix:", path, NULL);
    settings.server.listen = (char *[]){spelling, NULL};
    assert_null(ibx_listener_open(&settings, NULL, connected, NULL, err));
    assert_int_equal(err->code, IBX_IO);
    find(err->text, spelling);
    g_free(spelling);
}

static void files_that_are_no_sockets_survive(void **state) {
    (void)state;
    char folder[] = "/tmp/imbrex-net-XXXXXX", *text = NULL;
    ibx_error err = {0};
    assert_non_null(mkdtemp(folder));
    char *file = g_strconcat(folder, "/file", NULL), *link = g_strconcat(folder, "/link", NULL);
    assert_true(g_file_set_contents(file, "kept", 4, NULL));
    assert_int_equal(symlink("/nowhere/at/all", link), 0);
    refuse_path(file, &err);
    find(err.text, "no socket");
    refuse_path(link, &err);
    find(err.text, "no socket");
    refuse_path(folder, &err);
    assert_true(g_file_get_contents(file, &text, NULL, NULL));
    assert_string_equal(text, "kept");
    assert_true(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
    unlink(file);
    unlink(link);
    assert_int_equal(rmdir(folder), 0);
    g_free(text);
    g_free(file);
    g_free(link);
}

static int dial_v6(int port) {
    const struct sockaddr_in6 a = {.sin6_family = AF_INET6,
                                   .sin6_addr = IN6ADDR_LOOPBACK_INIT,
                                   .sin6_port = htons((uint16_t)port)};
    const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&a, sizeof a) == 0) return fd;
    close(fd);
    return -1;
}

static void both_families_share_a_port(void **state) {
    (void)state;
    site s, v6;
    char reply[REPLY], spelling[30];
    const int probe = socket(AF_INET6, SOCK_STREAM, 0);
    const struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    const bool works = bind(probe, (const struct sockaddr *)&a, sizeof a) == 0;
    close(probe);
    if (!works) skip(); /* no IPv6 on this machine */
    ibx_settings settings = DEFAULTS;
    settings.server.listen = (char *[]){"[::]:0", NULL};
    start(&v6, &settings);
    const int port = (int)strtol(strrchr(v6.address, ':') + 1, NULL, 10);
    g_snprintf(spelling, sizeof spelling, "0.0.0.0:%d", port);
    settings.server.listen = (char *[]){spelling, NULL};
    start(&s, &settings);
    const int one = dial_v6(port), two = dial(s.address);
    get(one, "/six", reply);
    get(two, "/four", reply);
    assert_int_equal(v6.requests, 1);
    assert_int_equal(s.requests, 1);
    close(one);
    close(two);
    stop(&s);
    stop(&v6);
}

static void addresses_that_are_none_are_refused(void **state) {
    (void)state;
    static const char *const BAD[] = {
        "",      "8080",  "localhost:80", "127.0.0.1",     "127.0.0.1:x",  "::1:1",
        "[::1]", "[a]:1", "unix:",        "1.2.3.4:65536", "unix:relative"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        ibx_settings settings = DEFAULTS;
        ibx_error err = {0};
        settings.server.listen = (char *[]){(char *)BAD[i], NULL};
        assert_null(ibx_listener_open(&settings, NULL, connected, NULL, &err));
        assert_int_equal(err.code, IBX_USAGE);
        find(err.text, BAD[i]);
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
        cmocka_unit_test(a_dripping_crowd_keeps_nobody_waiting),
        cmocka_unit_test(limits_are_of_all_and_of_each),
        cmocka_unit_test(without_descriptors_it_rests),
        cmocka_unit_test(unix_sockets_are_made_and_removed),
        cmocka_unit_test(files_that_are_no_sockets_survive),
        cmocka_unit_test(both_families_share_a_port),
        cmocka_unit_test(addresses_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
