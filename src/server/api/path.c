/* path.c - takes addresses of images apart. */
#include "server/api/path.h"
#include <glib.h>

char *ibx_path_decode(const char *text, size_t length) {
    char *decoded = g_uri_unescape_segment(text, text + length, NULL);
    if (decoded && g_utf8_validate(decoded, -1, NULL)) return decoded;
    g_free(decoded);
    return NULL;
}

static bool is_segment(const char *at, size_t length, const char *word) {
    return strlen(word) == length && memcmp(at, word, length) == 0;
}

/* The words for places, in the order of ibx_place. */
static const char *const PLACES[] = {"file", "url", "s3"};

static int place_of(const char *at, size_t length) {
    for (int i = 0; i < (int)G_N_ELEMENTS(PLACES); i++)
        if (is_segment(at, length, PLACES[i])) return i;
    return -1;
}

/* Steps up to the segment that names a place; *path is left behind that. */
static bool take_recipe(const char **path, ibx_image_path *p, ibx_error *err) {
    GString *recipe = g_string_new(NULL);
    bool ok = true;
    int place = -1;
    while (ok && place < 0 && **path) {
        const size_t n = strcspn(*path, "/");
        place = (*path)[n] == '/' ? place_of(*path, n) : -1;
        char *step = place < 0 ? ibx_path_decode(*path, n) : NULL;
        ok = place >= 0 || step;
        if (step) g_string_append_printf(recipe, "%s%s", recipe->len ? "/" : "", step);
        g_free(step);
        *path += n + ((*path)[n] == '/');
    }
    p->recipe = g_string_free(recipe, FALSE);
    if (!ok) return ibx_fail(err, IBX_USAGE, "the recipe in the address is not encoded as UTF-8");
    if (place < 0)
        return ibx_fail(err, IBX_USAGE,
                        "the address names no source; it is /v1/-/RECIPE/file/PATH, or with url or "
                        "s3 in place of file");
    p->place = (ibx_place)place;
    return true;
}

static char *decode_base64url(const char *text) {
    GString *plain = g_string_new(text);
    for (char *c = plain->str; *c; c++) *c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
    while (plain->len % 4) g_string_append_c(plain, '=');
    gsize size = 0;
    guchar *bytes = g_base64_decode(plain->str, &size);
    char *address = g_strndup((char *)bytes, size);
    char *again = g_base64_encode(bytes, size); /* g_base64_decode skips what it does not know */
    const bool ok = strcmp(again, plain->str) == 0 && strlen(address) == size &&
                    g_utf8_validate(address, (gssize)size, NULL);
    g_string_free(plain, TRUE);
    g_free(again);
    g_free(bytes);
    if (ok) return address;
    g_free(address);
    return NULL;
}

static bool take_source(const char *path, ibx_image_path *p, ibx_error *err) {
    if (p->place == IBX_PLACE_BUCKET) {
        const size_t n = strcspn(path, "/");
        p->alias = ibx_path_decode(path, n);
        path += n + (path[n] == '/');
    }
    p->source =
        p->place == IBX_PLACE_URL ? decode_base64url(path) : ibx_path_decode(path, strlen(path));
    if (p->source && p->source[0]) return true;
    return ibx_fail(err, IBX_USAGE,
                    p->place == IBX_PLACE_URL ? "behind url/ the source's address must stand in "
                                                "base64url"
                                              : "the name of the source is missing or not UTF-8");
}

bool ibx_image_path_parse(const char *path, ibx_image_path *parsed, ibx_error *err) {
    *parsed = (ibx_image_path){0};
    const size_t n = strcspn(path, "/");
    if (path[n] == '/') {
        parsed->signature = ibx_path_decode(path, n);
        parsed->rest = path + n + 1;
    }
    if (!parsed->signature)
        return ibx_fail(err, IBX_USAGE, "the address lacks a signature; \"-\" stands for none");
    const char *at = parsed->rest;
    if (take_recipe(&at, parsed, err) && take_source(at, parsed, err)) return true;
    ibx_image_path_free(parsed);
    return false;
}

void ibx_image_path_free(ibx_image_path *parsed) {
    g_free(parsed->signature);
    g_free(parsed->recipe);
    g_free(parsed->source);
    g_free(parsed->alias);
    *parsed = (ibx_image_path){0};
}
