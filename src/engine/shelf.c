/* shelf.c - plans that are used again. */
#include "engine/shelf.h"
#include <stdlib.h>

struct ibx_shelved {
    ibx_plan plan; /* the first member: what users hold */
    ibx_info info; /* of the image that it was made for, whose metadata may be gone */
    int users;     /* a place on the shelf is one */
    int saves;
    const ibx_format *format[]; /* as options have them */
};

void ibx_shelf_open(ibx_shelf *shelf) {
    *shelf = (ibx_shelf){.next = 0};
    pthread_mutex_init(&shelf->lock, NULL);
}

static void let_go(ibx_shelved *shelved) {
    if (!shelved || --shelved->users > 0) return;
    ibx_plan_free(&shelved->plan);
    free(shelved);
}

void ibx_shelf_close(ibx_shelf *shelf) {
    for (int i = 0; i < IBX_SHELF_PLACES; i++) let_go(shelf->place[i]);
    pthread_mutex_destroy(&shelf->lock);
}

/* Member by member, since bytes between members are anything. Two profiles are two. */
static bool same_head(const ibx_head *a, const ibx_head *b) {
    return a->w == b->w && a->h == b->h && a->model == b->model && a->alpha == b->alpha &&
           a->orientation == b->orientation && a->depth == b->depth && a->profile.size == 0 &&
           b->profile.size == 0 && a->shrink == b->shrink && a->full_w == b->full_w &&
           a->full_h == b->full_h && a->full_x == b->full_x && a->full_y == b->full_y &&
           a->chroma == b->chroma && a->halved_x == b->halved_x && a->halved_y == b->halved_y;
}

static bool same_chroma(const ibx_chroma *a, const ibx_chroma *b) {
    return a->known == b->known && a->halved_x == b->halved_x && a->halved_y == b->halved_y;
}

/* All that a plan follows from, which is everything but the metadata. Formats are names that
 * codecs have once, so that they are compared by their places: at worst a plan is made anew. */
static bool same_info(const ibx_info *a, const ibx_info *b) {
    return same_head(&a->head, &b->head) && a->sample == b->sample && a->format == b->format &&
           a->pages == b->pages && a->progressive == b->progressive && a->shrinks == b->shrinks &&
           a->levels == b->levels && a->coarsens == b->coarsens && a->direct == b->direct &&
           same_chroma(&a->chroma, &b->chroma) && a->decoder_bytes == b->decoder_bytes;
}

static const ibx_format *format_of(const ibx_plan_options *options, int save) {
    return options->formats ? options->formats[save] : NULL;
}

static bool fits(const ibx_shelved *shelved, const ibx_info *info,
                 const ibx_plan_options *options) {
    for (int i = 0; i < shelved->saves; i++)
        if (shelved->format[i] != format_of(options, i)) return false;
    return same_info(&shelved->info, info);
}

/* One for the user, if it is there. */
static ibx_shelved *find(ibx_shelf *shelf, const ibx_info *info, const ibx_plan_options *options) {
    ibx_shelved *found = NULL;
    pthread_mutex_lock(&shelf->lock);
    for (int i = 0; !found && i < IBX_SHELF_PLACES; i++)
        if (shelf->place[i] && fits(shelf->place[i], info, options)) found = shelf->place[i];
    if (found) found->users++;
    pthread_mutex_unlock(&shelf->lock);
    return found;
}

static ibx_shelved *make(const ibx_recipe *recipe, const ibx_info *info,
                         const ibx_plan_options *options, ibx_error *err) {
    const int saves = ibx_recipe_outputs(recipe);
    ibx_shelved *made = calloc(1, sizeof *made + (size_t)saves * sizeof made->format[0]);
    if (!made) return ibx_fail(err, IBX_MEMORY, "no memory for a plan"), NULL;
    made->info = *info;
    made->users = 1;
    made->saves = saves;
    for (int i = 0; i < saves; i++) made->format[i] = format_of(options, i);
    if (ibx_plan_make(&made->plan, recipe, &made->info, options, err)) return made;
    free(made);
    return NULL;
}

static bool scans(const ibx_plan *plan) {
    bool any = false;
    for (int s = 0; s < plan->stages; s++) any |= plan->stage[s].scan >= 0;
    for (int c = 0; plan->component && c < IBX_COMPONENTS; c++) any |= scans(&plan->component[c]);
    return any;
}

/* In place of the oldest. Two threads may put up the same plan; both are good. */
static void put_up(ibx_shelf *shelf, ibx_shelved *made) {
    pthread_mutex_lock(&shelf->lock);
    ibx_shelved *oldest = shelf->place[shelf->next];
    shelf->place[shelf->next] = made;
    shelf->next = (shelf->next + 1) % IBX_SHELF_PLACES;
    made->users++;
    let_go(oldest);
    pthread_mutex_unlock(&shelf->lock);
}

const ibx_plan *ibx_shelf_take(ibx_shelf *shelf, const ibx_recipe *recipe, const ibx_info *info,
                               const ibx_plan_options *options, ibx_error *err) {
    const bool shared = shelf && info->head.profile.size == 0;
    ibx_shelved *shelved = shared ? find(shelf, info, options) : NULL;
    if (shelved) return &shelved->plan;
    shelved = make(recipe, info, options, err);
    if (!shelved) return NULL;
    if (shared && !scans(&shelved->plan)) put_up(shelf, shelved);
    return &shelved->plan;
}

void ibx_shelf_give_back(ibx_shelf *shelf, const ibx_plan *plan) {
    if (!plan) return;
    if (shelf) pthread_mutex_lock(&shelf->lock);
    let_go((ibx_shelved *)plan);
    if (shelf) pthread_mutex_unlock(&shelf->lock);
}
