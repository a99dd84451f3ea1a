/* sign.c - imbrex sign: an address behind its signature. */
#include "server/config/settings.h"
#include "server/serve.h"
#include "server/source/signature.h"
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { EXIT_WORDS = 2 };

static const char HELP[] =
    "Usage: imbrex sign [--expires TIME] [SETTINGS] PATH\n"
    "\n"
    "Prints an address for the server with the signature that stands for PATH. PATH is what\n"
    "stands behind the signature, percent-encoded as it will be requested:\n"
    "\n"
    "  imbrex sign --auth-keys web:00112233445566778899aabbccddeeff resize:512x/file/a%20b.jpg\n"
    "\n"
    "  --expires TIME  when the signature ends: a while from now (90s, 30min, 1h, 7d) or a\n"
    "                  point in time with its zone (2026-12-31T00:00:00Z). Default: never.\n"
    "  --help          Print this.\n"
    "\n"
    "The key is the first of auth.keys, from the settings of the server: a file (--config FILE),\n"
    "the environment (IMBREX_AUTH_KEYS) or options; \"imbrex serve --help\" lists them. A key on\n"
    "the command line is seen by other users of the machine.\n";

/* The words of the command: those that are settings, and the rest. */
typedef struct {
    char **settings;
    int count;
    const char *expires; /* NULL: none */
    const char *path;
    bool help;
} words;

/* ---- when ---------------------------------------------------------------------------------------
 */

/* "30min", "7d": seconds; 0 if it is none. */
static gint64 read_while(const char *text) {
    static const struct {
        const char *name;
        gint64 seconds;
    } UNITS[] = {{"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}};
    char *unit;
    const guint64 number = g_ascii_isdigit(*text) ? g_ascii_strtoull(text, &unit, 10) : 0;
    if (number == 0 || number > 1000000000) return 0;
    for (size_t i = 0; i < G_N_ELEMENTS(UNITS); i++) {
        if (strcmp(unit, UNITS[i].name) == 0) return (gint64)number * UNITS[i].seconds;
    }
    return 0;
}

static bool read_expiry(const char *text, time_t now, time_t *expiry, ibx_error *err) {
    const gint64 seconds = read_while(text);
    GDateTime *point = seconds ? NULL : g_date_time_new_from_iso8601(text, NULL);
    if (!seconds && !point) {
        return ibx_fail(err, IBX_USAGE,
                        "--expires %.60s: give a while (90s, 30min, 1h, 7d) or a point in time "
                        "with its zone (2026-12-31T00:00:00Z)",
                        text);
    }
    *expiry = seconds ? now + seconds : g_date_time_to_unix(point);
    if (point) g_date_time_unref(point);
    return *expiry > now || ibx_fail(err, IBX_USAGE, "--expires %.60s has passed already", text);
}

/* ---- what ---------------------------------------------------------------------------------------
 */

/* The path as it stands behind the signature, or NULL. */
static const char *read_path(const char *path, ibx_error *err) {
    const char *rest = path + (path[0] == '/');
    if (!*rest || *rest == '/') {
        ibx_fail(err, IBX_USAGE,
                 "PATH \"%.60s\" is empty; name a recipe and a source, as in "
                 "resize:512x/file/a.jpg",
                 path);
        return NULL;
    }
    if (g_str_has_prefix(rest, "v1/")) {
        ibx_fail(err, IBX_USAGE, "PATH is what stands behind the signature; leave out /v1/");
        return NULL;
    }
    for (const char *c = rest; *c; c++) {
        if (g_ascii_isgraph(*c) && !strchr("?#\\\"<>", *c)) continue;
        ibx_fail(err, IBX_USAGE,
                 "PATH must be as it will be requested; write %%%02X for the byte "
                 "at position %d",
                 (unsigned char)*c, (int)(c - path) + 1);
        return NULL;
    }
    return rest;
}

/* ---- the command --------------------------------------------------------------------------------
 */

/* Sorts the words; those that are settings stay in the order that they had. */
static bool sort_words(int argc, char **argv, words *w, ibx_error *err) {
    *w = (words){.settings = g_new0(char *, argc + 1)};
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            w->help = true;
        } else if (g_str_has_prefix(argv[i], "--expires=")) {
            w->expires = argv[i] + strlen("--expires=");
        } else if (strcmp(argv[i], "--expires") == 0) {
            if (i + 2 >= argc) return ibx_fail(err, IBX_USAGE, "--expires needs a time and a PATH");
            w->expires = argv[++i];
        } else if (i == argc - 1 && argv[i][0] != '-') {
            w->path = argv[i];
        } else {
            w->settings[w->count++] = argv[i];
        }
    }
    if (w->help || w->path) return true;
    ibx_fail(err, IBX_USAGE, "PATH is missing; it comes last. \"imbrex sign --help\" says more");
    return false;
}

static bool print_signed(const ibx_keyring *keys, const words *w, ibx_error *err) {
    time_t expiry = 0;
    const char *rest = read_path(w->path, err);
    if (!rest || (w->expires && !read_expiry(w->expires, time(NULL), &expiry, err))) return false;
    char *signature = ibx_signature_make(keys, rest, expiry);
    if (!signature) {
        return ibx_fail(err, IBX_USAGE,
                        "there is no signing key; give --auth-keys ID:HEX, "
                        "IMBREX_AUTH_KEYS, or --config FILE");
    }
    printf("/v1/%s/%s\n", signature, rest);
    free(signature);
    return fflush(stdout) == 0 || ibx_fail(err, IBX_IO, "standard output cannot be written");
}

static bool sign(const words *w, ibx_error *err) {
    ibx_settings settings;
    if (!ibx_settings_read(&settings, NULL, w->count, w->settings, err)) return false;
    ibx_keyring *keys = ibx_keyring_new(settings.auth.keys, err);
    const bool done = keys && print_signed(keys, w, err);
    ibx_keyring_free(keys);
    ibx_settings_free(&settings);
    return done;
}

int ibx_sign_main(int argc, char **argv) {
    words w;
    ibx_error err = {0};
    bool done = sort_words(argc, argv, &w, &err);
    if (done && w.help)
        fputs(HELP, stdout);
    else if (done)
        done = w.path && sign(&w, &err);
    if (!done) fprintf(stderr, "imbrex: sign: %s\n", err.text);
    g_free(w.settings);
    return done ? 0 : EXIT_WORDS;
}
