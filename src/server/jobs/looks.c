/* looks.c - fair turns by rounds, and a list of the condemned. */
#include "server/jobs/looks.h"

enum {
    MOST = 256,       /* that wait */
    MOST_OF_ONE = 64, /* of them, of one source */
    LARGE = 1 << 20,  /* bytes; above that one is looked at at a time */
    MOST_RECIPES = 2  /* that are condemned with a source before it is */
};

typedef struct {
    double until;
    char source[IBX_WIRE_SOURCE];
    char recipe[]; /* "": the source, whatever the recipe */
} sentence;

static bool is_same(const ibx_look *look, const char *source) {
    return source[0] && strcmp(look->source, source) == 0;
}

void ibx_looks_clear(ibx_looks *looks) {
    g_queue_clear_full(&looks->condemned, g_free);
}

bool ibx_looks_open(const ibx_looks *looks, const char *source) {
    int same = 0;
    for (const GList *l = looks->waiting.head; l; l = l->next) same += is_same(l->data, source);
    return looks->waiting.length < MOST && same < MOST_OF_ONE;
}

/* The last round in which a look at that source is. */
static int64_t last_round(const GQueue *queue, const char *source, int64_t round) {
    for (const GList *l = queue->head; l; l = l->next) {
        const ibx_look *look = l->data;
        if (is_same(look, source)) round = MAX(round, look->round);
    }
    return round;
}

void ibx_looks_join(ibx_looks *looks, ibx_look *look) {
    const int64_t round = last_round(&looks->begun, look->source, looks->round);
    look->round = last_round(&looks->waiting, look->source, round) + 1 + (look->bytes >> 20);
    look->in = &looks->waiting;
    look->link.data = look;
    GList *before = looks->waiting.tail;
    while (before && ((ibx_look *)before->data)->round > look->round) before = before->prev;
    g_queue_insert_after_link(&looks->waiting, before, &look->link);
}

static bool may_begin(const ibx_looks *looks, const ibx_look *look) {
    for (const GList *l = looks->begun.head; l; l = l->next) {
        const ibx_look *other = l->data;
        if (is_same(other, look->source)) return false;
        if (look->bytes > LARGE && other->bytes > LARGE) return false;
    }
    return true;
}

ibx_look *ibx_looks_next(const ibx_looks *looks) {
    for (const GList *l = looks->waiting.head; l; l = l->next)
        if (may_begin(looks, l->data)) return l->data;
    return NULL;
}

void ibx_looks_begin(ibx_looks *looks, ibx_look *look) {
    ibx_looks_leave(look);
    looks->round = MAX(looks->round, look->round);
    look->in = &looks->begun;
    g_queue_push_tail_link(look->in, &look->link);
}

void ibx_looks_leave(ibx_look *look) {
    if (look->in) g_queue_unlink(look->in, &look->link);
    look->in = NULL;
}

void ibx_looks_condemn(ibx_looks *looks, const char *source, const char *recipe, double now) {
    const size_t room = strlen(recipe) + 1;
    if (!source[0]) return;
    sentence *s = g_malloc0(sizeof *s + room);
    g_strlcpy(s->source, source, sizeof s->source);
    memcpy(s->recipe, recipe, room);
    s->until = now + IBX_LOOKS_CONDEMNED_S;
    g_queue_push_tail(&looks->condemned, s);
}

bool ibx_looks_condemned(ibx_looks *looks, const char *source, const char *recipe, double now) {
    const sentence *first;
    int recipes = 0;
    while ((first = g_queue_peek_head(&looks->condemned)) && first->until <= now)
        g_free(g_queue_pop_head(&looks->condemned));
    for (const GList *l = looks->condemned.head; l; l = l->next) {
        const sentence *s = l->data;
        if (strcmp(s->source, source) != 0) continue;
        if (!s->recipe[0] || strcmp(s->recipe, recipe) == 0 || ++recipes == MOST_RECIPES)
            return true;
    }
    return false;
}
