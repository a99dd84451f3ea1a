/* s3.c - buckets: a server of the test's own computes every signature again, by the steps of the
 * documentation of AWS Signature Version 4. */
#include "fetching.h"
#include "origin.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>

#define KEY_ID "AKIDEXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCY:EXAMPLEKEY"
#define REGION "eu-test-1"
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

typedef struct {
    fetching f;
    origin *server;
    char path[2048]; /* that was asked for last */
    char why[256];   /* the last signature was refused */
} world;

/* ---- the server ---------------------------------------------------------------------------------
 */

/* The value of a header, trimmed, or NULL. g_free it. */
static char *header(const char *request, const char *name) {
    char **lines = g_strsplit(request, "\r\n", -1), *value = NULL;
    const size_t length = strlen(name);
    for (char **l = lines; *l && !value; l++) {
        if (g_ascii_strncasecmp(*l, name, length) != 0 || (*l)[length] != ':') continue;
        value = g_strstrip(g_strdup(*l + length + 1));
    }
    g_strfreev(lines);
    return value;
}

/* What stands between a word and a comma or the end. */
static char *field(const char *text, const char *word) {
    const char *at = text ? strstr(text, word) : NULL;
    return at ? g_strndup(at + strlen(word), strcspn(at + strlen(word), ", ")) : g_strdup("");
}

static void hmac(const void *key, size_t size, const char *text, uint8_t sum[32]) {
    gsize bytes = 32;
    GHmac *h = g_hmac_new(G_CHECKSUM_SHA256, key, size);
    g_hmac_update(h, (const uint8_t *)text, (gssize)strlen(text));
    g_hmac_get_digest(h, sum, &bytes);
    g_hmac_unref(h);
}

static char *canonical(const char *request, const char *path, const char *signed_headers) {
    char **names = g_strsplit(signed_headers, ";", -1);
    GString *text = g_string_new("GET\n");
    char *decoded = g_uri_unescape_string(path, NULL); /* a server has the key, not its spelling */
    char *encoded = g_uri_escape_string(decoded ? decoded : "", "/", FALSE);
    g_string_append_printf(text, "%s\n\n", encoded);
    g_free(decoded), g_free(encoded);
    for (char **n = names; *n; n++) {
        char *value = header(request, *n);
        g_string_append_printf(text, "%s:%s\n", *n, value ? value : "");
        g_free(value);
    }
    g_string_append_printf(text, "\n%s\n%s", signed_headers, EMPTY_SHA256);
    g_strfreev(names);
    return g_string_free(text, FALSE);
}

static char *signature_of(const char *canonical_request, const char *date) {
    char day[9] = "";
    g_strlcpy(day, date, sizeof day);
    char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, canonical_request, -1);
    char *text =
        g_strdup_printf("AWS4-HMAC-SHA256\n%s\n%s/" REGION "/s3/aws4_request\n%s", date, day, sum);
    uint8_t key[32];
    hmac("AWS4" SECRET, strlen("AWS4" SECRET), day, key);
    hmac(key, 32, REGION, key);
    hmac(key, 32, "s3", key);
    hmac(key, 32, "aws4_request", key);
    char *signature = g_compute_hmac_for_string(G_CHECKSUM_SHA256, key, 32, text, -1);
    g_free(sum), g_free(text);
    return signature;
}

/* Is the request signed as it should be? Else *why says what is wrong. */
static bool is_signed(const char *request, const char *path, char why[256]) {
    char *authorization = header(request, "Authorization"), *date = header(request, "X-Amz-Date");
    char *content = header(request, "X-Amz-Content-Sha256");
    char *credential = field(authorization, "Credential=");
    char *names = field(authorization, "SignedHeaders=");
    char *given = field(authorization, "Signature=");
    char *scope = g_strdup_printf(KEY_ID "/%.8s/" REGION "/s3/aws4_request", date ? date : "");
    char *text = canonical(request, path, names), *want = signature_of(text, date ? date : "");
    const char *wrong = !authorization                                   ? "no Authorization"
                        : !date || strlen(date) != 16                    ? "no date"
                        : !content || strcmp(content, EMPTY_SHA256) != 0 ? "no hash of the body"
                        : strcmp(credential, scope) != 0                 ? credential
                        : !strstr(names, "host")                         ? "host is not signed"
                        : !strstr(names, "x-amz-date")                   ? "date is not signed"
                        : strcmp(given, want) != 0                       ? "another signature"
                                                                         : "";
    g_strlcpy(why, wrong, 256);
    g_free(authorization), g_free(date), g_free(content), g_free(credential), g_free(names);
    g_free(given), g_free(scope), g_free(text), g_free(want);
    return !*why;
}

static void answer(int socket, const char *request, void *user) {
    world *w = user;
    char path[2048] = "";
    sscanf(request, "GET %2047s", path);
    g_strlcpy(w->path, path, sizeof w->path);
    if (g_str_has_prefix(path, "/public/")) {
        char *authorization = header(request, "Authorization");
        origin_reply(socket, authorization ? "400 Signed" : "200 OK", "", "open", 4);
        g_free(authorization);
    } else if (!is_signed(request, path, w->why)) {
        origin_reply(socket, "403 Forbidden", "", "<Error/>", 8);
    } else if (strstr(path, "none")) {
        origin_reply(socket, "404 Not Found", "", "<Error/>", 8);
    } else if (strstr(path, "moved")) {
        origin_reply(socket, "307 Moved", "Location: /pictures/a.png\r\n", "", 0);
    } else if (strstr(path, "large")) {
        const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n";
        origin_say(socket, head, sizeof head - 1);
    } else {
        origin_reply(socket, "200 OK", "", "pixels", 6);
    }
}

/* ---- the tests ----------------------------------------------------------------------------------
 */

static int begin(void **state) {
    world *w = g_new0(world, 1);
    ibx_error err;
    w->server = origin_new("127.0.0.1", 0, answer, w);
    if (!w->server) return 1;
    fetching_init(&w->f, 1); /* neither host nor port of a bucket need to be on the other list */
    w->f.settings.s3.buckets = g_new0(char *, 3);
    w->f.settings.s3.buckets[0] =
        g_strdup_printf("pics=http://127.0.0.1:%d/pictures " REGION, origin_port(w->server));
    w->f.settings.s3.buckets[1] = g_strdup("far=https://s3.example.org/bucket us-east-1");
    w->f.settings.s3.key_id = g_strdup(KEY_ID);
    w->f.settings.s3.secret = g_strdup(SECRET);
    *state = w;
    return !fetching_start(&w->f, &err);
}

static int end(void **state) {
    world *w = *state;
    fetching_end(&w->f);
    origin_free(w->server);
    g_strfreev(w->f.settings.s3.buckets);
    g_free(w->f.settings.s3.key_id), g_free(w->f.settings.s3.secret);
    const bool leaks = w->f.purse.used != 0;
    g_free(w);
    return leaks;
}

static fetched get(world *w, const char *alias, const char *key) {
    fetched came = {0};
    *w->why = 0;
    *w->path = 0;
    ibx_fetch_begin(w->f.fetcher, &(ibx_wanted){.alias = alias, .key = key}, fetching_done, &came);
    fetching_wait(&came);
    fetching_release(&w->f, &came);
    return came;
}

static void check(world *w, const char *key, const char *path) {
    const fetched came = get(w, "pics", key);
    if (came.opened.status != IBX_SOURCE_OK) {
        fail_msg("%s: %s (%s, %s)", key, came.opened.error.text, w->why, w->path);
    }
    assert_int_equal(came.opened.size, 6);
    assert_string_equal(w->path, path);
}

static void signs_keys(void **state) {
    world *w = *state;
    check(w, "a.png", "/pictures/a.png");
    check(w, "a/b/c.png", "/pictures/a/b/c.png");
    check(w, "a b+c&d=e?f#g.png", "/pictures/a%20b%2Bc%26d%3De%3Ff%23g.png");
    check(w, "100%25.png", "/pictures/100%2525.png");
    check(w, "\xC3\xA4~_-.png", "/pictures/%C3%A4~_-.png");
    check(w, "a//b.png", "/pictures/a//b.png");
    check(w, "/a.png", "/pictures//a.png");
    check(w, "a/..b/.c/...", "/pictures/a/..b/.c/...");
    check(w, "!*'();:@$,[]\\", "/pictures/%21%2A%27%28%29%3B%3A%40%24%2C%5B%5D%5C");
    const fetched came = get(w, "pics", "folder/the name.png");
    assert_string_equal(came.opened.name, "the name.png");
}

static void tells_failures(void **state) {
    world *w = *state;
    assert_int_equal(get(w, "pics", "none").opened.status, IBX_SOURCE_MISSING);
    assert_int_equal(get(w, "pics", "large").opened.status, IBX_SOURCE_TOO_LARGE);
    assert_int_equal(get(w, "pics", "moved").opened.status, IBX_SOURCE_FAILED);
    assert_string_equal(w->path, "/pictures/moved"); /* a signature is not sent elsewhere */
    w->f.settings.s3.secret[0] = 'X';
    ibx_fetcher_reloaded(w->f.fetcher);
    assert_int_equal(get(w, "pics", "a.png").opened.status, IBX_SOURCE_FAILED);
    assert_string_equal(w->why, "another signature");
}

static void refuses_words(void **state) {
    world *w = *state;
    char *long_key = g_strnfill(1025, 'k');
    assert_int_equal(get(w, "none", "a.png").opened.status, IBX_SOURCE_MISSING);
    assert_int_equal(get(w, "", "a.png").opened.status, IBX_SOURCE_MISSING);
    const char *const BAD[] = {"",      "..",   ".",     "../other/x", "a/../b",
                               "a/./b", "a/..", "a\xFF", long_key};
    for (size_t i = 0; i < G_N_ELEMENTS(BAD); i++) {
        if (get(w, "pics", BAD[i]).opened.status != IBX_SOURCE_BAD) fail_msg("%s", BAD[i]);
    }
    assert_int_equal(origin_connections(w->server), 0);
    long_key[1024] = 0;
    assert_int_equal(get(w, "pics", long_key).opened.status, IBX_SOURCE_OK);
    g_free(long_key);
}

/* What is let through is asked of buckets as of all other servers. */
static void guards_buckets(void **state) {
    world *w = *state;
    ibx_error err;
    g_free(w->f.settings.remote.networks[0]);
    w->f.settings.remote.networks[0] = NULL;
    ibx_fetcher_reloaded(w->f.fetcher); /* http:// to loopback makes no sense then */
    assert_int_equal(get(w, "pics", "a.png").opened.status, IBX_SOURCE_MISSING);
    assert_null(ibx_fetcher_new(&w->f.settings, NULL, &w->f.purse, &err));
    assert_non_null(strstr(err.text, "pics="));
    g_free(w->f.settings.s3.buckets[0]);
    w->f.settings.s3.buckets[0] =
        g_strdup_printf("pics=https://127.0.0.1:%d/pictures " REGION, origin_port(w->server));
    ibx_fetcher_reloaded(w->f.fetcher);
    assert_int_equal(get(w, "pics", "a.png").opened.status, IBX_SOURCE_FORBIDDEN);
    assert_int_equal(origin_connections(w->server), 0);
}

static void reads_public_buckets(void **state) {
    world *w = *state;
    g_free(w->f.settings.s3.buckets[0]);
    w->f.settings.s3.buckets[0] =
        g_strdup_printf("pics=http://127.0.0.1:%d/public " REGION, origin_port(w->server));
    w->f.settings.s3.key_id[0] = 0;
    ibx_fetcher_reloaded(w->f.fetcher);
    assert_int_equal(get(w, "pics", "a.png").opened.status, IBX_SOURCE_OK);
}

static void refuses_settings(void **state) {
    world *w = *state;
    ibx_error err;
    static const char *const BAD[] = {
        "",
        "pics",
        "pics=",
        "=https://s3.example.org/bucket r",
        "a/b=https://s3.example.org/bucket r",
        "pics=https://s3.example.org/bucket",
        "pics=https://s3.example.org/bucket two words",
        "pics=https://s3.example.org/bucket r:x",
        "pics=https://s3.example.org/ r",
        "pics=https://s3.example.org r",
        "pics=https://s3.example.org/a/b r",
        "pics=https://s3.example.org/a?b r",
        "pics=https://s3.example.org/a#b r",
        "pics=https://user@s3.example.org/a r",
        "pics=http://s3.example.org/a r",
        "pics=http://127.0.0.2/a r", /* loopback, but not let through */
        "pics=http://8.8.8.8/a r",
        "pics=http://localhost/a r",
        "pics=ftp://127.0.0.1/a r",
        "pics=s3.example.org/a r",
    };
    g_free(w->f.settings.s3.buckets[1]);
    for (size_t i = 0; i < G_N_ELEMENTS(BAD); i++) {
        w->f.settings.s3.buckets[1] = (char *)BAD[i];
        if (ibx_fetcher_new(&w->f.settings, NULL, &w->f.purse, &err)) fail_msg("%s", BAD[i]);
        assert_int_equal(err.code, IBX_USAGE);
    }
    w->f.settings.s3.buckets[1] = NULL;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(signs_keys),     TEST(tells_failures),       TEST(refuses_words),
        TEST(guards_buckets), TEST(reads_public_buckets), TEST(refuses_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
