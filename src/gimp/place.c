/* place.c - layers that change their size. */
#include "gimp/place.h"
#include "core/recipe.h"

/* Adds how far one step moves the upper left corner of a layer with this head, which becomes that
 * of its result: the part that it was made of keeps its centre. False: the step alone is refused.
 */
static bool add_move(ibx_step *step, ibx_sample sample, ibx_head *head, int *x, int *y) {
    const ibx_recipe alone = {step, 1};
    ibx_view *view = ibx_view_open(&alone, head, sample, sample, NULL, NULL);
    if (!view) return false;
    *head = *ibx_view_head(view);
    head->profile = (ibx_bytes){NULL, 0}; /* is not asked for, and the view's */
    const ibx_rect from = ibx_view_source(view, (ibx_rect){0, 0, head->w, head->h});
    *x += from.x + (from.w - head->w) / 2;
    *y += from.y + (from.h - head->h) / 2;
    ibx_view_free(view);
    return true;
}

void ibx_gimp_place(const ibx_gimp_job *job, int *x, int *y) {
    const ibx_head *result = ibx_view_head(job->view);
    ibx_head head = job->head;
    bool ok = true;
    head.profile = (ibx_bytes){NULL, 0};
    *x = *y = 0;
    for (int i = 0; i < job->recipe->count && ok; i++)
        ok = add_move(&job->recipe->steps[i], job->sample, &head, x, y);
    if (ok && head.w == result->w && head.h == result->h) return;
    *x = (job->head.w - result->w) / 2;
    *y = (job->head.h - result->h) / 2;
}
