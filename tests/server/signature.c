/* signature.c - signed addresses: what is accepted, and that time does not tell why not. */
#include "server/source/signature.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define KEY_A "a:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY_B "b2:ffeeddccbbaa99887766554433221100"
static const char REST[] = "resize:512x/file/a%20b.jpg";

static ibx_keyring *ring(const char *first, const char *second) {
    ibx_error err = {0};
    char *keys[] = {(char *)first, (char *)second, NULL};
    ibx_keyring *made = ibx_keyring_new(keys, &err);
    if (!made) fail_msg("%s", err.text);
    return made;
}

static void check(const ibx_keyring *keys, const char *signature, const char *rest, time_t now,
                  ibx_signed want) {
    const ibx_signed got = ibx_signature_check(keys, signature, rest, now);
    if (got != want) fail_msg("\"%s\" for \"%s\": %d, not %d", signature, rest, got, want);
}

/* HMAC by its definition (RFC 2104), in base64url without padding, cut to `size` bytes. */
static char *mac_text(const char *message, size_t length, size_t size) {
    uint8_t block[64], sum[32];
    gsize bytes = sizeof sum;
    for (int pass = 0; pass < 2; pass++) {
        GChecksum *sha = g_checksum_new(G_CHECKSUM_SHA256);
        for (int i = 0; i < 64; i++) {
            block[i] = (uint8_t)((i < 32 ? i : 0) ^ (pass == 0 ? 0x36 : 0x5C));
        }
        g_checksum_update(sha, block, sizeof block);
        if (pass == 0)
            g_checksum_update(sha, (const uint8_t *)message, (gssize)length);
        else
            g_checksum_update(sha, sum, sizeof sum);
        g_checksum_get_digest(sha, sum, &bytes);
        g_checksum_free(sha);
    }
    char *text = g_base64_encode(sum, size);
    g_strdelimit(text, "+", '-');
    g_strdelimit(text, "/", '_');
    text[strcspn(text, "=")] = 0;
    return text;
}

static void is_what_it_says(void **state) {
    (void)state;
    ibx_keyring *keys = ring(KEY_A, KEY_B);
    static const char PLAIN[] = "imbrex1\0/resize:512x/file/a%20b.jpg";
    static const char UNTIL[] = "imbrex1\0001800000000\0/resize:512x/file/a%20b.jpg";
    char *mac = mac_text(PLAIN, sizeof PLAIN - 1, 32), *want = g_strconcat("a.", mac, NULL);
    char *made = ibx_signature_make(keys, REST, 0);
    assert_string_equal(made, want);
    check(keys, made, REST, 0, IBX_SIGNED_OK);
    free(made), g_free(mac), g_free(want);

    mac = mac_text(UNTIL, sizeof UNTIL - 1, 32);
    want = g_strconcat("a.", mac, ".1800000000", NULL);
    made = ibx_signature_make(keys, REST, 1800000000);
    assert_string_equal(made, want);
    check(keys, made, REST, 1799999999, IBX_SIGNED_OK);
    check(keys, made, REST, 1800000000, IBX_SIGNED_EXPIRED);
    free(made), g_free(mac), g_free(want);
    ibx_keyring_free(keys);
}

static void may_be_cut_to_16_bytes(void **state) {
    (void)state;
    ibx_keyring *keys = ring(KEY_A, KEY_B);
    static const char PLAIN[] = "imbrex1\0/resize:512x/file/a%20b.jpg";
    for (size_t size = 0; size <= 32; size++) {
        char *mac = mac_text(PLAIN, sizeof PLAIN - 1, size);
        char *cut = g_strconcat("a.", mac, NULL);
        check(keys, cut, REST, 0, size >= 16 ? IBX_SIGNED_OK : IBX_SIGNED_BAD);
        g_free(cut), g_free(mac);
    }
    ibx_keyring_free(keys);
}

/* Every bit of the text, and of the address, and of the expiry. */
static void refuses_flipped_bits(void **state) {
    (void)state;
    ibx_keyring *keys = ring(KEY_A, KEY_B);
    char *made = ibx_signature_make(keys, REST, 1800000000);
    char rest[sizeof REST];
    memcpy(rest, REST, sizeof rest);
    for (size_t bit = 0; bit < strlen(made) * 8; bit++) {
        made[bit / 8] = (char)(made[bit / 8] ^ (1 << bit % 8));
        check(keys, made, REST, 0, IBX_SIGNED_BAD);
        made[bit / 8] = (char)(made[bit / 8] ^ (1 << bit % 8));
    }
    for (size_t bit = 0; bit < strlen(rest) * 8; bit++) {
        rest[bit / 8] = (char)(rest[bit / 8] ^ (1 << bit % 8));
        check(keys, made, rest, 0, IBX_SIGNED_BAD);
        rest[bit / 8] = (char)(rest[bit / 8] ^ (1 << bit % 8));
    }
    check(keys, made, REST, 0, IBX_SIGNED_OK);
    free(made);
    ibx_keyring_free(keys);
}

static void refuses_other_texts(void **state) {
    (void)state;
    ibx_keyring *keys = ring(KEY_A, KEY_B);
    char *good = ibx_signature_make(keys, REST, 0), *until = ibx_signature_make(keys, REST, 2000);
    const char *mac = good + 2;
    char *const bad[] = {
        g_strdup(""),
        g_strdup("."),
        g_strdup("a"),
        g_strdup("a."),
        g_strdup(mac),
        g_strconcat("b2.", mac, NULL), /* another's name */
        g_strconcat("c.", mac, NULL),
        g_strconcat("a..", mac, NULL),
        g_strconcat(good, "=", NULL),
        g_strconcat(good, ".", NULL),
        g_strconcat(good, ".2000", NULL), /* an expiry that was not signed */
        g_strconcat(until, "0", NULL),
        g_strconcat(until, ".3000", NULL),
        g_strndup(until, strlen(until) - 5), /* one that was signed and left out */
        g_strconcat(good, " ", NULL),
        g_strconcat(" ", good, NULL),
        g_strconcat("a.", mac, mac, NULL),
        g_strnfill(5000, 'a'),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        check(keys, bad[i], REST, 0, IBX_SIGNED_BAD);
        g_free(bad[i]);
    }
    check(keys, "-", REST, 0, IBX_SIGNED_MISSING);
    char *more = g_strconcat("invert/", REST, NULL); /* replayed with a step more */
    check(keys, good, more, 0, IBX_SIGNED_BAD);
    g_free(more), free(good), free(until);
    ibx_keyring_free(keys);
}

static void knows_several_keys(void **state) {
    (void)state;
    ibx_keyring *old = ring(KEY_A, NULL), *both = ring(KEY_B, KEY_A), *fresh = ring(KEY_B, NULL);
    char *a = ibx_signature_make(old, REST, 0), *b = ibx_signature_make(both, REST, 0);
    check(both, a, REST, 0, IBX_SIGNED_OK);
    check(both, b, REST, 0, IBX_SIGNED_OK);
    check(fresh, b, REST, 0, IBX_SIGNED_OK);
    check(fresh, a, REST, 0, IBX_SIGNED_BAD);
    check(old, b, REST, 0, IBX_SIGNED_BAD);
    ibx_keyring *same_name = ring("a:ffffffffffffffffffffffffffffffff", NULL);
    check(same_name, a, REST, 0, IBX_SIGNED_BAD);
    free(a), free(b);
    ibx_keyring_free(old), ibx_keyring_free(both), ibx_keyring_free(fresh);
    ibx_keyring_free(same_name);
}

static void is_bad_without_keys(void **state) {
    (void)state;
    ibx_error err;
    char *none[] = {NULL};
    ibx_keyring *empty = ibx_keyring_new(none, &err), *keys = ring(KEY_A, NULL);
    char *made = ibx_signature_make(keys, REST, 0);
    check(empty, made, REST, 0, IBX_SIGNED_BAD);
    check(NULL, made, REST, 0, IBX_SIGNED_BAD);
    check(empty, "-", REST, 0, IBX_SIGNED_MISSING);
    check(NULL, "-", REST, 0, IBX_SIGNED_MISSING);
    assert_null(ibx_signature_make(empty, REST, 0));
    free(made);
    ibx_keyring_free(empty), ibx_keyring_free(keys), ibx_keyring_free(NULL);
}

static void refuses_keys(void **state) {
    (void)state;
    static const char *const BAD[] = {"",
                                      "a",
                                      ":00112233445566778899aabbccddeeff",
                                      "a b:00112233445566778899aabbccddeeff",
                                      "a:00112233445566778899aabbccddee",
                                      "a:00112233445566778899aabbccddeef",
                                      "a:00112233445566778899aabbccddeefg",
                                      "a.b:00112233445566778899aabbccddeeff"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        ibx_error err = {0};
        char *keys[] = {(char *)BAD[i], NULL};
        if (ibx_keyring_new(keys, &err)) fail_msg("\"%s\" is a key", BAD[i]);
        assert_int_equal(err.code, IBX_USAGE);
        assert_null(strstr(err.text, "0011")); /* no key in a log */
    }
    ibx_error err = {0};
    char *twice[] = {KEY_A, KEY_A, NULL};
    assert_null(ibx_keyring_new(twice, &err));
    assert_non_null(strstr(err.text, "\"a\""));
}

/* ---- time ---------------------------------------------------------------------------------------
 */

enum { SAMPLES = 50000 };

typedef struct {
    double n, mean, squares;
} moments; /* Welford, Technometrics 1962 */

static void moments_add(moments *m, double x) {
    const double before = x - m->mean;
    m->n += 1;
    m->mean += before / m->n;
    m->squares += before * (x - m->mean);
}

static double nanoseconds(const ibx_keyring *keys, const char *signature) {
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    const ibx_signed got = ibx_signature_check(keys, signature, REST, 0);
    clock_gettime(CLOCK_MONOTONIC, &b);
    assert_int_equal(got, IBX_SIGNED_BAD);
    return (double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec);
}

/* Welch's t of the times that two signatures take, asked in an order of chance. Times above a bound
 * are an interrupt's. */
static double welch(const ibx_keyring *keys, const char *one, const char *other, GRand *chance) {
    moments m[2] = {0};
    double bound = 0;
    for (int i = 0; i < 1000; i++) bound += nanoseconds(keys, one) / 1000 * 3;
    while (m[0].n < SAMPLES || m[1].n < SAMPLES) {
        const int which = g_rand_boolean(chance);
        const double time = nanoseconds(keys, which ? other : one);
        if (time < bound) moments_add(&m[which], time);
    }
    const double a = m[0].squares / (m[0].n - 1) / m[0].n;
    const double b = m[1].squares / (m[1].n - 1) / m[1].n;
    return (m[0].mean - m[1].mean) / sqrt(a + b);
}

/* On a busy machine one measurement may be off; a leak is off every time. */
static void expect_no_leak(const ibx_keyring *keys, const char *one, const char *other,
                           const char *what) {
    GRand *chance = g_rand_new_with_seed(1);
    double t = INFINITY;
    for (int tries = 0; tries < 4 && fabs(t) >= 4.5; tries++) t = welch(keys, one, other, chance);
    print_message("%s: t = %.2f\n", what, t);
    assert_true(fabs(t) < 4.5);
    g_rand_free(chance);
}

static void time_tells_nothing(void **state) {
    (void)state;
#ifdef IBX_SANITIZED
    skip();
#endif
    ibx_keyring *keys = ring(KEY_A, KEY_B);
    char *nearly = ibx_signature_make(keys, REST, 0), *wrong = g_strdup(nearly);
    char *unknown = g_strdup(nearly);
    const size_t last = strlen(nearly) - 2;
    nearly[last] = nearly[last] == 'A' ? 'B' : 'A'; /* 31 bytes are right */
    wrong[2] = wrong[2] == 'A' ? 'B' : 'A';         /* the first is not */
    unknown[0] = 'z';
    expect_no_leak(keys, nearly, wrong, "a right beginning");
    expect_no_leak(keys, nearly, unknown, "a key that there is");
    free(nearly), g_free(wrong), g_free(unknown);
    ibx_keyring_free(keys);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_what_it_says),      cmocka_unit_test(may_be_cut_to_16_bytes),
        cmocka_unit_test(refuses_flipped_bits), cmocka_unit_test(refuses_other_texts),
        cmocka_unit_test(knows_several_keys),   cmocka_unit_test(is_bad_without_keys),
        cmocka_unit_test(refuses_keys),         cmocka_unit_test(time_tells_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
