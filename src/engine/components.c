/* components.c - luma and chroma, each filtered as the gray image that it is.
 *
 * A photograph comes as luma and two smaller planes of chroma and leaves so. Where every filter
 * does the same to all colours, the way through RGB is upsampling, two conversions and twice the
 * samples for nothing. The plan then has three plans of gray images, which the graph runs side by
 * side: their strips of one number belong to the same rows of the image, so that one task decodes
 * (filters, encodes) the strips of all. */
#include "core/pixels.h"
#include "engine/plan.h"
#include <stdlib.h>

/* Is every pass one of a filter that can do without RGB? */
static bool planewise(const ibx_plan *plan, const ibx_chroma *chroma) {
    for (int i = 0; i < plan->passes; i++) {
        const ibx_ready *r = &plan->ready[plan->pass[i].ready];
        if (!r->filter->planewise ||
            !r->filter->planewise(r->params, chroma->halved_x, chroma->halved_y))
            return false;
    }
    return true;
}

/* Can both codecs do without RGB, and chroma come out as it is wanted by halving it? */
static bool offered(const ibx_plan *plan, const ibx_info *info, ibx_chroma *wanted) {
    static const ibx_metadata NOTHING;
    if (!info->chroma.known || plan->saves != 1 || !plan->save->codec->chroma) return false;
    const ibx_save_job job = ibx_plan_save_job(plan->save, &NOTHING);
    *wanted = plan->save->codec->chroma(&job);
    return wanted->known && wanted->halved_x >= info->chroma.halved_x &&
           wanted->halved_y >= info->chroma.halved_y;
}

static int halve(int size, int times) {
    return (size + (1 << times) - 1) >> times;
}

/* The header of luma or chroma. */
static ibx_info component_info(const ibx_info *info, ibx_role role) {
    const ibx_chroma chroma = role == IBX_CHROMA ? info->chroma : (ibx_chroma){true, 0, 0};
    return (ibx_info){.sample = info->sample,
                      .format = info->format,
                      .head = {.w = halve(info->head.w, chroma.halved_x),
                               .h = halve(info->head.h, chroma.halved_y),
                               .model = IBX_GRAY,
                               .orientation = 1,
                               .depth = info->head.depth,
                               .full_w = info->head.w,
                               .full_h = info->head.h,
                               .chroma = role == IBX_CHROMA,
                               .halved_x = chroma.halved_x,
                               .halved_y = chroma.halved_y}};
}

/* Luma chooses its strips by itself, in whole rows of blocks. */
static bool plan_luma(ibx_plan *plan, const ibx_recipe *recipe, const ibx_info *info,
                      ibx_plan_options options) {
    const ibx_info luma = component_info(info, IBX_LUMA);
    options.role = IBX_LUMA;
    if (!ibx_plan_chain(plan, 1, recipe, &luma, &options, NULL)) return false;
    if (plan->stage->strip_rows % IBX_COMPONENT_ROWS == 0) return true;
    ibx_plan_free(plan);
    options.strip_rows = IBX_COMPONENT_ROWS;
    return ibx_plan_chain(plan, 1, recipe, &luma, &options, NULL);
}

/* Chroma has strips for the same rows of the image. */
static bool plan_chroma(ibx_plan *plan, const ibx_plan *luma, const ibx_chroma *wanted,
                        const ibx_recipe *recipe, const ibx_info *info, ibx_plan_options options) {
    const ibx_info chroma = component_info(info, IBX_CHROMA);
    options.role = IBX_CHROMA;
    options.halve_x = wanted->halved_x - info->chroma.halved_x;
    options.halve_y = wanted->halved_y - info->chroma.halved_y;
    options.decode_rows = luma->band->strip_rows >> info->chroma.halved_y;
    options.strip_rows = luma->stage->strip_rows >> wanted->halved_y;
    return ibx_plan_chain(plan, 1, recipe, &chroma, &options, NULL);
}

void ibx_plan_reach_together(const ibx_plan *component, int s, int j, int *lo, int *hi) {
    ibx_plan_reach(component, s, j, lo, hi);
    for (int c = 1; c < IBX_COMPONENTS; c++) {
        int first, last;
        ibx_plan_reach(&component[c], s, j, &first, &last);
        *lo = ibx_min(*lo, first);
        *hi = ibx_max(*hi, last);
    }
}

/* The most strips of input that a strip of output needs. */
static int most_together(const ibx_plan *component) {
    int most = 0;
    for (int j = 0; j < component->stage->strips; j++) {
        int lo, hi;
        ibx_plan_reach_together(component, 0, j, &lo, &hi);
        most = ibx_max(most, hi - lo + 1);
    }
    return most;
}

/* Plans that run side by side have one stage, and rings that are as long as the longest. */
static bool align(ibx_plan *component) {
    for (int c = 0; c < IBX_COMPONENTS; c++)
        if (component[c].stages != 1 || component[c].band->whole ||
            component->band->strip_rows % IBX_COMPONENT_ROWS != 0)
            return false;
    const int together = most_together(component);
    for (int b = 0; b < 2; b++) {
        const int least = b ? 1 : together, strips = component->band[b].strips;
        int slots = ibx_min(least + 2, strips), tight = least;
        for (int c = 0; c < IBX_COMPONENTS; c++) {
            slots = ibx_max(slots, component[c].band[b].slots);
            tight = ibx_max(tight, component[c].band[b].tight);
        }
        for (int c = 0; c < IBX_COMPONENTS; c++) {
            component[c].band[b].slots = slots;
            component[c].band[b].tight = tight;
        }
    }
    return true;
}

static bool plan_all(ibx_plan *component, const ibx_chroma *wanted, const ibx_recipe *recipe,
                     const ibx_info *info, const ibx_plan_options *options) {
    if (!plan_luma(component, recipe, info, *options)) return false;
    for (int c = 1; c < IBX_COMPONENTS; c++)
        if (!plan_chroma(&component[c], component, wanted, recipe, info, *options)) return false;
    return align(component);
}

void ibx_plan_components(ibx_plan *plan, const ibx_recipe *recipe, const ibx_info *info,
                         const ibx_plan_options *options) {
    ibx_chroma wanted;
    if (!offered(plan, info, &wanted) || !planewise(plan, &info->chroma)) return;
    plan->component = calloc(IBX_COMPONENTS, sizeof *plan->component);
    if (!plan->component) return;
    if (plan_all(plan->component, &wanted, recipe, info, options)) {
        ibx_plan_note(plan, "no conversion to RGB: luma and chroma are filtered as the file has "
                            "them");
        return;
    }
    for (int c = 0; c < IBX_COMPONENTS; c++) ibx_plan_free(&plan->component[c]);
    free(plan->component);
    plan->component = NULL;
}
