/* fit.c - what a plan needs of memory, and how it is made to fit into the budget. */
#include "engine/plan.h"

/* Adds up what stands in memory at the same time. */
static void add_bytes(ibx_plan *plan, int threads) {
    plan->band_bytes = plan->mapped_bytes = plan->encoder_bytes = plan->tile_bytes = 0;
    for (int b = 0; b <= plan->stages; b++) {
        const size_t bytes = plan->band[b].strip_bytes * (size_t)plan->band[b].slots;
        *(plan->band[b].mapped ? &plan->mapped_bytes : &plan->band_bytes) += bytes;
    }
    for (int s = 0; s < plan->stages; s++) {
        const ibx_stage *stage = &plan->stage[s];
        if (stage->tile_bytes > plan->tile_bytes) plan->tile_bytes = stage->tile_bytes;
        for (int i = stage->first_save; i < stage->first_save + stage->saves; i++) {
            const ibx_save *save = &plan->save[i];
            plan->band_bytes += (size_t)plan->band[s + 1].slots * (size_t)stage->strip_rows *
                                ibx_plan_stride(plan, &save->head, save->sample);
            plan->encoder_bytes += save->encoder_bytes + (size_t)save->pressers * save->press_bytes;
        }
    }
    plan->bytes = plan->decoder_bytes + plan->band_bytes + plan->encoder_bytes +
                  plan->tile_bytes * (size_t)threads;
}

/* The same for components, which run side by side. */
static void add_components(ibx_plan *plan, int threads) {
    plan->band_bytes = plan->tile_bytes = 0;
    for (int c = 0; c < IBX_COMPONENTS; c++) {
        ibx_plan *component = &plan->component[c];
        add_bytes(component, threads);
        plan->band_bytes += component->band_bytes;
        if (component->tile_bytes > plan->tile_bytes) plan->tile_bytes = component->tile_bytes;
    }
    plan->bytes = plan->decoder_bytes + plan->band_bytes + plan->encoder_bytes +
                  plan->tile_bytes * (size_t)threads;
}

static void add_all(ibx_plan *plan, int threads) {
    add_bytes(plan, threads);
    if (plan->component) add_components(plan, threads);
}

/* The largest whole band that is not in a file yet; NULL: there is none. */
static ibx_band *largest_whole(const ibx_plan *plan) {
    ibx_band *largest = NULL;
    for (int b = 0; !plan->component && b <= plan->stages; b++) {
        ibx_band *band = &plan->band[b];
        if (!band->whole || band->mapped) continue;
        if (!largest ||
            band->strip_bytes * (size_t)band->slots > largest->strip_bytes * (size_t)largest->slots)
            largest = band;
    }
    return largest;
}

/* Does without pressers: the encoders then compress alone, to the same bytes. */
static bool drop_pressers(ibx_plan *plan) {
    bool any = false;
    for (int i = 0; i < plan->saves; i++) {
        any |= plan->save[i].pressers > 0;
        plan->save[i].pressers = 0;
    }
    return any;
}

bool ibx_plan_fit(ibx_plan *plan, const ibx_plan_options *options, ibx_error *err) {
    for (add_all(plan, options->threads); plan->bytes > options->memory;
         add_all(plan, options->threads)) {
        ibx_band *band = NULL;
        if (drop_pressers(plan)) continue;
        if (options->in_memory || !(band = largest_whole(plan)))
            return ibx_fail(err, IBX_MEMORY,
                            "%d x %d pixels through this recipe need %zu MB at least, more than "
                            "the budget of %zu MB; raise it with --memory",
                            plan->input.w, plan->input.h, plan->bytes / 1000000 + 1,
                            options->memory / 1000000);
        band->mapped = true;
    }
    return true;
}
