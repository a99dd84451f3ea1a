/* set.c - POST /v1/set: one upload, many outputs, as multipart/mixed.
 *
 * A recipe with several `save` steps is one job with one decode; members of the JSON list are jobs
 * of their own on the same bytes. */
#include "server/api/set.h"
#include "server/api/serving.h"
#include "server/api/upload.h"

typedef struct gathering gathering;

/* One job of the set. */
typedef struct {
    gathering *whole;
    ibx_production *production; /* while it is under way */
    ibx_product product;        /* when it is good */
} share;

struct gathering {
    ibx_exchange *x;
    ibx_opened source;
    int64_t purse; /* bytes to return */
    ibx_set_member *member;
    share *part;
    int count, waiting;
};

static void stop(void *user) {
    gathering *g = user;
    for (int i = 0; i < g->count; i++)
        if (g->part[i].production) ibx_production_cancel(g->part[i].production);
    for (int i = 0; i < g->count; i++) g->part[i].production = NULL;
}

static void free_products(gathering *g) {
    for (int i = 0; i < g->count; i++) ibx_product_free(&g->part[i].product);
}

static void drop(void *user) {
    gathering *g = user;
    free_products(g);
    ibx_purse_return(&g->x->house->purse, g->purse);
    ibx_opened_close(&g->source);
    ibx_set_free(g->member, g->count);
    g_free(g->part);
    g_free(g);
}

/* ---- the reply ----------------------------------------------------------------------------------
 */

/* What stands in front of a part. */
static GBytes *part_head(const char *boundary, const char *name, const ibx_result *r) {
    char *encoded = g_uri_escape_string(name, NULL, false);
    char *text = g_strdup_printf("--%s\r\nContent-Type: %s\r\n"
                                 "Content-Disposition: attachment; name=\"%s\"; "
                                 "filename*=UTF-8''%s%s\r\nImbrex-Size: %dx%d\r\n\r\n",
                                 boundary, r->format->mime, encoded, encoded,
                                 r->format->suffixes[0], r->w, r->h);
    g_free(encoded);
    return g_bytes_new_take(text, strlen(text));
}

/* The name of output i of a member: what `save:name=` says, the member's, and a number where that
 * makes several. */
static void append_member(GPtrArray *body, const char *boundary, const gathering *g, int at) {
    const ibx_product *p = &g->part[at].product;
    for (int i = 0; i < p->outputs; i++) {
        char name[160];
        const char *own = g->member[at].name;
        if (p->output[i].name[0])
            g_strlcpy(name, p->output[i].name, sizeof name);
        else if (p->outputs > 1)
            g_snprintf(name, sizeof name, "%s%d", own, i + 1);
        else
            g_strlcpy(name, own, sizeof name);
        g_ptr_array_add(body, part_head(boundary, name, &p->output[i]));
        g_ptr_array_add(body, g_bytes_ref(p->output[i].bytes));
        g_ptr_array_add(body, g_bytes_new_static("\r\n", 2));
    }
}

/* The parts are sent from where they are: a copy would take as much memory again, and the main loop
 * longer than it may. */
static void answer(gathering *g) {
    ibx_exchange *x = g->x;
    GPtrArray *body = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    char boundary[40], mime[100];
    g_snprintf(boundary, sizeof boundary, "%08x%08x%08x%08x", g_random_int(), g_random_int(),
               g_random_int(), g_random_int());
    g_snprintf(mime, sizeof mime, "multipart/mixed; boundary=%s", boundary);
    for (int i = 0; i < g->count; i++) append_member(body, boundary, g, i);
    char *last = g_strdup_printf("--%s--\r\n", boundary);
    g_ptr_array_add(body, g_bytes_new_take(last, strlen(last)));
    ibx_answer_measures(x, &g->part[0].product);
    ibx_answer_parts(x, &(ibx_reply){.mime = mime}, body);
    g_ptr_array_unref(body);
}

/* ---- the jobs
 * ------------------------------------------------------------------------------------ */

/* The results outlive the callback. */
static void keep(ibx_product *to, const ibx_product *from) {
    *to = *from;
    for (int i = 0; i < to->outputs; i++) g_bytes_ref(to->output[i].bytes);
}

static void produced(void *user, const ibx_product *p) {
    share *part = user;
    gathering *g = part->whole;
    part->production = NULL;
    g->waiting--;
    if (g->x->answered) return;
    if (p->fate != IBX_FATE_DONE || p->error.code != IBX_OK) {
        stop(g);
        ibx_answer_fate(g->x, p);
        return;
    }
    keep(&part->product, p);
    if (g->waiting > 0) return;
    answer(g);
    free_products(g);
}

static void start(gathering *g) {
    ibx_exchange_wait(g->x, stop, g);
    g->waiting = g->count;
    for (int i = 0; i < g->count; i++) {
        g->part[i].whole = g;
        g->part[i].production =
            ibx_produce(g->x->house, &g->member[i].wish, &g->source, produced, &g->part[i]);
        if (g->part[i].production) continue;
        stop(g);
        ibx_answer_no(g->x, 503, "overloaded", "no memory for another job");
        return;
    }
}

/* A recipe alone is a set of one member. */
static int read_recipe(ibx_exchange *x, const char *recipe, const char *accept,
                       ibx_set_member **members, ibx_error *err) {
    *members = g_new0(ibx_set_member, 1);
    (*members)->name = g_strdup("output");
    if (ibx_wish_make(&(*members)->wish, &x->house->settings, recipe, accept, err)) return 1;
    ibx_set_free(*members, 1);
    *members = NULL;
    return 0;
}

void ibx_serve_set(ibx_exchange *x, const char *recipe, const char *outputs, ibx_opened *source,
                   int64_t purse) {
    gathering *g = g_new0(gathering, 1);
    ibx_error err = {0};
    const char *accept = ibx_exchange_list(x, "Accept");
    *g = (gathering){.x = x, .source = *source, .purse = purse};
    *source = (ibx_opened){.fd = -1};
    ibx_exchange_owns(x, drop, g);
    if (!recipe == !outputs)
        ibx_fail(&err, IBX_USAGE,
                 "either the address or a part `recipe` gives a recipe, or a part "
                 "`outputs` gives several");
    else if (recipe)
        g->count = read_recipe(x, recipe, accept, &g->member, &err);
    else
        g->count = ibx_set_read(outputs, &x->house->settings, accept, &g->member, &err);
    g->part = g_new0(share, g->count + 1);
    if (g->count > 0)
        start(g);
    else
        ibx_answer_error(x, &err);
}
