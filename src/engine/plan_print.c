/* plan_print.c - a plan in words. */
#include "engine/plan.h"

/* "W x H RGB+alpha", or "W x H luma" */
static void print_head(const ibx_head *h, ibx_role role, FILE *out) {
    static const char *const MODEL[] = {
        [IBX_GRAY] = "gray", [IBX_RGB] = "RGB", [IBX_CMYK] = "CMYK"};
    static const char *const ROLE[] = {[IBX_LUMA] = "luma", [IBX_CHROMA] = "chroma, two planes"};
    fprintf(out, "%d x %d %s%s", h->w, h->h, role == IBX_ALL_COLOURS ? MODEL[h->model] : ROLE[role],
            h->alpha ? "+alpha" : "");
}

static const char *sample_name(ibx_sample sample) {
    static const char *const NAME[] = {"8-bit", "16-bit", "float"};
    return NAME[sample];
}

static void print_bytes(size_t bytes, FILE *out) {
    if (bytes < 10000000)
        fprintf(out, "%.1f MB", (double)bytes / 1e6);
    else
        fprintf(out, "%.0f MB", (double)bytes / 1e6);
}

static void print_decode(const ibx_plan *plan, int coarse, FILE *out) {
    const ibx_band *band = &plan->band[0];
    fprintf(out, "  decode   ");
    print_head(&plan->input, plan->role, out);
    fprintf(out, ", %s", sample_name(plan->sample));
    if (plan->shrink > 1)
        fprintf(out, ", shrunk by %d on load from %d x %d", plan->shrink, plan->input.full_w,
                plan->input.full_h);
    if (coarse > 0) fprintf(out, ", without scans too fine to be seen at 1/%d", coarse);
    fprintf(out, "; strips of %d rows, ", band->strip_rows);
    fprintf(out, band->whole ? "all %d%s\n" : "%d in a ring%s\n", band->slots,
            band->mapped  ? ", in a mapped file"
            : band->whole ? ", the whole image"
                          : "");
}

/* Reach of the stage's tiles over their own part of the input. */
static void print_halo(const ibx_plan *plan, const ibx_stage *stage, FILE *out) {
    ibx_rect need[IBX_MAX_FUSED], made[IBX_MAX_FUSED];
    const int w = ibx_min(stage->tile_w, stage->head.w),
              h = ibx_min(stage->tile_rows, stage->head.h);
    const ibx_rect tile = {(stage->head.w - w) / 2, (stage->head.h - h) / 2, w, h};
    ibx_fuse_rects(&plan->pass[stage->first], stage->count, tile, need, made);
    fprintf(out, ", each from %d x %d", need[0].w, need[0].h);
    if (stage->overlap > 1.005)
        fprintf(out, " (halo: %.0f %% read twice)", 100 * (stage->overlap - 1));
}

/* A pass that has no name of its own has its filter's. */
static const char *pass_name(const ibx_plan *plan, int pass) {
    const char *name = plan->pass[pass].filter->name;
    return name ? name : plan->ready[plan->pass[pass].ready].filter->name;
}

static void print_stage(const ibx_plan *plan, int s, FILE *out) {
    const ibx_stage *stage = &plan->stage[s];
    const ibx_band *band = &plan->band[s + 1];
    fprintf(out, "  stage %-2d ", s + 1);
    for (int i = 0; i < stage->count; i++)
        fprintf(out, "%s%s", i ? " + " : "", pass_name(plan, stage->first + i));
    if (stage->count == 0) fprintf(out, stage->saves ? "copy" : "look");
    fprintf(out, " -> ");
    print_head(&stage->head, plan->role, out);
    fprintf(out, "; tiles of %d x %d", stage->tile_w, stage->tile_rows);
    if (stage->count > 0) print_halo(plan, stage, out);
    if (stage->moves) fprintf(out, ", of samples as they are");
    if (stage->waits) fprintf(out, "; waits for the whole image");
    if (stage->scan >= 0)
        fprintf(out, "; feeds the look of %s at the whole image", pass_name(plan, stage->scan));
    if (stage->stored && band->whole)
        fprintf(out, "; kept whole%s", band->mapped ? " in a mapped file" : "");
    else if (stage->stored)
        fprintf(out, "; kept in %d strips of %d rows", band->slots, band->strip_rows);
    fprintf(out, "\n");
}

static void print_save(const ibx_save *save, FILE *out) {
    fprintf(out, "  save     %s ", save->format ? save->format->name : "memory");
    print_head(&save->head, IBX_ALL_COLOURS, out);
    fprintf(out, ", %s%s\n", sample_name(save->sample),
            save->head.profile.size > 0 ? ", with its colour profile" : "");
}

/* From the decoder, which leaves out what a reduction to 1/coarse would lose, to the saves, but for
 * those of a component, which has none of its own. */
static void print_chain(const ibx_plan *plan, int coarse, FILE *out) {
    print_decode(plan, coarse, out);
    for (int s = 0; s < plan->stages; s++) {
        print_stage(plan, s, out);
        for (int i = 0; i < plan->stage[s].saves && plan->role == IBX_ALL_COLOURS; i++)
            print_save(&plan->save[plan->stage[s].first_save + i], out);
    }
}

void ibx_plan_print(const ibx_plan *plan, FILE *out) {
    for (int i = 0; i < plan->notes; i++) fprintf(out, "  note     %s\n", plan->note[i]);
    if (plan->component) {
        print_chain(&plan->component[0], plan->coarse, out);
        print_chain(&plan->component[1], 0, out);
        print_save(plan->save, out);
    } else {
        print_chain(plan, plan->coarse, out);
    }
    fprintf(out, "  memory   ");
    print_bytes(plan->bytes, out);
    fprintf(out, " (strips ");
    print_bytes(plan->band_bytes, out);
    fprintf(out, ", tiles ");
    print_bytes(plan->bytes - plan->band_bytes - plan->decoder_bytes - plan->encoder_bytes, out);
    fprintf(out, ", codecs ");
    print_bytes(plan->decoder_bytes + plan->encoder_bytes, out);
    fprintf(out, ")");
    if (plan->mapped_bytes > 0) {
        fprintf(out, " and a temporary file of ");
        print_bytes(plan->mapped_bytes, out);
    }
    fprintf(out, "\n");
}
