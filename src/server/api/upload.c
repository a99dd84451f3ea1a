/* upload.c - POST: may it come, its body, and what is to be made of it. */
#include "server/api/upload.h"
#include "server/api/path.h"
#include "server/api/routes.h"
#include "server/api/serving.h"

typedef struct {
    ibx_exchange *x;
    ibx_upload_kind kind;
    char *recipe;         /* from the address, or from a part of the body; NULL: none so far */
    char *outputs;        /* from a part */
    ibx_upload *upload;   /* until its body is complete */
    ibx_reading *reading; /* while a form is taken apart */
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
    static const char SCHEME[] = "Bearer "; /* in any case: RFC 9110, 11.1 */
    const ibx_settings *settings = &x->house->settings;
    const char *given = ibx_exchange_header(x, "Authorization");
    const char *token = settings->auth.token;
    if (!token || !token[0]) {
        if (ibx_settings_unsigned(settings)) return true;
    } else if (given && g_ascii_strncasecmp(given, SCHEME, strlen(SCHEME)) == 0 &&
               same_text(given + strlen(SCHEME), token)) {
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
        refuse_body(x, IBX_SOURCE_BUSY);
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

static void process(posting *p, ibx_opened *source) {
    ibx_exchange *x = p->x;
    ibx_wish wish = {0};
    ibx_error err = {0};
    const char *accept = ibx_exchange_list(x, "Accept");
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

static void serve_body(posting *p, ibx_opened *source) {
    g_strlcpy(source->name, "upload", sizeof source->name);
    if (p->kind == IBX_UPLOAD_PROCESS)
        process(p, source);
    else if (p->kind == IBX_UPLOAD_SET)
        ibx_serve_set(p->x, p->recipe, p->outputs, source, source->size);
    else
        ibx_serve_info(p->x, source, source->size);
}

/* A part that would be of no use is a mistake of whoever sent it. */
static bool fits(const posting *p, const ibx_form *form, ibx_error *err) {
    if (form->recipe && p->kind == IBX_UPLOAD_INFO)
        return ibx_fail(err, IBX_USAGE, "there is a part recipe, but /v1/info makes nothing");
    if (form->recipe && p->recipe)
        return ibx_fail(err, IBX_USAGE,
                        "the address and a part recipe both give a recipe; leave one of them out");
    return !form->outputs || p->kind == IBX_UPLOAD_SET ||
           ibx_fail(err, IBX_USAGE, "there is a part outputs; POST it to /v1/set");
}

/* Takes the texts out of a form; its image takes the place of the body. */
static void form_came(void *user, ibx_form *form) {
    posting *p = user;
    ibx_opened image = form->image;
    p->reading = NULL;
    if (form->status == IBX_SOURCE_OK && fits(p, form, &form->error)) {
        if (form->recipe) p->recipe = g_steal_pointer(&form->recipe);
        p->outputs = g_steal_pointer(&form->outputs);
        serve_body(p, &image);
        return;
    }
    if (form->error.text[0])
        ibx_answer_problem(p->x, 400, "bad-request", &form->error, 0);
    else
        refuse_body(p->x, form->status);
    close_body(p->x, &image);
}

static void stop_reading(void *user) {
    posting *p = user;
    if (p->reading) ibx_reading_cancel(p->reading);
    p->reading = NULL;
}

void ibx_upload_end(ibx_exchange *x, const char *rest) {
    (void)rest;
    posting *p = x->upload;
    ibx_opened source = {.fd = -1};
    char *boundary;
    ibx_upload_finish(g_steal_pointer(&p->upload), &source);
    if (source.status != IBX_SOURCE_OK) {
        refuse_body(x, source.status);
    } else if (is_multipart(x, &boundary)) {
        p->reading = ibx_form_read(x->house->forms, &source, boundary,
                                   x->house->settings.limits.source_bytes, form_came, p);
        ibx_exchange_wait(x, stop_reading, p);
        g_free(boundary);
    } else {
        serve_body(p, &source);
    }
}
