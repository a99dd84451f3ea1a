/* freshness.c - directives of Cache-Control, one after another. */
#include "server/source/freshness.h"
#include <curl/curl.h>
#include <glib.h>

static const int64_t YEAR = 365 * 24 * 3600; /* seconds, as all times here */

typedef struct {
    int64_t max_age, s_maxage; /* IBX_FRESH_UNSAID: not there */
    gboolean never;            /* it may not be kept, or not used without asking */
} directives;

/* A number of seconds, maybe in quotes; 0 if it is none. */
static int64_t read_seconds(const char *text) {
    char digits[12] = "";
    text += *text == '"';
    const size_t length = strspn(text, "0123456789");
    if (length == 0 || (text[length] && text[length] != '"')) return 0;
    if (length >= sizeof digits) return YEAR;
    memcpy(digits, text, length);
    return MIN(g_ascii_strtoll(digits, NULL, 10), YEAR);
}

static void read_directive(char *word, directives *d) {
    char *value = strchr(word, '=');
    if (value) *value++ = 0;
    g_strchomp(word);
    if (g_ascii_strcasecmp(word, "max-age") == 0)
        d->max_age = read_seconds(value ? g_strchug(value) : "");
    else if (g_ascii_strcasecmp(word, "s-maxage") == 0)
        d->s_maxage = read_seconds(value ? g_strchug(value) : "");
    else if (g_ascii_strcasecmp(word, "no-store") == 0 ||
             g_ascii_strcasecmp(word, "no-cache") == 0 || g_ascii_strcasecmp(word, "private") == 0)
        d->never = TRUE;
}

static directives read_all(const char *cache_control) {
    directives d = {IBX_FRESH_UNSAID, IBX_FRESH_UNSAID, FALSE};
    char **words = g_strsplit(cache_control ? cache_control : "", ",", -1);
    for (char **word = words; *word; word++) read_directive(g_strstrip(*word), &d);
    g_strfreev(words);
    return d;
}

/* "0" and other texts that are no dates are in the past (RFC 9111, 5.3). */
static int64_t until(const char *expires, time_t now) {
    const time_t end = curl_getdate(expires, NULL);
    return end > now ? MIN((int64_t)(end - now), YEAR) : 0;
}

int64_t ibx_fresh_ms(const char *cache_control, const char *expires, const char *age, time_t now) {
    const directives d = read_all(cache_control);
    if (d.never) return 0;
    int64_t lifetime = d.s_maxage >= 0 ? d.s_maxage : d.max_age;
    if (lifetime < 0) return expires ? until(expires, now) * 1000 : IBX_FRESH_UNSAID;
    if (age) lifetime -= read_seconds(age);
    return MAX(lifetime, 0) * 1000;
}
