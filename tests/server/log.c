/* log - lines of JSON, cut, dropped and counted, but never waited for; and what systemd is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#include "server/admin/log.h"
#include "server/admin/metrics.h"
#include "server/admin/notify.h"
#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[] = "/tmp/imbrex-log-XXXXXX";
static char file[64];
static ibx_log *log_;
static JsonParser *parser;

static int set_up(void **state) {
    (void)state;
    unlink(file);
    parser = json_parser_new();
    return (log_ = ibx_log_open(file, NULL)) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    ibx_log_close(log_);
    log_ = NULL;
    g_object_unref(parser);
    return 0;
}

/* The lines of a text, without the empty one behind its end. Free with g_strfreev. */
static char **lines_of(const char *text) {
    char **line = g_strsplit(text, "\n", -1);
    const guint count = g_strv_length(line);
    assert_true(count > 0);
    assert_string_equal(line[count - 1], ""); /* the last line is ended */
    g_free(line[count - 1]);
    line[count - 1] = NULL;
    return line;
}

static char **logged(void) {
    char *text = NULL;
    assert_true(g_file_get_contents(file, &text, NULL, NULL));
    char **line = lines_of(text);
    g_free(text);
    return line;
}

static JsonObject *parse(const char *line) {
    GError *why = NULL;
    if (!json_parser_load_from_data(parser, line, -1, &why)) fail_msg("%s: %s", why->message, line);
    return json_node_get_object(json_parser_get_root(parser));
}

static void events(void **state) {
    (void)state;
    ibx_log_event(log_, "info", "listening on %s, \"%d\"\n", "127.0.0.1", 80);
    char **line = logged();
    assert_int_equal(g_strv_length(line), 1);
    JsonObject *o = parse(line[0]);
    assert_string_equal(json_object_get_string_member(o, "level"), "info");
    assert_string_equal(json_object_get_string_member(o, "message"),
                        "listening on 127.0.0.1, \"80\"\n");
    const char *time = json_object_get_string_member(o, "time");
    GDateTime *when = g_date_time_new_from_iso8601(time, NULL);
    assert_int_equal(strlen(time), strlen("2026-11-26T09:05:00.123Z"));
    assert_non_null(when);
    GDateTime *now = g_date_time_new_now_utc();
    const GTimeSpan ago = g_date_time_difference(now, when);
    assert_true(ago > -2000 && ago < 60 * G_TIME_SPAN_SECOND);
    g_date_time_unref(when);
    g_date_time_unref(now);
    g_strfreev(line);
}

static void requests(void **state) {
    (void)state;
    const ibx_log_request r = {.id = "01J",
                               .client = "::1",
                               .method = "GET",
                               .path = "/v1/-/x\xff\"\n",
                               .route = ibx_route_name(IBX_ROUTE_DEEPZOOM),
                               .status = 200,
                               .bytes_out = 1LL << 40,
                               .total_ms = 1.23456789};
    const ibx_log_request failed = {.status = 500, .problem = "internal"};
    ibx_log_write(log_, &r);
    ibx_log_write(log_, &failed);
    char **line = logged();
    assert_int_equal(g_strv_length(line), 2);
    assert_non_null(strstr(line[0], "\"path\":\"/v1/-/x\\udcff\\\"\\n\""));
    assert_non_null(strstr(line[0], "\"level\":\"info\""));
    assert_non_null(strstr(line[0], "\"route\":\"deepzoom\""));
    assert_non_null(strstr(line[0], "\"bytes_out\":1099511627776"));
    assert_non_null(strstr(line[0], "\"total_ms\":1.235"));
    assert_null(strstr(line[0], "problem"));
    assert_null(strstr(line[0], "queue_ms"));
    JsonObject *o = parse(line[1]);
    assert_int_equal(json_object_get_size(o), 4);
    assert_string_equal(json_object_get_string_member(o, "level"), "error");
    g_strfreev(line);
}

/* Long texts are cut between characters; escapes do not make a line too long. */
static void cuts(void **state) {
    (void)state;
    char *path = g_strnfill(9000, 'a'), *controls = g_strnfill(3000, '\x01');
    memcpy(path + 999, "\xc3\xa4", 2); /* one character over byte 1000 */
    const ibx_log_request r = {.path = path, .recipe = "r"};
    const ibx_log_request hostile = {
        .id = controls, .client = controls, .path = controls, .recipe = controls};
    ibx_log_write(log_, &r);
    ibx_log_write(log_, &hostile);
    ibx_log_event(log_, "info", "%s", controls);
    char **line = logged();
    assert_int_equal(g_strv_length(line), 3);
    for (int i = 0; i < 3; i++) assert_true(strlen(line[i]) < 4096);
    JsonObject *o = parse(line[0]);
    assert_int_equal(strlen(json_object_get_string_member(o, "path")), 999);
    assert_string_equal(json_object_get_string_member(o, "recipe"), "r");
    o = parse(line[1]);
    assert_int_equal(strlen(json_object_get_string_member(o, "recipe")), 48);
    g_strfreev(line);
    g_free(path);
    g_free(controls);
}

static void appends(void **state) {
    (void)state;
    ibx_log_event(log_, "info", "one");
    ibx_log *other = ibx_log_open(file, NULL);
    ibx_log_event(other, "info", "two");
    ibx_log_event(log_, "info", "three");
    ibx_log_close(other);
    char **line = logged();
    assert_int_equal(g_strv_length(line), 3);
    assert_non_null(strstr(line[1], "two"));
    g_strfreev(line);
    ibx_error err;
    assert_null(ibx_log_open("/nowhere/log", &err));
    assert_non_null(strstr(err.text, "/nowhere/log"));
    ibx_log *off = ibx_log_open("off", NULL);
    ibx_log_event(off, "info", "nothing");
    ibx_log_close(off);
}

/* Who renames the file and asks gets a new one of its name; where there can be none, nothing is
 * lost. */
static void rotates(void **state) {
    (void)state;
    ibx_error err = {0};
    char old[80];
    snprintf(old, sizeof old, "%s.1", file);
    ibx_log_event(log_, "info", "old");
    assert_int_equal(rename(file, old), 0);
    ibx_log_event(log_, "info", "old too");
    assert_true(ibx_log_reopen(log_, &err));
    ibx_log_event(log_, "info", "new");
    char **line = logged();
    assert_int_equal(g_strv_length(line), 1);
    assert_non_null(strstr(line[0], "new"));
    g_strfreev(line);
    unlink(old);
    assert_int_equal(rename(file, old), 0);
    assert_int_equal(mkdir(file, 0700), 0);
    assert_false(ibx_log_reopen(log_, &err));
    assert_non_null(strstr(err.text, file));
    ibx_log_event(log_, "info", "still here");
    assert_int_equal(rmdir(file), 0);
    assert_int_equal(rename(old, file), 0);
    line = logged();
    assert_int_equal(g_strv_length(line), 2);
    g_strfreev(line);
    ibx_log *off = ibx_log_open("off", NULL);
    assert_true(ibx_log_reopen(off, &err));
    ibx_log_close(off);
}

/* What a pipe holds. */
static char **read_pipe(int fd) {
    GString *all = g_string_new(NULL);
    char part[8192];
    for (ssize_t n; (n = read(fd, part, sizeof part)) > 0;) g_string_append_len(all, part, n);
    char **line = lines_of(all->str);
    g_string_free(all, TRUE);
    return line;
}

enum { LINES = 3000 };

/* Standard error is a pipe that nobody reads: the server goes on, and the lines that are missing
 * are counted once there is room. */
static void drops(void **state) {
    (void)state;
    int end[2];
    const int kept = dup(STDERR_FILENO);
    char long_text[300];
    memset(long_text, 'x', sizeof long_text);
    long_text[sizeof long_text - 1] = 0;
    assert_int_equal(pipe2(end, O_CLOEXEC), 0);
    dup2(end[1], STDERR_FILENO);
    ibx_log *slow = ibx_log_open("-", NULL);
    for (int i = 0; i < LINES; i++) ibx_log_event(slow, "info", "%s", long_text);
    fcntl(end[0], F_SETFL, O_NONBLOCK);
    char **line = read_pipe(end[0]);
    const int written = (int)g_strv_length(line);
    g_strfreev(line);
    assert_in_range(written, 10, LINES - 10);

    ibx_log_event(slow, "info", "again");
    line = read_pipe(end[0]);
    assert_int_equal(g_strv_length(line), 2);
    JsonObject *o = parse(line[0]);
    assert_int_equal(json_object_get_int_member(o, "dropped"), LINES - written);
    assert_non_null(strstr(line[1], "again"));
    g_strfreev(line);
    ibx_log_close(slow);
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(end[0]);
    close(end[1]);
}

static void *write_many(void *unused) {
    (void)unused;
    for (int i = 0; i < 500; i++) ibx_log_event(log_, "info", "line %d", i);
    return NULL;
}

static void threads(void **state) {
    (void)state;
    pthread_t thread[4];
    for (int i = 0; i < 4; i++) pthread_create(&thread[i], NULL, write_many, NULL);
    for (int i = 0; i < 4; i++) pthread_join(thread[i], NULL);
    char **line = logged();
    assert_int_equal(g_strv_length(line), 2000);
    for (char **l = line; *l; l++) parse(*l);
    g_strfreev(line);
}

/* A socket in systemd's place, under a path or an abstract name. */
static void check_notify(const char *name) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char got[64] = "";
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    memcpy(at.sun_path, name, strlen(name));
    if (*name == '@') at.sun_path[0] = 0;
    const size_t size = offsetof(struct sockaddr_un, sun_path) + strlen(name);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, (socklen_t)size), 0);
    setenv("NOTIFY_SOCKET", name, 1);
    assert_true(ibx_notify("READY=1"));
    assert_int_equal(recv(fd, got, sizeof got, MSG_DONTWAIT), 7);
    assert_string_equal(got, "READY=1");
    close(fd);
    assert_false(ibx_notify("READY=1"));
}

static void notifies(void **state) {
    (void)state;
    char name[64];
    unsetenv("NOTIFY_SOCKET");
    assert_false(ibx_notify("READY=1"));
    snprintf(name, sizeof name, "%s/notify", folder);
    check_notify(name);
    unlink(name);
    snprintf(name, sizeof name, "@imbrex-test-%d", getpid());
    check_notify(name);
    unsetenv("NOTIFY_SOCKET");
}

static int make_folder(void **state) {
    (void)state;
    if (!mkdtemp(folder)) return -1;
    snprintf(file, sizeof file, "%s/log", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    unlink(file);
    return rmdir(folder);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {TEST(events),  TEST(requests), TEST(cuts),
                                       TEST(appends), TEST(rotates),  TEST(drops),
                                       TEST(threads), TEST(notifies)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
