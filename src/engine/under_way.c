/* under_way.c - the memory of an image under way. */
#include "engine/under_way.h"
#include <stdlib.h>

/* The strips of a part for save i, behind stage s. */
static bool open_output(ibx_under_way *w, const ibx_part *p, int s, int i, int slots,
                        ibx_error *err) {
    const ibx_save *save = &p->plan->save[i];
    ibx_out_strips *o = &p->output[i];
    o->band = p->plan->band[s + 1];
    o->band.head = save->head;
    o->band.sample = save->sample;
    o->band.native = true;
    o->band.mapped = o->band.whole = false;
    o->band.stride = ibx_plan_stride(p->plan, &save->head, save->sample);
    o->band.strip_bytes = (size_t)o->band.strip_rows * o->band.stride;
    if (!save->codec->pixels)
        return ibx_store_open(&o->store, &o->band, slots, w->team->lender, err);
    const ibx_strip pixels = save->codec->pixels(w->saver[i].encoder);
    ibx_store_borrow(&o->store, &o->band, &pixels);
    return true;
}

/* Band b of a part, and the strips of the saves behind it. */
static bool open_band(ibx_under_way *w, const ibx_part *p, int b, int slots, ibx_error *err) {
    const ibx_band *band = &p->plan->band[b];
    if (b == 0 && w->job->codec->pixels) {
        const ibx_strip pixels = w->job->codec->pixels(w->job->decoder);
        ibx_store_borrow(&p->store[b], band, &pixels);
    } else if (!ibx_store_open(&p->store[b], band, slots, w->team->lender, err)) {
        return false;
    }
    if (b == 0) return true;
    const ibx_stage *stage = &p->plan->stage[b - 1];
    for (int i = stage->first_save; i < stage->first_save + stage->saves; i++)
        if (!open_output(w, p, b - 1, i, slots, err)) return false;
    return true;
}

static bool open_bands(ibx_under_way *w, int b, bool shared, ibx_error *err) {
    const int slots = shared ? w->plan->band[b].slots : w->plan->band[b].tight;
    for (int c = 0; c < w->parts; c++)
        if (!open_band(w, &w->part[c], b, slots, err)) return false;
    w->token[b] = calloc((size_t)w->part->store[b].slots, 1);
    return w->token[b] || ibx_fail(err, IBX_MEMORY, "no memory for an image");
}

static bool open_pressers(const ibx_under_way *w, int i, const ibx_save_job *job, ibx_error *err) {
    const ibx_band_codec *codec = w->job->plan->save[i].codec->bands;
    ibx_saver *s = &w->saver[i];
    const int count = w->job->plan->save[i].pressers;
    s->presser = calloc((size_t)count, sizeof *s->presser);
    if (!s->presser) return ibx_fail(err, IBX_MEMORY, "no memory for an image");
    for (; s->pressers < count; s->pressers++)
        if (!(s->presser[s->pressers].press = codec->create(job, err))) return false;
    return true;
}

/* Are there pressers for save i, behind stage s, and strips of whole bands? The stage of a
 * component is not the one that the save was planned with. */
static bool has_bands(const ibx_under_way *w, int s, int i) {
    const ibx_save *save = &w->job->plan->save[i];
    return save->pressers > 0 && w->plan->stage[s].strip_rows % save->band_rows == 0;
}

static bool open_encoder(ibx_under_way *w, int s, int i, bool shared, ibx_error *err) {
    const ibx_save *save = &w->job->plan->save[i];
    ibx_save_job job = ibx_plan_save_job(save, &w->job->metadata[i]);
    job.components = w->job->plan->component != NULL;
    job.pressed = shared && has_bands(w, s, i);
    job.lender = w->team->lender;
    w->saver[i].band_rows = save->band_rows;
    w->saver[i].encoder = save->codec->create(w->job->sink[i], &job, err);
    return w->saver[i].encoder && (!job.pressed || open_pressers(w, i, &job, err));
}

static bool open_encoders(ibx_under_way *w, bool shared, ibx_error *err) {
    for (int s = 0; s < w->plan->stages; s++) {
        const ibx_stage *stage = &w->plan->stage[s];
        for (int i = stage->first_save; i < stage->first_save + stage->saves; i++)
            if (!open_encoder(w, s, i, shared, err)) return false;
    }
    return true;
}

/* Room for what there is of every band, save and part. */
static bool open_lists(ibx_under_way *w, ibx_error *err) {
    const size_t bands = (size_t)w->plan->stages + 1, saves = (size_t)w->plan->saves + 1;
    w->token = calloc(bands, sizeof *w->token);
    w->next = calloc(bands, sizeof *w->next);
    w->saver = calloc(saves, sizeof *w->saver);
    bool ok = w->token && w->next && w->saver;
    for (int c = 0; c < w->parts; c++) {
        ibx_part *p = &w->part[c];
        p->store = calloc(bands, sizeof *p->store);
        p->output = calloc(saves, sizeof *p->output);
        ok = ok && p->store && p->output;
    }
    return ok || ibx_fail(err, IBX_MEMORY, "no memory for an image");
}

bool ibx_under_way_open(ibx_under_way *w, ibx_team *team, const ibx_image_job *job, bool shared,
                        ibx_error *err) {
    const ibx_plan *component = job->plan->component;
    *w = (ibx_under_way){.team = team, .job = job, .parts = component ? IBX_COMPONENTS : 1};
    for (int c = 0; c < w->parts; c++) w->part[c].plan = component ? &component[c] : job->plan;
    w->plan = w->part->plan;
    for (int s = 0; s < w->plan->stages; s++) w->strips += w->plan->stage[s].strips;
    if (!open_lists(w, err) || !open_encoders(w, shared, err)) return false;
    for (int b = 0; b <= w->plan->stages; b++)
        if (!open_bands(w, b, shared, err)) return false;
    return true;
}

static void close_part(const ibx_part *p) {
    for (int b = 0; p->store && b <= p->plan->stages; b++) ibx_store_close(&p->store[b]);
    for (int i = 0; p->output && i < p->plan->saves; i++) ibx_store_close(&p->output[i].store);
    free(p->store);
    free(p->output);
}

static void close_saver(const ibx_saver *s, const ibx_codec *codec) {
    for (int k = 0; k < s->pressers; k++) codec->bands->destroy(s->presser[k].press);
    free(s->presser);
    codec->destroy(s->encoder);
}

void ibx_under_way_close(ibx_under_way *w) {
    for (int c = 0; c < w->parts; c++) close_part(&w->part[c]);
    for (int b = 0; w->token && b <= w->plan->stages; b++) free(w->token[b]);
    for (int i = 0; w->saver && i < w->plan->saves; i++)
        close_saver(&w->saver[i], w->plan->save[i].codec);
    free(w->token);
    free(w->next);
    free(w->saver);
}
