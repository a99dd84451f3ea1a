/* admin - what operators are told, over real sockets, while the rest is busy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#include "server/admin/admin.h"
#include "server/config/endpoint.h"
#include <json-glib/json-glib.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static ibx_metrics *metrics;
static ibx_slow *slow;
static ibx_admin *admin;
static int port;
static char unix_path[64];

static int free_port(void) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
    getsockname(fd, (struct sockaddr *)&at, &size);
    close(fd);
    return ntohs(at.sin_port);
}

static ibx_admin *open_at(const char *address, ibx_error *err) {
    ibx_settings settings;
    char *words[] = {"--admin", (char *)(uintptr_t)address};
    assert_true(ibx_settings_read(&settings, NULL, 2, words, err));
    ibx_admin *opened = ibx_admin_open(&settings, metrics, slow, err);
    ibx_settings_free(&settings);
    return opened;
}

static int set_up(void **state) {
    (void)state;
    char address[40];
    ibx_error err;
    metrics = ibx_metrics_new();
    slow = ibx_slow_new();
    port = free_port();
    snprintf(address, sizeof address, "127.0.0.1:%d", port);
    if (!(admin = open_at(address, &err))) fail_msg("%s", err.text);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    ibx_admin_close(admin);
    ibx_metrics_free(metrics);
    ibx_slow_free(slow);
    return 0;
}

static int connect_tcp(void) {
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct timeval patience = {.tv_sec = 10};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static int connect_unix(const char *path) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    const struct timeval patience = {.tv_sec = 10};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static char reply[200000];

/* Sends the bytes and reads until the server closes, which is how every reply ends. */
static void ask_over(int fd, const char *request) {
    size_t length = 0;
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    for (ssize_t n; (n = recv(fd, reply + length, sizeof reply - 1 - length, 0)) != 0;) {
        if (n < 0) fail_msg("no end of the reply: %s", reply);
        length += (size_t)n;
    }
    reply[length] = 0;
    close(fd);
}

static void ask(const char *method, const char *path) {
    char request[200];
    snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: a\r\n\r\n", method, path);
    ask_over(connect_tcp(), request);
}

static int status(void) {
    int code = 0;
    assert_int_equal(sscanf(reply, "HTTP/1.1 %d", &code), 1);
    return code;
}

static const char *body(void) {
    const char *end = strstr(reply, "\r\n\r\n");
    assert_non_null(end);
    return end + 4;
}

static void lives(void **state) {
    (void)state;
    ask("GET", "/livez");
    assert_int_equal(status(), 200);
    assert_string_equal(body(), "ok\n");
    assert_non_null(strstr(reply, "Cache-Control: no-store\r\n"));
    assert_non_null(strstr(reply, "X-Content-Type-Options: nosniff\r\n"));
    ask("HEAD", "/livez");
    assert_int_equal(status(), 200);
    assert_string_equal(body(), "");
    assert_non_null(strstr(reply, "Content-Length: 3\r\n"));
}

static void readies(void **state) {
    (void)state;
    ask("GET", "/readyz");
    assert_int_equal(status(), 503);
    char details[] = "{\"workers\":2}";
    ibx_admin_tell(admin, true, details, "");
    details[2] = 'x'; /* a copy was taken */
    ask("GET", "/readyz");
    assert_int_equal(status(), 200);
    JsonNode *root = json_from_string(body(), NULL);
    JsonObject *o = json_node_get_object(root);
    assert_true(json_object_get_boolean_member(o, "ready"));
    JsonObject *inner = json_object_get_object_member(o, "details");
    assert_int_equal(json_object_get_int_member(inner, "workers"), 2);
    json_node_unref(root);
    ibx_admin_tell(admin, false, "{}", "");
    ask("GET", "/readyz");
    assert_int_equal(status(), 503);
    assert_string_equal(body(), "{\"ready\":false,\"details\":{}}\n");
    ibx_admin_tell(NULL, true, "{}", ""); /* the listener is off */
}

static void shows(void **state) {
    (void)state;
    ibx_metric_add(metrics, IBX_M_COALESCED, 0, 77);
    ask("GET", "/metrics");
    assert_int_equal(status(), 200);
    assert_non_null(strstr(body(), "\nimbrex_coalesced_total 77\n"));
    assert_non_null(strstr(reply, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    ibx_admin_tell(admin, true, "{}", "[server]\nroot = \xc3\xa4\n");
    ask("GET", "/config");
    assert_int_equal(status(), 200);
    assert_string_equal(body(), "[server]\nroot = \xc3\xa4\n");
}

/* The path of a request at /debug/slow; there are `count`. */
static char *slow_path(int at, guint count) {
    ask("GET", "/debug/slow");
    assert_int_equal(status(), 200);
    assert_non_null(strstr(reply, "Content-Type: application/json\r\n"));
    JsonNode *root = json_from_string(body(), NULL);
    assert_non_null(root);
    JsonArray *all = json_object_get_array_member(json_node_get_object(root), "requests");
    assert_int_equal(json_array_get_length(all), count);
    JsonObject *one = count ? json_array_get_object_element(all, (guint)at) : NULL;
    char *path = one ? g_strdup(json_object_get_string_member(one, "path")) : NULL;
    json_node_unref(root);
    return path;
}

static void assert_slow(int at, guint count, int number) {
    char wanted[40], *path = slow_path(at, count);
    snprintf(wanted, sizeof wanted, "/\"%d", number);
    assert_string_equal(path, wanted);
    g_free(path);
}

/* The latest first, and so many at most. */
static void shows_slow_ones(void **state) {
    (void)state;
    assert_null(slow_path(0, 0));
    for (int i = 0; i < 3 * IBX_SLOW_KEPT; i++) {
        char path[40];
        snprintf(path, sizeof path, "/\"%d", i);
        ibx_slow_keep(slow, &(ibx_log_request){.path = path, .status = 200, .answer_ms = 2000});
        if (i == 2) assert_slow(2, 3, 0);
    }
    assert_slow(0, IBX_SLOW_KEPT, 3 * IBX_SLOW_KEPT - 1);
    assert_slow(IBX_SLOW_KEPT - 1, IBX_SLOW_KEPT, 2 * IBX_SLOW_KEPT);
}

static void refuses(void **state) {
    (void)state;
    const char *const paths[] = {"/", "/livez/", "/livez2", "/debug/pprof", "/LIVEZ"};
    for (int i = 0; i < 5; i++) {
        ask("GET", paths[i]);
        assert_int_equal(status(), 404);
        assert_non_null(strstr(reply, "Cache-Control: no-store\r\n"));
    }
    ask("GET", "/livez%00");
    assert_int_equal(status(), 400);
    const char *const methods[] = {"POST", "DELETE", "OPTIONS", "TRACE"};
    for (int i = 0; i < 4; i++) {
        ask(methods[i], "/livez");
        assert_int_equal(status(), 405);
        assert_non_null(strstr(reply, "Allow: GET, HEAD"));
    }
}

/* The reply comes although the body never does. */
static void refuses_bodies(void **state) {
    (void)state;
    ask_over(connect_tcp(), "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nab");
    assert_int_equal(status(), 413);
    ask_over(connect_tcp(),
             "GET /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab");
    assert_int_equal(status(), 413);
    assert_non_null(strstr(reply, "Cache-Control: no-store\r\n"));
}

/* Connections that say nothing do not keep others from an answer. */
static void bears_the_silent(void **state) {
    (void)state;
    int silent[100];
    for (int i = 0; i < 100; i++) silent[i] = connect_tcp();
    ask("GET", "/livez");
    assert_int_equal(status(), 200);
    for (int i = 0; i < 100; i++) close(silent[i]);
}

static void listens_on_unix(void **state) {
    (void)state;
    ibx_error err;
    char address[80];
    struct stat st;
    snprintf(unix_path, sizeof unix_path, "/tmp/imbrex-admin-%d.sock", getpid());
    snprintf(address, sizeof address, "unix:%s", unix_path);
    /* one that a server left behind */
    GSocket *left = ibx_endpoint_listen(address, &err);
    assert_non_null(left);
    g_object_unref(left);
    ibx_admin *local = open_at(address, &err);
    if (!local) fail_msg("%s", err.text);
    assert_int_equal(stat(unix_path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
    ask_over(connect_unix(unix_path), "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(status(), 200);
    /* one that is in use stays */
    assert_null(open_at(address, &err));
    assert_non_null(strstr(err.text, unix_path));
    ask_over(connect_unix(unix_path), "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(status(), 200);
    ibx_admin_close(local);
    assert_int_not_equal(stat(unix_path, &st), 0);
}

static void says_why(void **state) {
    (void)state;
    ibx_error err = {0};
    char address[40];
    snprintf(address, sizeof address, "127.0.0.1:%d", port);
    assert_null(open_at(address, &err)); /* in use */
    assert_non_null(strstr(err.text, address));
    err = (ibx_error){0};
    assert_null(open_at("off", &err));
    assert_int_equal(err.code, IBX_OK);
}

/* Opened and closed at once, as when another part cannot start. */
static void closes_at_once(void **state) {
    (void)state;
    ibx_error err;
    char address[40];
    for (int i = 0; i < 30; i++) {
        snprintf(address, sizeof address, "127.0.0.1:%d", free_port());
        ibx_admin *brief = open_at(address, &err);
        assert_non_null(brief);
        ibx_admin_close(brief);
    }
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {TEST(lives),
                                       TEST(readies),
                                       TEST(shows),
                                       TEST(shows_slow_ones),
                                       TEST(refuses),
                                       TEST(refuses_bodies),
                                       TEST(bears_the_silent),
                                       TEST(listens_on_unix),
                                       TEST(says_why),
                                       TEST(closes_at_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
