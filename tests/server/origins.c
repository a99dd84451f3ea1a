/* origins.c - addresses of other servers, judged by their letters. */
#include "fetching.h"
#include "server/source/freshness.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int begin(void **state) {
    fetching *f = g_new0(fetching, 1);
    ibx_error err;
    fetching_init(f, 80);
    *state = f;
    return !fetching_start(f, &err);
}

static int end(void **state) {
    fetching_end(*state);
    g_free(*state);
    return 0;
}

static void check(const fetching *f, const char *url, ibx_source_status want) {
    ibx_error err = {0};
    const ibx_source_status got = ibx_fetcher_allows(f->fetcher, url, &err);
    if (got != want) fail_msg("%s: %d (%s), not %d", url, got, err.text, want);
    assert_true((want == IBX_SOURCE_OK) == (err.code == IBX_OK));
}

static void lets_listed_hosts_through(void **state) {
    static const char *const GOOD[] = {"http://img.example.org/a.png",
                                       "HTTP://IMG.Example.ORG/a.png",
                                       "http://img.example.org:80/a.png",
                                       "http://img.example.org./a.png",
                                       "http://img.example.org",
                                       "http://img.example.org?q",
                                       "http://a.cdn.example.org/a.png",
                                       "http://a.b.cdn.example.org/a.png",
                                       "http://127.0.0.1/a.png",
                                       "http://127.0.0.1:80/a%20b.png?x=@#y@z",
                                       "http://img.example.org/\xC3\xA4",
                                       "http://img.example.org:080/",
                                       "http://\xEF\xBD\x89mg.example.org/" /* a full-width i */};
    for (size_t i = 0; i < G_N_ELEMENTS(GOOD); i++) check(*state, GOOD[i], IBX_SOURCE_OK);
}

static void refuses_other_hosts(void **state) {
    static const char *const OTHERS[] = {"http://example.org/",
                                         "http://cdn.example.org/",
                                         "http://xcdn.example.org/",
                                         "http://img.example.org.evil.example/",
                                         "http://evil-img.example.org/",
                                         "http://img.example.org:81/",
                                         "http://img.example.org:443/",
                                         "https://img.example.org/", /* its port is 443 */
                                         "http://user@img.example.org/",
                                         "http://user:word@img.example.org/",
                                         "http://img.example.org@evil.example/",
                                         "http://img.example.org:80@evil.example/",
                                         "http://img%2eexample.org/",
                                         "http://im\xD1\x96.example.org/", /* another i */
                                         "file:///etc/passwd",
                                         "ftp://img.example.org/",
                                         "gopher://img.example.org/",
                                         "dict://img.example.org/",
                                         "data://text/plain,x",
                                         "httpx://img.example.org/",
                                         "s3://img.example.org/"};
    for (size_t i = 0; i < G_N_ELEMENTS(OTHERS); i++) {
        check(*state, OTHERS[i], IBX_SOURCE_FORBIDDEN);
    }
}

/* Whatever inet_aton and inet_pton take, in every spelling but the one of the list. */
static void refuses_numbers(void **state) {
    static const char *const NUMBERS[] = {
        "http://127.1/",
        "http://127.0.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://0X7F.0.0.1/",
        "http://017700000001/",
        "http://0177.0.0.1/",
        "http://127.0.0.01/",
        "http://127.0.0.1./",
        "http://0/",
        "http://0.0.0.0/",
        "http://169.254.169.254/",
        "http://10.0.0.1/",
        "http://8.8.8.8/", /* public, but not on the list */
        "http://[::1]/",   /* on the list, but not let through */
        "http://[0:0:0:0:0:0:0:1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[fe80::1%25eth0]/",
        "http://[::]/",
        "http://\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.0.0.1/", /* full-width digits */
        "http://127\343\200\2020\343\200\2020\343\200\2021/", /* full stops of Chinese */
        "http://\xE2\x91\xA0\xE2\x91\xA1\xE2\x91\xA6.0.0.1/", /* digits in circles */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(NUMBERS); i++) {
        check(*state, NUMBERS[i], IBX_SOURCE_FORBIDDEN);
    }
}

static void refuses_what_is_no_address(void **state) {
    char *many = g_strnfill(5000, 'x'),
         *long_one = g_strconcat("http://img.example.org/", many, NULL);
    const char *const BAD[] = {
        "",
        "img.example.org/a.png",
        "//img.example.org/a.png",
        "http:/img.example.org/",
        "http:img.example.org",
        "http://",
        "http:///img.example.org/",
        "http:////img.example.org/",
        "http://:80/",
        "http://img.example.org:/x y",
        "http://img.example.org:99999/",
        "http://img.example.org:8a/",
        "http://img.example.org\\@127.0.0.1/",
        "http://img.example.org/\r\nHost: x",
        "http://img.example.org/\x7F",
        " http://img.example.org/",
        "http://img.example.org/\xFF",
        "http://img..example.org/",
        "http://.img.example.org/",
        "http://img.example.org../",
        "http://img.exa*mple.org/",
        "http://[::1/",
        "http://[::1]x/",
        "http://[v1.x]/",
        long_one,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(BAD); i++) {
        ibx_error err = {0};
        const ibx_source_status got =
            ibx_fetcher_allows(((fetching *)*state)->fetcher, BAD[i], &err);
        if (got != IBX_SOURCE_BAD) fail_msg("%.60s: %d (%s)", BAD[i], got, err.text);
    }
    g_free(many), g_free(long_one);
}

static void allows_nothing_by_itself(void **state) {
    fetching *f = *state;
    g_strfreev(f->settings.remote.allow);
    f->settings.remote.allow = g_strsplit("*;*.;;.;http://img.example.org;a b", ";", -1);
    ibx_fetcher_reloaded(f->fetcher);
    check(f, "http://img.example.org/", IBX_SOURCE_FORBIDDEN);
    check(f, "http://127.0.0.1/", IBX_SOURCE_FORBIDDEN);
    g_strfreev(f->settings.remote.allow);
    f->settings.remote.allow = NULL;
    ibx_fetcher_reloaded(f->fetcher);
    check(f, "http://img.example.org/", IBX_SOURCE_FORBIDDEN);
}

/* The list is normal too, and what ends alike in numbers is not below anything. */
static void reads_the_list(void **state) {
    fetching *f = *state;
    g_strfreev(f->settings.remote.allow);
    f->settings.remote.allow = g_strsplit("B\xC3\xBC"
                                          "cher.example. *.0.0.1 ::1 *.Example.NET",
                                          " ", -1);
    g_strfreev(f->settings.remote.networks);
    f->settings.remote.networks = g_strsplit("127.0.0.0/8 ::1", " ", -1);
    ibx_fetcher_reloaded(f->fetcher);
    check(f, "http://xn--bcher-kva.example/", IBX_SOURCE_OK);
    check(f,
          "http://b\xC3\xBC"
          "cher.example/",
          IBX_SOURCE_OK);
    check(f, "http://bucher.example/", IBX_SOURCE_FORBIDDEN);
    check(f, "http://127.0.0.1/", IBX_SOURCE_FORBIDDEN);
    check(f, "http://[::1]/", IBX_SOURCE_OK);
    check(f, "http://[::1]:80/x", IBX_SOURCE_OK);
    check(f, "http://[0::1]/x", IBX_SOURCE_FORBIDDEN);
    check(f, "http://a.example.net/", IBX_SOURCE_OK);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

/* RFC 9111: which of the fields counts, and what is not said. */
static void tells_freshness(void **state) {
    (void)state;
    static const struct {
        const char *control, *expires, *age;
        int seconds;
    } CASES[] = {{NULL, NULL, NULL, -1},
                 {"public", NULL, "5", -1},
                 {"max-age=60", NULL, NULL, 60},
                 {"Public, MAX-AGE = \"60\" ", NULL, NULL, 60},
                 {"max-age=60", NULL, "20", 40},
                 {"max-age=60", NULL, "80", 0},
                 {"max-age=60,s-maxage=7", NULL, NULL, 7},
                 {"s-maxage=7,max-age=60", "Sun, 09 Sep 2001 01:46:50 GMT", NULL, 7},
                 {"max-age=60, no-store", NULL, NULL, 0},
                 {"no-cache=\"Set-Cookie\", max-age=60", NULL, NULL, 0},
                 {"max-age=60,private", NULL, NULL, 0},
                 {"max-age=", NULL, NULL, 0},
                 {"max-age", NULL, NULL, 0},
                 {"max-age=-5", NULL, NULL, 0},
                 {"max-age=99999999999999999999", NULL, NULL, 365 * 24 * 3600},
                 {NULL, "Sun, 09 Sep 2001 01:46:50 GMT", NULL, 10},
                 {NULL, "Sun, 09 Sep 2001 01:46:40 GMT", NULL, 0},
                 {"public", "0", NULL, 0}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const int64_t ms =
            ibx_fresh_ms(CASES[i].control, CASES[i].expires, CASES[i].age, 1000000000);
        const int64_t want = CASES[i].seconds < 0 ? IBX_FRESH_UNSAID : CASES[i].seconds * 1000LL;
        if (ms != want) fail_msg("%s: %lld", CASES[i].control, (long long)ms);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(lets_listed_hosts_through), TEST(refuses_other_hosts),
        TEST(refuses_numbers),           TEST(refuses_what_is_no_address),
        TEST(allows_nothing_by_itself),  TEST(reads_the_list),
        TEST(tells_freshness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
