/* image.c - GET /v1/{signature}/{recipe}/{place}/{source} */
#include "server/api/path.h"
#include "server/api/places.h"
#include "server/api/routes.h"
#include "server/api/serving.h"

typedef struct {
    ibx_exchange *x;
    ibx_wish wish;
} request;

static void free_request(void *user) {
    request *r = user;
    ibx_wish_free(&r->wish);
    g_free(r);
}

static bool known(void *user, const ibx_opened *lately) {
    request *r = user;
    return ibx_serve_cached(r->x, &r->wish, lately->identity, lately->modified);
}

static void opened(void *user, ibx_opened *source, int64_t purse) {
    request *r = user;
    if (source->status == IBX_SOURCE_OK) {
        ibx_serve_source(r->x, &r->wish, source, purse, NULL);
    } else {
        ibx_answer_source(r->x, source);
        ibx_opened_close(source);
    }
}

/* Is the address signed, or need it not be? */
static bool may(ibx_exchange *x, const ibx_image_path *path) {
    const ibx_signed is = ibx_signature_check(x->house->keys, path->signature, path->rest,
                                              g_get_real_time() / G_USEC_PER_SEC);
    x->is_signed = is == IBX_SIGNED_OK;
    if (x->is_signed) x->expires = ibx_signature_expiry(path->signature);
    if (x->is_signed) return true;
    if (is == IBX_SIGNED_MISSING && ibx_settings_unsigned(&x->house->settings)) return true;
    ibx_metric_add(x->house->metrics, IBX_M_SIGNATURE, (int)is - IBX_SIGNED_MISSING, 1);
    if (is == IBX_SIGNED_EXPIRED)
        ibx_answer_no(x, 403, "expired", "the signature of this address has expired");
    else
        ibx_answer_no(x, 403, "bad-signature",
                      "the address is not signed with a key of this server");
    return false;
}

static void serve(ibx_exchange *x, const ibx_image_path *path) {
    ibx_error err = {0};
    request *r = g_new0(request, 1);
    r->x = x;
    ibx_exchange_owns(x, free_request, r);
    if (!ibx_wish_make(&r->wish, &x->house->settings, path->recipe, ibx_exchange_list(x, "Accept"),
                       &err))
        ibx_answer_error(x, &err);
    else if (r->wish.outputs != 1)
        ibx_answer_no(x, 400, "bad-recipe",
                      "the recipe saves %d files, but a GET takes one; POST to /v1/set for more",
                      r->wish.outputs);
    else
        ibx_place_open(x, path->place, path->alias, path->source, known, opened, r);
}

void ibx_handle_image(ibx_exchange *x, const char *rest) {
    ibx_image_path path;
    ibx_error err = {0};
    if (!ibx_image_path_parse(rest, &path, &err)) {
        ibx_answer_problem(x, 400, "bad-request", &err, 0);
        return;
    }
    if (may(x, &path)) serve(x, &path);
    ibx_image_path_free(&path);
}
