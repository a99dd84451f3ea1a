/* delivery.c - deliveries by hand that no honest worker would make, and what the front has of them.
 */
#include "server/jobs/wire.h"
#include "turns.h"
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cmocka.h>

static int ends[2];
static int before; /* descriptors */

static int set_up(void **state) {
    (void)state;
    before = count_descriptors();
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}

/* Whatever came, no descriptor is left. */
static int tear_down(void **state) {
    (void)state;
    close(ends[0]);
    close(ends[1]);
    return count_descriptors() == before ? 0 : -1;
}

static ibx_delivery good(void) {
    ibx_delivery d = {.outputs = 1, .output = {{.format = "png", .w = 1, .h = 1, .bytes = 100}}};
    return d;
}

static int file(int seals, int64_t size) {
    const int fd = memfd_create("result", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert_int_equal(ftruncate(fd, size), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
    return fd;
}

enum { ALL = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW };

static void send_with(const ibx_delivery *d, int fd) {
    ibx_error err;
    int fds[IBX_WIRE_OUTPUTS];
    for (int i = 0; i < IBX_WIRE_OUTPUTS; i++) fds[i] = fd;
    assert_true(ibx_wire_send_delivery(ends[0], d, fd < 0 ? NULL : fds, &err));
    if (fd >= 0) close(fd);
}

static void close_all(const int *fds) {
    for (int i = 0; i < IBX_WIRE_OUTPUTS; i++)
        if (fds[i] >= 0) close(fds[i]);
}

static void take(ibx_delivery *d) {
    int fds[IBX_WIRE_OUTPUTS];
    ibx_error err = {.code = IBX_OK};
    if (!ibx_wire_take_delivery(ends[1], d, fds, &err)) fail_msg("%s", err.text);
    close_all(fds);
}

static void refuse(const ibx_delivery *d, int fd) {
    ibx_delivery got;
    int fds[IBX_WIRE_OUTPUTS];
    ibx_error err = {.code = IBX_OK};
    send_with(d, fd);
    assert_false(ibx_wire_take_delivery(ends[1], &got, fds, &err));
    assert_int_equal(err.code, IBX_BUG);
}

#define FILL(text) memset(text, 'x', sizeof(text))
#define ASSERT_FULL(text) assert_int_equal(strnlen(text, sizeof(text)), sizeof(text) - 1)

static void test_texts_without_end(void **state) {
    (void)state;
    ibx_delivery d = {.outputs = 0}, got;
    FILL(d.error.text), FILL(d.error.name), FILL(d.error.parameter), FILL(d.error.value);
    FILL(d.about.format), FILL(d.about.profile);
    for (int i = 0; i < IBX_WIRE_OUTPUTS; i++) FILL(d.output[i].format), FILL(d.output[i].name);
    d.about.head.profile = (ibx_bytes){&d, 1000};
    send_with(&d, -1);
    take(&got);
    ASSERT_FULL(got.error.text), ASSERT_FULL(got.error.name), ASSERT_FULL(got.error.parameter);
    ASSERT_FULL(got.error.value), ASSERT_FULL(got.about.format), ASSERT_FULL(got.about.profile);
    for (int i = 0; i < IBX_WIRE_OUTPUTS; i++)
        ASSERT_FULL(got.output[i].format), ASSERT_FULL(got.output[i].name);
    assert_null(got.about.head.profile.data);
    assert_int_equal(got.about.head.profile.size, 0);
}

static void test_texts_are_clean(void **state) {
    (void)state;
    static const struct {
        const char *sent, *got;
    } TEXTS[] = {{"sea\xc3\xa4gull \xe2\x82\xac \xf0\x9f\x90\xa6",
                  "sea\xc3\xa4gull \xe2\x82\xac \xf0\x9f\x90\xa6"},
                 {"a\r\nSet-Cookie: b\x7f", "a??Set-Cookie: b?"},
                 {"\xff\xfe", "??"},
                 {"\xc3", "?"},
                 {"a\xe2\x82z\xc0\xaf", "a??z??"}, /* cut short; too long a form */
                 {"\xed\xa0\x80", "???"},          /* half a pair of UTF-16 */
                 {"", ""}};
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        ibx_delivery d = good(), got;
        strcpy(d.output[0].name, TEXTS[i].sent);
        strcpy(d.error.parameter, TEXTS[i].sent);
        send_with(&d, -1);
        take(&got);
        assert_string_equal(got.output[0].name, TEXTS[i].got);
        assert_string_equal(got.error.parameter, TEXTS[i].got);
    }
}

/* A character that the end of the room cuts in two. */
static void test_cut_character(void **state) {
    (void)state;
    ibx_delivery d = {.outputs = 0}, got;
    memset(d.error.value, 'x', sizeof d.error.value);
    memcpy(d.error.value + sizeof d.error.value - 2, "\xc3\xa4", 2);
    send_with(&d, -1);
    take(&got);
    ASSERT_FULL(got.error.value);
    assert_string_equal(got.error.value + sizeof got.error.value - 3, "x?");
}

static void test_times_are_numbers(void **state) {
    (void)state;
    ibx_delivery d = {.times = {NAN, INFINITY, -INFINITY, 3, -1}, .cpu = NAN}, got;
    d.filter[0] = NAN;
    d.filter[1] = 2;
    d.filter[IBX_WIRE_FILTERS - 1] = -1;
    send_with(&d, -1);
    take(&got);
    assert_true(got.times.read == 0 && got.times.decode == 0 && got.times.filter == 0);
    assert_true(got.filter[0] == 0 && got.filter[1] == 2 && got.filter[IBX_WIRE_FILTERS - 1] == 0);
    assert_true(got.times.encode == 3 && got.times.write == 0 && got.cpu == 0);
}

static void test_files(void **state) {
    (void)state;
    ibx_delivery d = good(), got;
    send_with(&d, file(ALL, 100));
    take(&got);
    assert_int_equal(got.output[0].bytes, 100);
    refuse(&d, file(ALL, 99));
    refuse(&d, file(F_SEAL_SHRINK | F_SEAL_GROW, 100));
    refuse(&d, open("/dev/zero", O_RDONLY | O_CLOEXEC));
}

static void test_impossible(void **state) {
    (void)state;
    ibx_delivery d = good();
    d.outputs = -1;
    refuse(&d, -1);
    d = good(), d.outputs = IBX_WIRE_OUTPUTS + 1;
    refuse(&d, -1);
    d = good(), d.error.code = (ibx_code)1000;
    refuse(&d, -1);
    d = good(), d.output[0].w = 0;
    refuse(&d, file(ALL, 100));
    d = good(), strcpy(d.output[0].format, "p\nng");
    refuse(&d, file(ALL, 100));
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_texts_without_end), TEST(test_texts_are_clean), TEST(test_cut_character),
        TEST(test_times_are_numbers), TEST(test_files),           TEST(test_impossible)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
