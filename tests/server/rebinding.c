/* rebinding.c - names that lead elsewhere: a network of the test's own, with a resolver that
 * answers as it is told and servers on addresses that are public, private or of a cloud's metadata.
 * All of it lives in a namespace; no packet leaves it. */
#include "fetching.h"
#include "origin.h"
#include <setjmp.h>
#include <stdarg.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PORT = 8080 };
#define NAME "http://img.example.org:8080"

static const char *const ADDRESSES[] = {"203.0.114.1", "203.0.114.2", "169.254.169.254", "10.0.0.1",
                                        "127.0.0.1"};
enum { PUBLIC, SILENT, METADATA, PRIVATE, LOOPBACK, SERVERS }; /* nobody listens on SILENT */

/* ---- the network --------------------------------------------------------------------------------
 */

static bool put(const char *path, const char *text) {
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    const bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0) close(fd);
    return good;
}

/* Lays a file with this text over another one, in this namespace. */
static bool cover(const char *path, const char *text) {
    char name[] = "/tmp/imbrex-rebinding-XXXXXX";
    const int fd = mkstemp(name);
    if (fd >= 0) close(fd);
    const bool good = fd >= 0 && chmod(name, 0644) == 0 && put(name, text) &&
                      mount(name, path, NULL, MS_BIND, NULL) == 0;
    unlink(name);
    return good;
}

static bool has_loopback_up(int control) {
    struct ifreq lo = {.ifr_name = "lo"};
    if (ioctl(control, SIOCGIFFLAGS, &lo) != 0) return false;
    lo.ifr_flags = (short)(lo.ifr_flags | IFF_UP | IFF_RUNNING);
    return ioctl(control, SIOCSIFFLAGS, &lo) == 0;
}

static bool has_address(int control, int number, const char *text) {
    struct ifreq lo = {.ifr_name = ""};
    struct sockaddr_in *address = (struct sockaddr_in *)&lo.ifr_addr;
    snprintf(lo.ifr_name, sizeof lo.ifr_name, "lo:%d", number);
    *address = (struct sockaddr_in){.sin_family = AF_INET};
    inet_pton(AF_INET, text, &address->sin_addr);
    return ioctl(control, SIOCSIFADDR, &lo) == 0;
}

/* False where the kernel or a container does not allow it. */
static bool enter_namespace(void) {
    char map[64];
    snprintf(map, sizeof map, "0 %d 1\n", (int)getuid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) != 0) return false;
    if (!put("/proc/self/uid_map", map)) return false;
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return false;
    if (!cover("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n") ||
        !cover("/etc/nsswitch.conf", "hosts: dns\n")) {
        return false;
    }
    const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool good = control >= 0 && has_loopback_up(control);
    for (int i = 0; i < LOOPBACK; i++) good = good && has_address(control, i, ADDRESSES[i]);
    close(control);
    return good;
}

/* ---- the resolver -------------------------------------------------------------------------------
 */

/* What the name is said to be: an answer for each question for IPv4 addresses, "a b" for two, the
 * last one for all later questions too; IPv6 addresses are those of the first. NULL: silence. */
typedef struct {
    const char *const *_Atomic answers;
    atomic_int asked; /* questions for IPv4 addresses */
} zone;

/* The records (RFC 1035 section 3.2.1) for the words that are of this family; TTL 0. */
static size_t add_records(const char *words, int family, uint8_t *at, int *count) {
    uint8_t *const first = at;
    char **word = g_strsplit(words, " ", -1);
    const uint8_t size = family == AF_INET ? 4 : 16;
    for (char **w = word; *w; w++) {
        const uint8_t head[12] = {0xC0, 12, 0,   family == AF_INET ? 1 : 28, 0, 1, 0, 0, 0,
                                  0,    0,  size};
        if (inet_pton(family, *w, at + sizeof head) != 1) continue;
        memcpy(at, head, sizeof head);
        at += sizeof head + size;
        ++*count;
    }
    g_strfreev(word);
    return (size_t)(at - first);
}

/* Turns a question into its answer, in place. 0: none. */
static size_t answer_question(zone *z, uint8_t *packet, size_t size) {
    size_t end = 12;
    int count = 0;
    while (end < size && packet[end]) end += packet[end] + 1U;
    end += 5; /* the empty label, type and class */
    const char *const *answers = atomic_load(&z->answers);
    if (end > size || !answers) return 0;
    const int type = packet[end - 3], family = type == 1 ? AF_INET : type == 28 ? AF_INET6 : 0;
    const int asked = type == 1 ? atomic_fetch_add(&z->asked, 1) : 0;
    int which = 0;
    while (which < asked && answers[which + 1]) which++;
    packet[2] = 0x84; /* a reply, with authority */
    packet[3] = 0;
    if (family) end += add_records(answers[which], family, packet + end, &count);
    memset(packet + 6, 0, 6);
    packet[7] = (uint8_t)count;
    return end;
}

typedef struct {
    zone zone;
    int socket;
    GThread *thread;
    origin *server[SERVERS];
    fetching f;
} world;

static void *resolve(void *user) {
    world *w = user;
    uint8_t packet[1500];
    struct sockaddr_storage from;
    for (;;) {
        socklen_t length = sizeof from;
        const ssize_t n = recvfrom(w->socket, packet, 512, 0, (struct sockaddr *)&from, &length);
        if (n < 17) return NULL; /* the end of the test */
        const size_t size = answer_question(&w->zone, packet, (size_t)n);
        if (size) sendto(w->socket, packet, size, 0, (struct sockaddr *)&from, length);
    }
}

static bool start_resolver(world *w) {
    const struct sockaddr_in where = {
        .sin_family = AF_INET, .sin_port = htons(53), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    w->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bind(w->socket, (const struct sockaddr *)&where, sizeof where) != 0) return false;
    w->thread = g_thread_new("resolver", resolve, w);
    return true;
}

/* ---- the tests ----------------------------------------------------------------------------------
 */

static void answer(int socket, const char *request, void *user) {
    char path[128] = "", header[256];
    (void)user;
    sscanf(request, "GET %127s", path);
    if (strncmp(path, "/to?", 4) == 0) {
        snprintf(header, sizeof header, "Location: %s\r\n", path + 4);
        origin_reply(socket, "302 Found", header, "", 0);
    } else {
        origin_reply(socket, "200 OK", "", "pixels", 6);
    }
}

static bool is_inside; /* set once by main, before any test */

static int begin(void **state) {
    world *w = g_new0(world, 1);
    ibx_error err;
    *state = w;
    if (!is_inside) return 0;
    for (int i = 0; i < SERVERS; i++) {
        if (i != SILENT) w->server[i] = origin_new(ADDRESSES[i], PORT, answer, w);
        if (i != SILENT && !w->server[i]) return 1;
    }
    fetching_init(&w->f, PORT);
    g_free(w->f.settings.remote.networks[0]);
    w->f.settings.remote.networks[0] = NULL;
    return !start_resolver(w) || !fetching_start(&w->f, &err);
}

/* No test has touched what is not public. */
static int end(void **state) {
    world *w = *state;
    int touched = 0;
    if (is_inside) {
        fetching_end(&w->f);
        shutdown(w->socket, SHUT_RDWR);
        g_thread_join(w->thread);
        close(w->socket);
    }
    for (int i = 0; i < SERVERS; i++) {
        if (w->server[i] && i != PUBLIC) touched += origin_connections(w->server[i]);
        origin_free(w->server[i]);
    }
    g_free(w);
    return touched;
}

static ibx_source_status get(world *w, const char *url) {
    fetched came = {0};
    ibx_fetch_begin(w->f.fetcher, &(ibx_wanted){.url = url}, fetching_done, &came);
    fetching_wait(&came);
    fetching_release(&w->f, &came);
    return came.opened.status;
}

#define ANSWERS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void start(world *w, const char *const *answers) {
    if (!is_inside) skip();
    atomic_store(&w->zone.answers, answers);
    atomic_store(&w->zone.asked, 0);
}

static void finds_public_servers(void **state) {
    world *w = *state;
    start(w, ANSWERS("203.0.114.1"));
    assert_int_equal(get(w, NAME "/a.png"), IBX_SOURCE_OK);
    assert_int_equal(origin_connections(w->server[PUBLIC]), 1);
    assert_true(atomic_load(&w->zone.asked) > 0);
}

static void refuses_what_names_lead_to(void **state) {
    world *w = *state;
    static const char *const INSIDE[] = {
        "127.0.0.1", "169.254.169.254",  "10.0.0.1",         "0.0.0.0",           "127.0.0.53",
        "::1",       "::ffff:127.0.0.1", "64:ff9b::7f00:1",  "2002:7f00:1::",     "::127.0.0.1",
        "::",        "fe80::1",          "::ffff:a9fe:a9fe", "127.0.0.1 10.0.0.1"};
    for (size_t i = 0; i < G_N_ELEMENTS(INSIDE); i++) {
        start(w, ANSWERS(INSIDE[i]));
        assert_int_equal(ibx_fetcher_allows(w->f.fetcher, NAME "/a.png", NULL), IBX_SOURCE_OK);
        const ibx_source_status status = get(w, NAME "/a.png");
        if (status != IBX_SOURCE_FORBIDDEN) fail_msg("%s: %d", INSIDE[i], status);
    }
}

/* Good when it is looked at, bad when it is used. */
static void refuses_the_second_answer(void **state) {
    world *w = *state;
    static const char *const INSIDE[] = {"127.0.0.1", "169.254.169.254", "10.0.0.1"};
    for (size_t i = 0; i < G_N_ELEMENTS(INSIDE); i++) {
        start(w, ANSWERS("203.0.114.1", INSIDE[i]));
        assert_int_equal(get(w, NAME "/a.png"), IBX_SOURCE_OK);
        assert_int_equal(get(w, NAME "/a.png"), IBX_SOURCE_FORBIDDEN);
        start(w, ANSWERS("203.0.114.1", INSIDE[i])); /* in one fetch */
        assert_int_equal(get(w, NAME "/to?" NAME "/a.png"), IBX_SOURCE_FORBIDDEN);
    }
}

static void takes_only_the_good_of_two(void **state) {
    world *w = *state;
    start(w, ANSWERS("127.0.0.1 203.0.114.1"));
    ibx_source_status status = get(w, NAME "/a.png");
    assert_true(status == IBX_SOURCE_OK || status == IBX_SOURCE_FORBIDDEN);
    start(w, ANSWERS("203.0.114.2 127.0.0.1")); /* the good one is down */
    status = get(w, NAME "/a.png");
    assert_true(status == IBX_SOURCE_FAILED || status == IBX_SOURCE_FORBIDDEN);
}

static void refuses_redirections(void **state) {
    world *w = *state;
    static const char *const INSIDE[] = {"http://169.254.169.254:8080/", "http://127.0.0.1:8080/",
                                         "http://localhost:8080/",       "http://[::1]:8080/",
                                         "http://10.0.0.1:8080/",        "//127.0.0.1:8080/"};
    start(w, ANSWERS("203.0.114.1"));
    for (size_t i = 0; i < G_N_ELEMENTS(INSIDE); i++) {
        char *url = g_strconcat(NAME "/to?", INSIDE[i], NULL);
        const ibx_source_status status = get(w, url);
        if (status != IBX_SOURCE_FORBIDDEN) fail_msg("%s: %d", url, status);
        g_free(url);
    }
    assert_int_equal(get(w, NAME "/to?/a.png"), IBX_SOURCE_OK);
}

/* A resolver that says nothing costs no more than the time to connect, nor does ending then. */
static void waits_for_no_resolver(void **state) {
    world *w = *state;
    start(w, NULL);
    w->f.settings.remote.connect_ms = 300;
    ibx_fetcher_reloaded(w->f.fetcher);
    const gint64 before = g_get_monotonic_time();
    assert_int_equal(get(w, NAME "/a.png"), IBX_SOURCE_TIMEOUT);
    assert_true(g_get_monotonic_time() - before < 900000);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(finds_public_servers),      TEST(refuses_what_names_lead_to),
        TEST(refuses_the_second_answer), TEST(takes_only_the_good_of_two),
        TEST(refuses_redirections),      TEST(waits_for_no_resolver),
    };
    is_inside = enter_namespace();
    if (!is_inside) print_message("no namespaces here (%s): skipped\n", strerror(errno));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
