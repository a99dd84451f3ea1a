/* plan.c - makes and frees plans; chooses what the decoder does of a reduction. */
#include "engine/plan.h"
#include "core/param.h"
#include <stdlib.h>

/* Reduced decoding averages pixels in encoded light, by a box. The resampler must still have at
 * least this much to do for the difference not to be seen (2 x: 0 to 2 points of SSIMULACRA2). */
#define LEAST_LEFT 2

/* Nor is more than this left to such averages. */
#define MOST_SHRINK 2

void ibx_plan_free(ibx_plan *plan) {
    for (int i = 0; i < plan->readies; i++) {
        ibx_ready *r = &plan->ready[i];
        if (!r->filter) continue;
        if (r->state && r->filter->release) r->filter->release(r->state);
        free(r->state);
        if (r->own_params && r->filter->close) r->filter->close(r->own_params);
        if (r->own_params) ibx_params_free(r->filter->params, r->own_params);
    }
    for (int s = 0; s < plan->saves; s++)
        if (plan->save[s].own_params)
            ibx_params_free(plan->save[s].format->params, plan->save[s].own_params);
    for (int c = 0; plan->component && c < IBX_COMPONENTS; c++) ibx_plan_free(&plan->component[c]);
    free(plan->component);
    free(plan->ready);
    free(plan->pass);
    free(plan->save);
    free(plan->stage);
    free(plan->band);
    *plan = (ibx_plan){0};
}

static double area(ibx_rect r) {
    return (double)r.w * r.h;
}

/* Tells passes how much of their input is needed. Tails of saves see all of the stage's output. */
static void count_needed(ibx_plan *plan, const ibx_stage *stage) {
    ibx_rect need[IBX_MAX_FUSED], made[IBX_MAX_FUSED];
    ibx_pass *pass = &plan->pass[stage->first];
    const ibx_rect all = {0, 0, stage->head.w, stage->head.h};
    ibx_fuse_rects(pass, stage->count, all, need, made);
    for (int i = 0; i < stage->count; i++)
        pass[i].needed = area(ibx_rect_inside(need[i], pass[i].call.in.w, pass[i].call.in.h));
    for (int i = stage->first_save; i < stage->first_save + stage->saves; i++)
        if (plan->save[i].tail >= 0) plan->pass[plan->save[i].tail].needed = area(all);
}

bool ibx_plan_chain(ibx_plan *plan, int shrink, const ibx_recipe *recipe, const ibx_info *info,
                    const ibx_plan_options *options, ibx_error *err) {
    *plan = (ibx_plan){.input = info->head,
                       .sample = info->sample,
                       .shrink = shrink,
                       .role = options->role,
                       .decoder_bytes = info->decoder_bytes};
    if (!info->head.chroma) {
        plan->input.full_w = info->head.w;
        plan->input.full_h = info->head.h;
    }
    plan->input.shrink = shrink;
    plan->input.w = (info->head.w + shrink - 1) / shrink;
    plan->input.h = (info->head.h + shrink - 1) / shrink;
    if (ibx_plan_steps(plan, recipe, options, err) && ibx_plan_passes(plan, info, options, err) &&
        ibx_plan_stages(plan, options, err)) {
        for (int i = 0; i < plan->stages; i++) count_needed(plan, &plan->stage[i]);
        return true;
    }
    ibx_plan_free(plan);
    return false;
}

/* Steps in front of a reduction that give the same result behind it. */
static bool may_wait(const ibx_filter *filter) {
    return filter->traits & (IBX_CUT | IBX_UPRIGHT | IBX_MANAGE);
}

/* The first pass of the step that the recipe begins with, but for such steps; -1: there is none, or
 * somebody wants to see the image in front of it. */
static int find_first(const ibx_plan *plan) {
    int first = 0;
    while (first < plan->passes && may_wait(plan->ready[plan->pass[first].ready].filter)) first++;
    if (first == plan->passes) return -1;
    for (int s = 0; s < plan->saves; s++)
        if (plan->save[s].at <= first) return -1;
    return first;
}

/* Is enough of a reduction left for the resampler? An image that stands in the file is also good
 * where it has the size that is wanted: somebody made it to be looked at. */
static bool leaves_enough(const ibx_info *info, const ibx_head *in, const ibx_head *out,
                          int shrink) {
    const int w = (in->w - 1) / shrink + 1, h = (in->h - 1) / shrink + 1;
    const int64_t least = (int64_t)shrink * LEAST_LEFT;
    return (info->levels && w == out->w && h == out->h) ||
           (in->w >= out->w * least && in->h >= out->h * least);
}

/* The heads in front of the reduction whose first pass this is, and behind it. */
static void find_sizes(const ibx_plan *plan, int first, ibx_head *in, ibx_head *out) {
    const int step = plan->pass[first].ready;
    int last = first;
    while (last + 1 < plan->passes && plan->pass[last + 1].ready == step &&
           !plan->pass[last + 1].filter->scan)
        last++;
    *in = plan->pass[first].call.in;
    *out = plan->pass[last].call.out;
}

/* How much of the reduction the decoder may do. */
static int choose_shrink(const ibx_info *info, const ibx_head *in, const ibx_head *out) {
    int shrink = info->levels ? IBX_MOST_SHRINK : MOST_SHRINK;
    while (shrink > 1 && !(info->shrinks & shrink && leaves_enough(info, in, out, shrink)))
        shrink /= 2;
    return shrink;
}

/* The reduction, if it is one that the decoder leaves out detail for; else 0. */
static int choose_coarse(const ibx_info *info, int reduction) {
    return info->coarsens > 0 && reduction >= info->coarsens ? reduction : 0;
}

/* Makes use of what the decoder can do for a reduction, by planning once more. */
static bool reduce_early(ibx_plan *plan, int first, const ibx_recipe *recipe, const ibx_info *info,
                         const ibx_plan_options *options, ibx_error *err) {
    ibx_head in, out;
    find_sizes(plan, first, &in, &out);
    const int shrink = choose_shrink(info, &in, &out);
    if (shrink > 1) {
        ibx_plan_free(plan);
        if (!ibx_plan_chain(plan, shrink, recipe, info, options, err)) return false;
    }
    plan->coarse = choose_coarse(info, ibx_min(in.w / out.w, in.h / out.h));
    return true;
}

/* Leaves to the decoder what it can do of the first step, or need not do for it. */
static bool decode_less(ibx_plan *plan, const ibx_recipe *recipe, const ibx_info *info,
                        const ibx_plan_options *options, ibx_error *err) {
    const int first = find_first(plan);
    if (!(info->shrinks || info->coarsens) || first < 0) return true;
    const ibx_ready *step = &plan->ready[plan->pass[first].ready];
    if (step->filter->traits & IBX_REDUCE)
        return reduce_early(plan, first, recipe, info, options, err);
    if (step->filter->averages)
        plan->coarse = choose_coarse(info, (int)step->filter->averages(step->params));
    return true;
}

bool ibx_plan_make(ibx_plan *plan, const ibx_recipe *recipe, const ibx_info *info,
                   const ibx_plan_options *options, ibx_error *err) {
    if (!ibx_plan_chain(plan, 1, recipe, info, options, err)) return false;
    ibx_plan_components(plan, recipe, info, options);
    if (!decode_less(plan, recipe, info, options, err)) return false;
    if (ibx_plan_fit(plan, options, err)) return true;
    ibx_plan_free(plan);
    return false;
}
