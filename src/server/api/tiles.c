/* tiles.c - IIIF Image API and Deep Zoom: viewers of large images ask for pieces. */
#include "server/api/iiif.h"
#include "server/api/look.h"
#include "server/api/places.h"
#include "server/api/routes.h"
#include <stdlib.h>

typedef struct {
    ibx_exchange *x;
    ibx_iiif_request iiif; /* or: */
    ibx_deepzoom_request deepzoom;
    bool is_iiif, is_info; /* info.json, or the .dzi */
    ibx_opened source;
} tile;

static void drop(void *user) {
    tile *t = user;
    ibx_opened_close(&t->source);
    g_free(t);
}

static tile *new_tile(ibx_exchange *x) {
    tile *t = g_new0(tile, 1);
    t->x = x;
    t->source.fd = -1;
    x->open_to_all = true;
    ibx_exchange_owns(x, drop, t);
    return t;
}

static int64_t most_side(const ibx_exchange *x) {
    return x->house->settings.limits.output_side;
}
static int64_t most_area(const ibx_exchange *x) {
    return x->house->settings.limits.output_pixels;
}

/* ---- replies
 * ------------------------------------------------------------------------------------- */

/* Scheme and host, as the client reached us. */
static char *own_origin(const ibx_exchange *x) {
    const char *told = x->house->settings.server.origin;
    if (told[0]) return g_strdup(told);
    const char *host = ibx_exchange_header(x, "Host");
    const char *scheme = ibx_exchange_header(x, "X-Forwarded-Proto");
    return g_strdup_printf("%s://%s", scheme && strcmp(scheme, "https") == 0 ? "https" : "http",
                           host ? host : "localhost");
}

/* The address of the image's resource. */
static char *own_id(const ibx_exchange *x, const char *suffix) {
    char *origin = own_origin(x);
    const size_t n = strlen(x->path) - strlen(suffix);
    char *id = g_strdup_printf("%s%.*s", origin, (int)n, x->path);
    g_free(origin);
    return id;
}

/* Tells of limits and of how the client reached us too, so its tag is that of its own text. */
static void answer_info(tile *t, int w, int h) {
    ibx_exchange *x = t->x;
    const char *accept = ibx_exchange_list(x, "Accept");
    const bool plain = accept && strstr(accept, "application/json") && !strstr(accept, "ld+json");
    char *id = t->is_iiif ? own_id(x, "/info.json") : NULL;
    char *text = t->is_iiif ? ibx_iiif_info(id, w, h, most_side(x), most_area(x))
                            : ibx_deepzoom_descriptor(w, h);
    char *etag = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text ? text : "", -1);
    const ibx_reply json = {
        .mime = plain ? "application/json"
                      : "application/ld+json;profile=\"http://iiif.io/api/image/3/context.json\"",
        .etag = etag,
        .max_age_ms = -1,
        .varies = true};
    const ibx_reply xml = {.mime = "application/xml", .etag = etag, .max_age_ms = -1};
    ibx_answer_text(x, t->is_iiif ? &json : &xml, text ? text : "");
    g_free(etag);
    g_free(id);
    free(text);
}

static bool make_recipe(tile *t, int w, int h, char *recipe, size_t room, int *status,
                        ibx_error *err) {
    char canonical[512];
    if (!t->is_iiif) return ibx_deepzoom_recipe(&t->deepzoom, w, h, recipe, room, status, err);
    if (!ibx_iiif_recipe(&t->iiif, w, h, most_side(t->x), most_area(t->x), recipe, canonical,
                         sizeof canonical, status, err))
        return false;
    char *name = g_uri_escape_string(t->iiif.identifier, NULL, false);
    ibx_answer_header(t->x, "Link",
                      "<http://iiif.io/api/image/3/level2.json>;rel=\"profile\", "
                      "<%s/iiif/3/%s/%s>;rel=\"canonical\"",
                      t->x->house->settings.server.origin, name, canonical);
    g_free(name);
    return true;
}

static void seen(void *user, const ibx_about *about) {
    tile *t = user;
    char recipe[512];
    ibx_error err = {0};
    ibx_wish wish;
    int status = 400;
    if (!about) return;
    const bool turned = about->head.orientation > 4; /* sides change places when it is upright */
    const int w = turned ? about->head.h : about->head.w;
    const int h = turned ? about->head.w : about->head.h;
    if (t->is_info)
        answer_info(t, w, h);
    else if (!make_recipe(t, w, h, recipe, sizeof recipe, &status, &err))
        ibx_answer_problem(t->x, status, status == 404 ? "not-found" : "bad-request", &err, 0);
    else if (!ibx_wish_make(&wish, &t->x->house->settings, recipe, NULL, &err))
        ibx_answer_error(t->x, &err);
    else {
        wish.metadata = IBX_META_NONE; /* of the whole image, and as large as a tile */
        ibx_serve_source(t->x, &wish, &t->source, 0, NULL);
    }
}

static void opened(void *user, ibx_opened *source, int64_t purse) {
    tile *t = user;
    (void)purse; /* local files hold nothing of it */
    t->source = *source;
    if (source->status == IBX_SOURCE_OK)
        ibx_look(t->x, &t->source, seen, t);
    else
        ibx_answer_source(t->x, source);
}

static void open_image(tile *t, const char *identifier) {
    if (ibx_settings_unsigned(&t->x->house->settings))
        ibx_place_open(t->x, IBX_PLACE_FILE, NULL, identifier, NULL, opened, t);
    else
        ibx_answer_no(t->x, 403, "bad-signature",
                      "addresses of tiles cannot be signed; set auth.unsigned_ok to serve them");
}

/* ---- requests
 * ------------------------------------------------------------------------------------- */

void ibx_handle_iiif(ibx_exchange *x, const char *rest) {
    tile *t = new_tile(x);
    ibx_error err = {0};
    t->is_iiif = true;
    t->is_info = g_str_has_suffix(rest, "/info.json");
    const size_t n = strlen(rest) - (t->is_info ? strlen("/info.json") : 0);
    const bool whole = n > 0 && !memchr(rest, '/', n); /* an identifier and nothing else */
    char *identifier = whole ? ibx_path_decode(rest, n) : NULL;
    if (identifier && !t->is_info) {
        char *info = g_strdup_printf("%s/info.json", x->path);
        ibx_answer_see_other(x, info);
        g_free(info);
    } else if (identifier) {
        open_image(t, identifier);
    } else if (whole) {
        ibx_answer_no(x, 400, "bad-request", "the identifier is not encoded as UTF-8");
    } else if (t->is_info || n == 0) {
        ibx_answer_no(x, 404, "not-found", "there is no identifier in it; \"/\" is written %%2F");
    } else if (ibx_iiif_parse(rest, &t->iiif, &err)) {
        open_image(t, t->iiif.identifier);
    } else {
        const bool nothing = err.code == IBX_IO;
        ibx_answer_problem(x, nothing ? 404 : 400, nothing ? "not-found" : "bad-request", &err, 0);
    }
    g_free(identifier);
}

void ibx_handle_deepzoom(ibx_exchange *x, const char *rest) {
    tile *t = new_tile(x);
    ibx_error err = {0};
    if (ibx_deepzoom_parse(rest, &t->deepzoom, &err)) {
        t->is_info = t->deepzoom.descriptor;
        open_image(t, t->deepzoom.identifier);
    } else {
        ibx_answer_problem(x, 404, "not-found", &err, 0);
    }
}
