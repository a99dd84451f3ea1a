/* plan.c - makes and frees plans; chooses shrink-on-load. */
#include "engine/plan.h"
#include "core/param.h"
#include <stdlib.h>

/* Reduced decoding averages pixels in encoded light, by a box. The resampler must still have at
 * least this much to do for the difference not to be seen (2 x: 0 to 2 points of SSIMULACRA2). */
#define LEAST_LEFT 2

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

bool ibx_plan_chain(ibx_plan *plan, int shrink, const ibx_recipe *recipe, const ibx_info *info,
                    const ibx_plan_options *options, ibx_error *err) {
    *plan = (ibx_plan){.input = info->head,
                       .sample = info->sample,
                       .shrink = shrink,
                       .role = options->role,
                       .decoder_bytes = info->decoder_bytes};
    plan->input.full_w = info->head.w;
    plan->input.full_h = info->head.h;
    plan->input.shrink = shrink;
    plan->input.w = (info->head.w + shrink - 1) / shrink;
    plan->input.h = (info->head.h + shrink - 1) / shrink;
    if (ibx_plan_steps(plan, recipe, options, err) && ibx_plan_passes(plan, info, options, err) &&
        ibx_plan_stages(plan, options, err))
        return true;
    ibx_plan_free(plan);
    return false;
}

/* Does the first step reduce so much that the decoder may do a part of it? */
static bool may_shrink(const ibx_plan *plan, const ibx_info *info) {
    if (!(info->shrinks & 1 << 2) || plan->stage[0].count == 0) return false;
    const int step = plan->pass[0].ready;
    if (!(plan->ready[step].filter->traits & IBX_REDUCE)) return false;
    int last = 0;
    while (last + 1 < plan->passes && plan->pass[last + 1].ready == step &&
           !plan->pass[last + 1].filter->scan)
        last++;
    const ibx_head *in = &plan->input, *out = &plan->pass[last].call.out;
    return in->w >= out->w * 2 * LEAST_LEFT && in->h >= out->h * 2 * LEAST_LEFT;
}

bool ibx_plan_make(ibx_plan *plan, const ibx_recipe *recipe, const ibx_info *info,
                   const ibx_plan_options *options, ibx_error *err) {
    if (!ibx_plan_chain(plan, 1, recipe, info, options, err)) return false;
    ibx_plan_components(plan, recipe, info, options);
    if (may_shrink(plan, info)) {
        ibx_plan_free(plan);
        if (!ibx_plan_chain(plan, 2, recipe, info, options, err)) return false;
    }
    if (ibx_plan_fit(plan, options, err)) return true;
    ibx_plan_free(plan);
    return false;
}
