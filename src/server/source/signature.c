/* signature.c - the keyring, and signatures of addresses. */
#include "server/source/signature.h"
#include <glib.h>
#include <inttypes.h>
#include <stdlib.h>

enum { MAC_BYTES = 32, LEAST_BYTES = 16, MOST_ID = 32, MOST_KEY = 128, EXPIRY_DIGITS = 12 };

typedef struct {
    char id[MOST_ID + 1];
    uint8_t bytes[MOST_KEY];
    size_t size;
} signing_key;

struct ibx_keyring {
    size_t count;
    signing_key key[];
};

/* ---- keys ---------------------------------------------------------------------------------------
 */

static bool read_hex(const char *text, signing_key *key) {
    const size_t digits = strlen(text);
    if (digits % 2 || digits / 2 < LEAST_BYTES || digits / 2 > MOST_KEY) return false;
    for (size_t i = 0; i < digits; i += 2) {
        const int high = g_ascii_xdigit_value(text[i]), low = g_ascii_xdigit_value(text[i + 1]);
        if (high < 0 || low < 0) return false;
        key->bytes[i / 2] = (uint8_t)(high * 16 + low);
    }
    key->size = digits / 2;
    return true;
}

static size_t id_length(const char *text) {
    size_t n = 0;
    while (g_ascii_isalnum(text[n])) n++;
    return n <= MOST_ID ? n : 0;
}

/* Sentences never show the key, as they go to logs. */
static bool read_key(const char *word, size_t number, signing_key *key, ibx_error *err) {
    const size_t length = id_length(word);
    if (length == 0 || word[length] != ':') {
        return ibx_fail(err, IBX_USAGE,
                        "signing key %zu must be \"id:hexadecimal\", with an id of at most %d "
                        "letters and digits",
                        number, MOST_ID);
    }
    memcpy(key->id, word, length);
    key->id[length] = 0;
    return read_hex(word + length + 1, key) ||
           ibx_fail(err, IBX_USAGE,
                    "signing key \"%s\" must have %d to %d bytes, two hexadecimal digits each",
                    key->id, LEAST_BYTES, MOST_KEY);
}

static bool is_new(const ibx_keyring *ring, const char *id) {
    for (size_t i = 0; i < ring->count; i++) {
        if (strcmp(ring->key[i].id, id) == 0) return false;
    }
    return true;
}

static bool read_keys(ibx_keyring *ring, char *const *keys, ibx_error *err) {
    for (; keys && keys[ring->count]; ring->count++) {
        signing_key *key = &ring->key[ring->count];
        if (!read_key(keys[ring->count], ring->count + 1, key, err)) return false;
        if (!is_new(ring, key->id)) {
            return ibx_fail(err, IBX_USAGE, "there are two signing keys \"%s\"; rename one",
                            key->id);
        }
    }
    return true;
}

ibx_keyring *ibx_keyring_new(char *const *keys, ibx_error *err) {
    const size_t count = keys ? g_strv_length((char **)keys) : 0;
    ibx_keyring *ring = calloc(1, sizeof *ring + (count + 1) * sizeof ring->key[0]);
    if (!ring) {
        ibx_fail(err, IBX_MEMORY, "no memory for the signing keys");
        return NULL;
    }
    if (read_keys(ring, keys, err)) return ring;
    ring->count = count; /* the one that failed is wiped too */
    ibx_keyring_free(ring);
    return NULL;
}

void ibx_keyring_free(ibx_keyring *ring) {
    if (!ring) return;
    explicit_bzero(ring->key, ring->count * sizeof ring->key[0]);
    free(ring);
}

/* ---- signatures ---------------------------------------------------------------------------------
 */

/* What is signed, but for the slash in front. `expiry`: as it is spelled, "" for none. */
static void compute(const signing_key *key, const char *expiry, const char *rest,
                    uint8_t mac[MAC_BYTES]) {
    static const char NAME[] = "imbrex1"; /* its NUL belongs to the message */
    gsize size = MAC_BYTES;
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA256, key->bytes, key->size);
    g_hmac_update(hmac, (const guchar *)NAME, sizeof NAME);
    if (*expiry) g_hmac_update(hmac, (const guchar *)expiry, (gssize)strlen(expiry) + 1);
    g_hmac_update(hmac, (const guchar *)"/", 1);
    g_hmac_update(hmac, (const guchar *)rest, (gssize)strlen(rest));
    g_hmac_get_digest(hmac, mac, &size);
    g_hmac_unref(hmac);
}

/* A signature taken apart. */
typedef struct {
    char id[MOST_ID + 1];
    uint8_t mac[MAC_BYTES];
    size_t size;
    const char *expiry; /* "": none */
} parts;

static int base64url_value(char c) {
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *found = c ? strchr(DIGITS, c) : NULL;
    return found ? (int)(found - DIGITS) : -1;
}

/* Strict: no padding, no bits left over that are set (RFC 4648 section 3.5), so that no two texts
 * stand for the same bytes. */
static bool read_mac(const char *text, size_t length, parts *p) {
    const size_t size = length * 6 / 8;
    if (length % 4 == 1 || size < LEAST_BYTES || size > MAC_BYTES) return false;
    unsigned bits = 0;
    int count = 0;
    for (size_t i = 0; i < length; i++) {
        const int value = base64url_value(text[i]);
        if (value < 0) return false;
        bits = (bits << 6 | (unsigned)value) & 0xFFFF;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        p->mac[p->size++] = (uint8_t)(bits >> count);
    }
    return (bits & ((1U << count) - 1)) == 0;
}

static bool is_expiry(const char *text) {
    const size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= EXPIRY_DIGITS && text[digits] == 0 && text[0] != '0';
}

static bool take_apart(const char *signature, parts *p) {
    const size_t length = id_length(signature);
    if (length == 0 || signature[length] != '.') return false;
    memcpy(p->id, signature, length);
    const char *mac = signature + length + 1;
    const size_t digits = strcspn(mac, ".");
    p->expiry = mac[digits] ? mac + digits + 1 : "";
    return (mac[digits] == 0 || is_expiry(p->expiry)) && read_mac(mac, digits, p);
}

/* 1 if all bytes are the same, after looking at all of them. */
static unsigned is_same(const uint8_t *a, const uint8_t *b, size_t size) {
    volatile unsigned difference = 0; /* or the compiler might stop early */
    for (size_t i = 0; i < size; i++) difference |= (unsigned)(a[i] ^ b[i]);
    return difference == 0;
}

/* Every key is tried whatever its id, so that time tells neither which ids there are nor how much
 * of a signature was right. */
static bool is_signed(const ibx_keyring *ring, const parts *p, const char *rest) {
    unsigned right = 0;
    for (size_t i = 0; i < ring->count; i++) {
        uint8_t mac[MAC_BYTES];
        compute(&ring->key[i], p->expiry, rest, mac);
        const unsigned same_id =
            is_same((const uint8_t *)ring->key[i].id, (const uint8_t *)p->id, sizeof p->id);
        right |= same_id & is_same(mac, p->mac, p->size);
    }
    return right != 0;
}

ibx_signed ibx_signature_check(const ibx_keyring *keyring, const char *signature, const char *rest,
                               time_t now) {
    parts p = {0};
    if (strcmp(signature, "-") == 0) return IBX_SIGNED_MISSING;
    if (!keyring || !take_apart(signature, &p) || !is_signed(keyring, &p, rest)) {
        return IBX_SIGNED_BAD;
    }
    const bool expired = *p.expiry && g_ascii_strtoll(p.expiry, NULL, 10) <= (int64_t)now;
    return expired ? IBX_SIGNED_EXPIRED : IBX_SIGNED_OK;
}

time_t ibx_signature_expiry(const char *signature) {
    parts p = {0};
    return take_apart(signature, &p) ? (time_t)g_ascii_strtoll(p.expiry, NULL, 10) : 0;
}

static void to_base64url(const uint8_t mac[MAC_BYTES], char *text) {
    gchar *plain = g_base64_encode(mac, MAC_BYTES);
    size_t n = 0;
    for (; plain[n] && plain[n] != '='; n++) {
        text[n] = plain[n];
        if (plain[n] == '+') text[n] = '-';
        if (plain[n] == '/') text[n] = '_';
    }
    text[n] = 0;
    g_free(plain);
}

char *ibx_signature_make(const ibx_keyring *keyring, const char *rest, time_t expiry) {
    char number[24] = "", mac_text[MAC_BYTES * 2], *signature = NULL;
    uint8_t mac[MAC_BYTES];
    if (!keyring || keyring->count == 0) return NULL;
    if (expiry) snprintf(number, sizeof number, "%" PRIdMAX, (intmax_t)expiry);
    compute(&keyring->key[0], number, rest, mac);
    to_base64url(mac, mac_text);
    const int n =
        asprintf(&signature, "%s.%s%s%s", keyring->key[0].id, mac_text, expiry ? "." : "", number);
    return n < 0 ? NULL : signature;
}
