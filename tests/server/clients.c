/* clients - connections and requests of each client, in a table that stays small. */
#include "server/net/clients.h"
#include <gio/gunixsocketaddress.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { SECOND = 1000000, MOST = 10 };

static const ibx_settings SETTINGS = {
    .limits = {.connections_per_client = 2, .requests_per_second = 4, .burst = 3}};

static ibx_client_key key_of(const char *address) {
    GSocketAddress *a = g_inet_socket_address_new_from_string(address, 1234);
    assert_non_null(a);
    const ibx_client_key key = ibx_client_key_of(a);
    g_object_unref(a);
    return key;
}

static bool same(const char *a, const char *b) {
    const ibx_client_key x = key_of(a), y = key_of(b);
    return memcmp(&x, &y, sizeof x) == 0;
}

static void a_client_is_an_address_or_a_network(void **state) {
    (void)state;
    assert_true(same("10.0.0.1", "10.0.0.1"));
    assert_false(same("10.0.0.1", "10.0.0.2"));
    assert_true(same("10.0.0.1", "::ffff:10.0.0.1"));
    assert_true(same("2001:db8:0:1::1", "2001:db8:0:1:ffff::2"));
    assert_false(same("2001:db8:0:1::1", "2001:db8:0:2::1"));
}

static void connections_are_counted(void **state) {
    (void)state;
    ibx_clients *c = ibx_clients_new(&SETTINGS, MOST);
    const ibx_client_key a = key_of("10.0.0.1"), b = key_of("10.0.0.2");
    assert_true(ibx_clients_enter(c, a));
    assert_true(ibx_clients_enter(c, a));
    assert_false(ibx_clients_enter(c, a));
    assert_true(ibx_clients_enter(c, b));
    ibx_clients_leave(c, a);
    assert_true(ibx_clients_enter(c, a));
    assert_false(ibx_clients_enter(c, a));
    ibx_clients_free(c);
}

static void a_bucket_empties_and_fills(void **state) {
    (void)state;
    ibx_clients *c = ibx_clients_new(&SETTINGS, MOST);
    const ibx_client_key a = key_of("10.0.0.1"), b = key_of("10.0.0.2");
    int64_t now = g_get_monotonic_time() + SECOND;
    int retry = 0;
    for (int i = 0; i < 3; i++) assert_true(ibx_clients_allow(c, a, now, &retry));
    assert_false(ibx_clients_allow(c, a, now, &retry));
    assert_int_equal(retry, 1);
    assert_true(ibx_clients_allow(c, b, now, &retry));
    now += SECOND / 4 + 1;
    assert_true(ibx_clients_allow(c, a, now, &retry));
    assert_false(ibx_clients_allow(c, a, now, &retry));
    now += 100 * (int64_t)SECOND; /* no more than the burst */
    for (int i = 0; i < 3; i++) assert_true(ibx_clients_allow(c, a, now, &retry));
    assert_false(ibx_clients_allow(c, a, now, &retry));
    ibx_clients_free(c);
}

static void many_clients_take_no_more_room(void **state) {
    (void)state;
    ibx_clients *c = ibx_clients_new(&SETTINGS, MOST);
    const ibx_client_key connected = key_of("10.1.0.1");
    const int64_t now = g_get_monotonic_time();
    assert_true(ibx_clients_enter(c, connected));
    for (int i = 0; i < 3; i++) assert_true(ibx_clients_allow(c, connected, now, NULL));
    for (int i = 0; i < 1000; i++) {
        char address[40];
        g_snprintf(address, sizeof address, "2001:db8:%x::1", i);
        assert_true(ibx_clients_allow(c, key_of(address), now, NULL));
        assert_in_range(ibx_clients_count(c), 1, MOST + 1);
    }
    assert_false(ibx_clients_allow(c, connected, now, NULL)); /* it is not forgotten */
    ibx_clients_leave(c, connected);
    assert_in_range(ibx_clients_count(c), 1, MOST);
    ibx_clients_free(c);
}

static void unix_sockets_and_no_rate_allow_all(void **state) {
    (void)state;
    const ibx_settings any = {.limits = {.connections_per_client = 1, .burst = 1}};
    ibx_clients *c = ibx_clients_new(&SETTINGS, MOST), *d = ibx_clients_new(&any, MOST);
    GSocketAddress *address = g_unix_socket_address_new("/socket");
    const ibx_client_key local = ibx_client_key_of(address), a = key_of("10.0.0.1");
    for (int i = 0; i < 100; i++) {
        assert_true(ibx_clients_enter(c, local));
        assert_true(ibx_clients_allow(c, local, 0, NULL));
        assert_true(ibx_clients_allow(d, a, 0, NULL));
    }
    assert_int_equal(ibx_clients_count(c), 0);
    g_object_unref(address);
    ibx_clients_free(c);
    ibx_clients_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_is_an_address_or_a_network),
        cmocka_unit_test(connections_are_counted),
        cmocka_unit_test(a_bucket_empties_and_fills),
        cmocka_unit_test(many_clients_take_no_more_room),
        cmocka_unit_test(unix_sockets_and_no_rate_allow_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
