/* upload.c - POST: may it come, its body, and what is to be made of it. */
#include "server/api/upload.h"
#include "server/api/path.h"
#include "server/api/routes.h"
#include "server/api/serving.h"
#include <sys/mman.h>

typedef struct {
    ibx_exchange *x;
    ibx_upload_kind kind;
    char *recipe;       /* from the address, or from a part of the body; NULL: none so far */
    char *outputs;      /* from a part */
    ibx_upload *upload; /* until its body is complete */
} posting;

static void free_posting(void *user) {
    posting *p = user;
    ibx_upload_drop(p->upload);
    g_free(p->recipe);
    g_free(p->outputs);
    g_free(p);
}

/* ---- the head -------------------------------------------------------------------------------- */

/* Takes as long for every wrong token of the same length. */
static bool same_text(const char *a, const char *b) {
    const size_t n = strlen(b);
    unsigned char differ = strlen(a) != n;
    for (size_t i = 0; a[i] && i < n; i++) differ |= (unsigned char)(a[i] ^ b[i]);
    return differ == 0;
}

static bool may_post(ibx_exchange *x) {
    const ibx_settings *settings = &x->house->settings;
    const char *given = ibx_exchange_header(x, "Authorization");
    const char *token = settings->auth.token;
    if (!token || !token[0]) {
        if (ibx_settings_unsigned(settings)) return true;
    } else if (given && g_str_has_prefix(given, "Bearer ") && same_text(given + 7, token)) {
        return true;
    }
    ibx_answer_header(x, "WWW-Authenticate", "Bearer");
    ibx_answer_no(x, 401, "unauthorized", "POST wants the header Authorization: Bearer TOKEN");
    return false;
}

/* What the address asks for. */
static bool read_address(posting *p, const char *rest) {
    static const char *const WORDS[] = {"process", "set", "info"};
    const size_t n = strcspn(rest, "/");
    for (int i = 0; i < (int)G_N_ELEMENTS(WORDS); i++) {
        if (strlen(WORDS[i]) != n || strncmp(rest, WORDS[i], n) != 0) continue;
        p->kind = (ibx_upload_kind)i;
        if (rest[n] == '/') p->recipe = ibx_path_decode(rest + n + 1, strlen(rest + n + 1));
        return rest[n] == 0 || (p->recipe && p->kind != IBX_UPLOAD_INFO);
    }
    return false;
}

/* A recipe that is wrong is refused before its image is sent. */
static bool check_recipe(posting *p) {
    ibx_wish wish;
    ibx_error err = {0};
    if (!p->recipe) return true;
    const bool ok = ibx_wish_make(&wish, &p->x->house->settings, p->recipe, NULL, &err);
    if (ok)
        ibx_wish_free(&wish);
    else
        ibx_answer_error(p->x, &err);
    return ok;
}

static void refuse_body(ibx_exchange *x, ibx_source_status status) {
    ibx_opened refused = {.status = status, .fd = -1};
    if (status == IBX_SOURCE_TOO_LARGE)
        ibx_fail(&refused.error, IBX_LIMIT, "the body has more than %lld bytes",
                 (long long)x->house->settings.limits.source_bytes);
    else
        ibx_fail(&refused.error, IBX_MEMORY, "there is no room for another upload at the moment");
    ibx_answer_source(x, &refused);
}

static void got_chunk(SoupServerMessage *message, GBytes *chunk, posting *p) {
    (void)message;
    if (p->x->answered) return;
    gsize size;
    const void *data = g_bytes_get_data(chunk, &size);
    const ibx_source_status status = ibx_upload_write(p->upload, data, size);
    if (status != IBX_SOURCE_OK) refuse_body(p->x, status);
}

void ibx_upload_begin(ibx_exchange *x, const char *rest) {
    posting *p = g_new0(posting, 1);
    p->x = x;
    ibx_exchange_owns(x, free_posting, p);
    if (!read_address(p, rest)) {
        ibx_answer_no(x, 404, "not-found", "POST goes to /v1/process/RECIPE, /v1/set or /v1/info");
        return;
    }
    if (!may_post(x) || !check_recipe(p)) return;
    p->upload = ibx_upload_new(&x->house->purse, x->house->settings.limits.source_bytes);
    if (!p->upload) {
        ibx_answer_problem(x, 503, "overloaded", NULL, 1);
        return;
    }
    g_signal_connect(x->message, "got-chunk", G_CALLBACK(got_chunk), p);
    x->upload = p;
}

/* ---- the body -------------------------------------------------------------------------------- */

/* Whether the body is a form, and the boundary that its header gives; NULL if it gives none. */
static bool is_multipart(const ibx_exchange *x, char **boundary) {
    GHashTable *params = NULL;
    const char *type = soup_message_headers_get_content_type(
        soup_server_message_get_request_headers(x->message), &params);
    const bool form = type && g_ascii_strcasecmp(type, "multipart/form-data") == 0;
    *boundary = form ? g_strdup(g_hash_table_lookup(params, "boundary")) : NULL;
    if (params) g_hash_table_destroy(params);
    return form;
}

/* Gives a body back. */
static void close_body(ibx_exchange *x, ibx_opened *source) {
    ibx_purse_return(&x->house->purse, source->size);
    ibx_opened_close(source);
    *source = (ibx_opened){.fd = -1};
}

/* Copies the image of a multipart body into a memory file of its own. */
static ibx_source_status copy_image(ibx_house *house, const ibx_body_parts *parts,
                                    ibx_opened *copy) {
    ibx_upload *upload = ibx_upload_new(&house->purse, house->settings.limits.source_bytes);
    if (!upload) return IBX_SOURCE_BUSY;
    const ibx_source_status status = ibx_upload_write(upload, parts->image, parts->size);
    if (status != IBX_SOURCE_OK) {
        ibx_upload_drop(upload);
        return status;
    }
    ibx_upload_finish(upload, copy);
    return copy->status;
}

/* Takes the texts out of a form, and its image as a file of its own. */
static bool read_form(posting *p, const uint8_t *body, size_t size, const char *boundary,
                      ibx_opened *image) {
    ibx_body_parts parts;
    ibx_error err = {0};
    ibx_source_status status = IBX_SOURCE_BAD;
    if (ibx_body_read_parts(body, size, boundary, &parts, &err)) {
        status = copy_image(p->x->house, &parts, image);
        if (status != IBX_SOURCE_OK) refuse_body(p->x, status);
    } else {
        ibx_answer_problem(p->x, 400, "bad-request", &err, 0);
    }
    if (!p->recipe) p->recipe = g_steal_pointer(&parts.recipe);
    p->outputs = g_steal_pointer(&parts.outputs);
    ibx_body_free_parts(&parts);
    return status == IBX_SOURCE_OK;
}

/* Puts the image of a multipart body into the place of the body; if there is none, it is answered,
 * and `source` is closed. */
static bool open_parts(posting *p, const char *boundary, ibx_opened *source) {
    const size_t size = (size_t)source->size;
    ibx_opened image = {.fd = -1};
    /* Nothing cannot be mapped. */
    void *map = size ? mmap(NULL, size, PROT_READ, MAP_SHARED, source->fd, 0) : NULL;
    bool ok = false;
    if (map == MAP_FAILED) {
        refuse_body(p->x, IBX_SOURCE_BUSY);
    } else {
        ok = read_form(p, map ? map : (const void *)"", size, boundary, &image);
        if (map) munmap(map, size);
    }
    close_body(p->x, source);
    *source = image;
    return ok;
}

static void process(posting *p, ibx_opened *source) {
    ibx_exchange *x = p->x;
    ibx_wish wish = {0};
    ibx_error err = {0};
    const char *accept = ibx_exchange_header(x, "Accept");
    const bool ok =
        ibx_wish_make(&wish, &x->house->settings, p->recipe ? p->recipe : "", accept, &err);
    if (ok && wish.outputs == 1) {
        ibx_serve_source(x, &wish, source, source->size, NULL);
        return;
    }
    if (ok)
        ibx_answer_no(x, 400, "bad-recipe", "the recipe saves %d files; POST to /v1/set for more",
                      wish.outputs);
    else
        ibx_answer_error(x, &err);
    ibx_wish_free(&wish);
    close_body(x, source);
}

void ibx_upload_end(ibx_exchange *x, const char *rest) {
    (void)rest;
    posting *p = x->upload;
    ibx_opened source = {.fd = -1};
    char *boundary;
    ibx_upload_finish(g_steal_pointer(&p->upload), &source);
    if (source.status != IBX_SOURCE_OK) {
        refuse_body(x, source.status);
        return;
    }
    const bool form = is_multipart(x, &boundary);
    const bool ok = !form || open_parts(p, boundary, &source);
    g_free(boundary);
    if (!ok) return;
    g_strlcpy(source.name, "upload", sizeof source.name);
    if (p->kind == IBX_UPLOAD_PROCESS)
        process(p, &source);
    else if (p->kind == IBX_UPLOAD_SET)
        ibx_serve_set(x, p->recipe, p->outputs, &source, source.size);
    else
        ibx_serve_info(x, &source, source.size);
}
