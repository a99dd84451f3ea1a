/* address.c - the guard against reaching what only the server can: every special range edge by
 * edge, IPv4 addresses inside IPv6 ones, and networks that are let through. */
#include "server/source/address.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

static bool is_public(const char *text, char *const *allowed) {
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
        return ibx_address_public((struct sockaddr *)&four, allowed);
    }
    if (inet_pton(AF_INET6, text, &six.sin6_addr) != 1) fail_msg("%s is no address", text);
    return ibx_address_public((struct sockaddr *)&six, allowed);
}

static void expect(const char *text, bool want) {
    if (is_public(text, NULL) != want) fail_msg("%s: %s", text, want ? "refused" : "let through");
}

/* First and last address of a special range, and its neighbours: "" where these are special too or
 * not there. */
typedef struct {
    const char *before, *first, *last, *after;
} range;

static void check_ranges(const range *r, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (*r[i].before) expect(r[i].before, true);
        expect(r[i].first, false);
        expect(r[i].last, false);
        if (*r[i].after) expect(r[i].after, true);
    }
}

static void refuses_special_ipv4(void **state) {
    (void)state;
    static const range RANGES[] = {
        {"", "0.0.0.0", "0.255.255.255", "1.0.0.0"},
        {"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
        {"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"},
        {"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"},
        {"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"},
        {"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"},
        {"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"},
        {"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"},
        {"192.31.195.255", "192.31.196.0", "192.31.196.255", "192.31.197.0"},
        {"192.52.192.255", "192.52.193.0", "192.52.193.255", "192.52.194.0"},
        {"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"},
        {"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"},
        {"192.175.47.255", "192.175.48.0", "192.175.48.255", "192.175.49.0"},
        {"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"},
        {"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"},
        {"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"},
        {"223.255.255.255", "224.0.0.0", "239.255.255.255", ""},
        {"", "240.0.0.0", "255.255.255.255", ""},
    };
    check_ranges(RANGES, sizeof RANGES / sizeof RANGES[0]);
    expect("127.0.0.1", false);
    expect("169.254.169.254", false);
    expect("8.8.8.8", true);
}

static void refuses_special_ipv6(void **state) {
    (void)state;
    static const range RANGES[] = {
        {"", "::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::"},
        {"2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001::", "2001:1ff:ffff::", "2001:200::"},
        {"2001:db7:ffff::", "2001:db8::", "2001:db8:ffff::1", "2001:db9::"},
        {"2001:ffff::", "2002::", "2002:ffff:ffff::", "2003::"},
        {"2620:4f:7fff::", "2620:4f:8000::", "2620:4f:8000:ffff::", "2620:4f:8001::"},
        {"3ffe:ffff::", "3fff::", "3fff:fff:ffff::", "3fff:1000::"},
        {"3fff:ffff::", "4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""},
    };
    check_ranges(RANGES, sizeof RANGES / sizeof RANGES[0]);
    static const char *const REFUSED[] = {
        "::1",     "100::1", "64:ff9b:1::1", "64:ff9a::808:808", "64:ff9b:0:0:0:1:808:808",
        "5f00::1", "fc00::", "fdff::1",      "fe80::1",          "fec0::1",
        "ff02::1", "2001::1"};
    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++) expect(REFUSED[i], false);
    expect("2606:4700:4700::1111", true);
}

/* Every form that can carry an IPv4 address, with inner ones that are refused and one that is not.
 */
static void looks_inside(void **state) {
    (void)state;
    static const char *const INNER[] = {"7f00:1", "a00:1",  "a9fe:a9fe", "6440:1",    "c0a8:101",
                                        "0:0",    "c612:1", "e000:1",    "ffff:ffff", "ac10:1"};
    char text[64];
    for (size_t i = 0; i < sizeof INNER / sizeof INNER[0]; i++) {
        static const char *const FORMS[] = {"::ffff:%s",     "::%s",
                                            "64:ff9b::%s",   "2002:%s::",
                                            "2001:0:%s::",   "2606:4700::5efe:%s",
                                            "fe80::5efe:%s", "2606:4700::200:5efe:%s",
                                            "64:ff9b:1::%s", "::ffff:0:%s"};
        for (size_t f = 0; f < sizeof FORMS / sizeof FORMS[0]; f++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            snprintf(text, sizeof text, FORMS[f], INNER[i]);
#pragma GCC diagnostic pop
            expect(text, false);
        }
    }
    expect("::ffff:8.8.8.8", true);
    expect("64:ff9b::8.8.8.8", true);
    expect("2606:4700::5efe:8.8.8.8", true);
    expect("::8.8.8.8", false);      /* compatible: no host has one */
    expect("2002:808:808::", false); /* 6to4 and Teredo go where their relays like */
    expect("2001:0:808:808::1", false);
}

static void lets_networks_through(void **state) {
    (void)state;
    char *const list[] = {"nonsense", "10.1.0.0/16", "::1", "fd00::/8", "127.0.0.1", NULL};
    assert_true(is_public("10.1.255.255", list));
    assert_true(is_public("::ffff:10.1.2.3", list)); /* the same host in other words */
    assert_false(is_public("10.2.0.0", list));
    assert_true(is_public("::1", list));
    assert_false(is_public("::2", list));
    assert_true(is_public("fd12::3", list));
    assert_true(is_public("127.0.0.1", list));
    assert_false(is_public("127.0.0.2", list));
    assert_false(is_public("64:ff9b::127.0.0.1", list)); /* another machine's */
    assert_true(is_public("9.9.9.9", list));
    char *const broken[] = {"10.0.0.1/8", "127.0.0.1/99", "", "/", NULL};
    assert_false(is_public("10.0.0.1", broken));
    assert_false(is_public("127.0.0.1", broken));
}

static void refuses_other_families(void **state) {
    (void)state;
    const struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "/run/x"};
    const struct sockaddr none = {.sa_family = AF_UNSPEC};
    assert_false(ibx_address_public((const struct sockaddr *)&local, NULL));
    assert_false(ibx_address_public(&none, NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_special_ipv4),   cmocka_unit_test(refuses_special_ipv6),
        cmocka_unit_test(looks_inside),           cmocka_unit_test(lets_networks_through),
        cmocka_unit_test(refuses_other_families),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
