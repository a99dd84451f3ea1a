/* place.c - layers that change their size. */
#include "gimp/place.h"
#include "core/recipe.h"

/* The pixel along a side that pixel i of the result is made of; -1: of more than one. */
static int made_of(const ibx_view *view, bool down, int i) {
    const ibx_rect from = ibx_view_source(view, (ibx_rect){down ? 0 : i, down ? i : 0, 1, 1});
    if (from.w != 1 || from.h != 1) return -1;
    return down ? from.y : from.x;
}

/* Where a side of n pixels begins in a longer one, if the step only fills up what lies in front of
 * it and behind; else -1. Found by halves: what is in front is made of the first pixel or none. */
static int filled(const ibx_view *view, bool down, int n, int longer) {
    int low = 0, high = longer - 1;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (made_of(view, down, middle) >= 1)
            high = middle;
        else
            low = middle + 1;
    }
    const int begin = n > 1 ? low - 1 : -1;
    const bool fits = begin >= 0 && begin + n <= longer && made_of(view, down, begin) == 0 &&
                      made_of(view, down, begin + n - 1) == n - 1;
    return fits ? begin : -1;
}

/* Adds how far one step moves one end of a side that had n pixels and is made of `part` of them,
 * from `from` on. True where it scales or turns them: then the part keeps its centre. */
static bool move_side(const ibx_view *view, bool down, int n, int from, int part, int *at) {
    const ibx_head *head = ibx_view_head(view);
    const int made = down ? head->h : head->w;
    const int begin = made > n ? filled(view, down, n, made) : -1;
    *at += begin >= 0 ? -begin : from + (part - made) / 2;
    return begin < 0 && part != made;
}

/* Adds how far one step moves the upper left corner of a layer with this head, which becomes that
 * of its result. Notes whether it scales or turns. False: the step alone is refused. */
static bool add_move(ibx_step *step, ibx_sample sample, ibx_head *head, int *x, int *y,
                     bool *scaled) {
    const ibx_recipe alone = {step, 1};
    ibx_view *view = ibx_view_open(&alone, head, sample, sample, NULL, NULL);
    if (!view) return false;
    const ibx_head *made = ibx_view_head(view);
    const ibx_rect from = ibx_view_source(view, (ibx_rect){0, 0, made->w, made->h});
    *scaled |= move_side(view, false, head->w, from.x, from.w, x);
    *scaled |= move_side(view, true, head->h, from.y, from.h, y);
    *head = *made;
    head->profile = (ibx_bytes){NULL, 0}; /* is not asked for, and the view's */
    ibx_view_free(view);
    return true;
}

bool ibx_gimp_place(const ibx_gimp_job *job, int *x, int *y) {
    const ibx_head *result = ibx_view_head(job->view);
    ibx_head head = job->head;
    bool ok = true, scaled = false;
    head.profile = (ibx_bytes){NULL, 0};
    *x = *y = 0;
    for (int i = 0; i < job->recipe->count && ok; i++)
        ok = add_move(&job->recipe->steps[i], job->sample, &head, x, y, &scaled);
    if (ok && head.w == result->w && head.h == result->h) return scaled;
    *x = (job->head.w - result->w) / 2;
    *y = (job->head.h - result->h) / 2;
    return true;
}
