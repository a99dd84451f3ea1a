/* steps.c - the recipe's steps, the automatic ones, and their order. */
#include "core/param.h"
#include "engine/plan.h"
#include <stdarg.h>
#include <stdlib.h>

void ibx_plan_note(ibx_plan *plan, const char *format, ...) {
    if (plan->notes == IBX_MAX_NOTES) return;
    va_list args;
    va_start(args, format);
    vsnprintf(plan->note[plan->notes], sizeof plan->note[0], format, args);
    va_end(args);
    plan->notes++;
}

const ibx_filter *ibx_filter_with(unsigned trait) {
    size_t n;
    const ibx_filter *const *filters = ibx_filters(&n);
    for (size_t i = 0; i < n; i++)
        if (filters[i]->traits & trait) return filters[i];
    return NULL;
}

/* Appends the filter with a trait, at its defaults. */
static bool add_automatic(ibx_plan *plan, unsigned trait, ibx_error *err) {
    const ibx_filter *filter = ibx_filter_with(trait);
    if (!filter) return true;
    void *params = ibx_params_new(filter->params, filter->params_size);
    if (!params) return ibx_fail(err, IBX_MEMORY, "no memory for a plan");
    plan->ready[plan->readies++] =
        (ibx_ready){.filter = filter, .params = params, .own_params = params};
    return !filter->open || filter->open(params, err);
}

/* Does the recipe's last step write a file? */
static bool ends_with_save(const ibx_recipe *recipe) {
    return recipe->count > 0 && !recipe->steps[recipe->count - 1].filter;
}

static void swap(ibx_plan *plan, int i) {
    const ibx_ready r = plan->ready[i];
    plan->ready[i] = plan->ready[i + 1];
    plan->ready[i + 1] = r;
}

/* A cut moves in front of the point filters before it: they then see fewer pixels. */
static void move_cuts(ibx_plan *plan) {
    for (int i = 1; i < plan->readies; i++) {
        const ibx_filter *cut = plan->ready[i].filter;
        if (!cut || !(cut->traits & IBX_CUT)) continue;
        int at = i;
        while (at > 0 && plan->ready[at - 1].filter &&
               plan->ready[at - 1].filter->traits & IBX_POINT &&
               !(plan->ready[at - 1].filter->traits & IBX_MANAGE))
            swap(plan, --at);
        if (at < i)
            ibx_plan_note(plan, "%s moved in front of %s: the same pixels, fewer of them",
                          cut->name, plan->ready[at + 1].filter->name);
    }
}

/* Gives step i parameters of its own that suit the image before it is turned. */
static bool transpose_params(ibx_plan *plan, int i, ibx_error *err) {
    ibx_ready *r = &plan->ready[i];
    void *params = ibx_params_new(r->filter->params, r->filter->params_size);
    if (!params) return ibx_fail(err, IBX_MEMORY, "no memory for a plan");
    char text[256];
    for (const ibx_param *row = r->filter->params; row && row->name; row++) {
        ibx_param_print(row, r->params, text, sizeof text);
        if (!ibx_param_set(row, params, text, r->filter->name, err)) {
            ibx_params_free(r->filter->params, params);
            return false;
        }
    }
    r->filter->transpose(params);
    r->params = r->own_params = params;
    return true;
}

/* The automatic turning moves behind the last filter that gives the same result before it, when
 * that one is likely to make the image small. Everything passed on the way must agree. */
static bool move_upright(ibx_plan *plan, int orientation, ibx_error *err) {
    const ibx_filter *upright = plan->ready[0].filter;
    int last = 0;
    for (int i = 1; i < plan->readies && plan->ready[i].filter; i++) {
        const ibx_filter *f = plan->ready[i].filter;
        if (!f->transpose && !(f->traits & IBX_POINT)) break;
        if (f->transpose && !f->open) last = i;
    }
    for (int i = 0; i < last; i++) {
        swap(plan, i);
        if (plan->ready[i].filter->transpose && orientation >= 5 && !transpose_params(plan, i, err))
            return false;
    }
    if (last > 0)
        ibx_plan_note(plan, "%s moved behind %s: the same picture, turned when it is small",
                      upright->name, plan->ready[last - 1].filter->name);
    return true;
}

/* Chroma is halved as its file wants it, in front of the save that ends the recipe. */
static void add_halvings(ibx_plan *plan, const ibx_plan_options *options) {
    const ibx_ready save = plan->ready[--plan->readies];
    for (int i = 0; i < options->halve_x; i++)
        plan->ready[plan->readies++] = (ibx_ready){.filter = &ibx_halve_across};
    for (int i = 0; i < options->halve_y; i++)
        plan->ready[plan->readies++] = (ibx_ready){.filter = &ibx_halve_down};
    plan->ready[plan->readies++] = save;
}

bool ibx_plan_steps(ibx_plan *plan, const ibx_recipe *recipe, const ibx_plan_options *options,
                    ibx_error *err) {
    const int most = recipe->count + 4 + options->halve_x + options->halve_y;
    plan->ready = calloc((size_t)most, sizeof *plan->ready);
    if (!plan->ready) return ibx_fail(err, IBX_MEMORY, "no memory for a plan");
    const bool turn = plan->input.orientation != 1 && !ibx_recipe_has(recipe, IBX_UPRIGHT);
    if (turn && !add_automatic(plan, IBX_UPRIGHT, err)) return false;
    if (!ibx_recipe_has(recipe, IBX_MANAGE) && !add_automatic(plan, IBX_MANAGE, err)) return false;
    for (int i = 0; i < recipe->count; i++) {
        const ibx_step *step = &recipe->steps[i];
        if (!step->filter && options->to)
            return ibx_fail(err, IBX_USAGE, "step %d: an image in memory cannot be saved to a file",
                            i + 1);
        plan->ready[plan->readies++] = (ibx_ready){.filter = step->filter,
                                                   .params = step->params,
                                                   .number = i + 1,
                                                   .save = step->filter ? NULL : step};
    }
    if (!ends_with_save(recipe)) plan->ready[plan->readies++] = (ibx_ready){0};
    add_halvings(plan, options);
    move_cuts(plan);
    return !turn || move_upright(plan, plan->input.orientation, err);
}
