/* tasks.c - what the tasks of an image do. */
#include "engine/move.h"
#include "engine/under_way.h"
#include <omp.h>

void ibx_stop(ibx_under_way *w, const ibx_error *err) {
    if (atomic_fetch_add(&w->reporters, 1) == 0) w->error = *err;
    atomic_store(&w->stopped, true);
}

bool ibx_stopped(ibx_under_way *w) {
    if (atomic_load_explicit(&w->stopped, memory_order_relaxed)) return true;
    if (!w->team->cancel || !atomic_load_explicit(w->team->cancel, memory_order_relaxed))
        return false;
    ibx_error err;
    ibx_fail(&err, IBX_CANCELLED, "stopped by the user");
    ibx_stop(w, &err);
    return true;
}

/* The thread's own scratch memory and meter. */
static ibx_arena *own_arena(const ibx_under_way *w) {
    return &w->team->arena[omp_get_thread_num()];
}

/* The begin of a task: processor time, and the time of the timeline. */
typedef struct {
    int64_t cpu;
    int64_t clock;
    int64_t *since; /* see ibx_decode_strip */
} moment;

static moment begin_task(const ibx_under_way *w, int64_t *since) {
    return (moment){since && *since ? *since : ibx_thread_ns(), ibx_trace_now(w->team->trace),
                    since};
}

/* Adds a task that has ended to the image's sum and to the timeline. Returns its processor time. */
static int64_t end_task(ibx_under_way *w, const moment *begin, atomic_llong *sum,
                        ibx_span_kind kind, int number, int strip) {
    const int64_t now = ibx_thread_ns(), ns = now - begin->cpu;
    if (begin->since) *begin->since = now;
    atomic_fetch_add(sum, ns);
    ibx_trace_add(w->team->trace, (ibx_span){.kind = kind,
                                             .number = number,
                                             .value = strip,
                                             .input = w->job->name,
                                             .begin = begin->clock});
    return ns;
}

/* Books what a codec did with a strip. */
static void count_strip(const ibx_under_way *w, ibx_cost_kind kind, const char *format,
                        const ibx_strip *strip, int64_t ns) {
    const ibx_cost cost = {.kind = kind, .name = format};
    ibx_meter_add(own_arena(w)->meter, cost, ns, (double)strip->w * strip->rows);
}

/* Brings the decoder to the first strip that anybody needs; what comes before may be read into the
 * memory of any. */
static bool skip_strips(const ibx_under_way *w, ibx_error *err) {
    const ibx_codec *codec = w->job->codec;
    const ibx_band *band = &w->plan->band[0];
    if (band->first > 0 && codec->skip && w->parts == 1)
        return codec->skip(w->job->decoder, band->first * band->strip_rows, err);
    for (int k = 0; k < band->first; k++) {
        ibx_strip strip[IBX_COMPONENTS];
        for (int c = 0; c < w->parts; c++) strip[c] = ibx_store_strip(&w->part[c].store[0], k);
        if (!codec->read(w->job->decoder, strip, err)) return false;
    }
    return true;
}

void ibx_decode_strip(ibx_under_way *w, int k, int64_t *since) {
    if (ibx_stopped(w) || w->part->store[0].borrowed) return;
    const moment begin = begin_task(w, since);
    ibx_strip strip[IBX_COMPONENTS] = {0};
    for (int c = 0; c < w->parts; c++) strip[c] = ibx_store_strip(&w->part[c].store[0], k);
    ibx_error err = {0};
    const bool skipped = k != w->plan->band[0].first || skip_strips(w, &err);
    if (!skipped || !w->job->codec->read(w->job->decoder, strip, &err))
        ibx_stop(w, &err);
    else if (err.text[0])
        w->warning = err, w->warning.code = IBX_OK;
    ibx_store_touch(&w->part->store[0], strip->stride * (size_t)strip->rows);
    const int64_t ns = end_task(w, &begin, &w->decode_ns, IBX_SPAN_DECODE, 0, k);
    count_strip(w, IBX_COST_DECODE, w->job->format, strip, ns);
}

/* Everything that a stage does with a finished tile. */
static void hand_out(ibx_under_way *w, const ibx_part *p, int s, ibx_made *made) {
    const ibx_plan *plan = p->plan;
    const ibx_stage *stage = &plan->stage[s];
    const double pixels = made->share * plan->stage[s].head.w * plan->stage[s].head.h;
    if (stage->stored) {
        ibx_store_put(&p->store[s + 1], &made->tile);
        ibx_meter_lap(made->meter, (ibx_cost){.kind = IBX_COST_STORE}, pixels);
    }
    if (stage->scan >= 0)
        ibx_stage_scan(&plan->pass[stage->scan], made,
                       w->acc + (size_t)omp_get_thread_num() * w->acc_size);
    if (stage->saves > 0) ibx_stage_encode(made);
    for (int i = stage->first_save; i < stage->first_save + stage->saves; i++) {
        ibx_store_pack(&p->output[i].store, ibx_stage_tail(plan, &plan->save[i], made));
        ibx_meter_lap(made->meter, (ibx_cost){.kind = IBX_COST_PACK}, pixels);
    }
}

/* The same where pixels are only moved: to the first that reads the tile, and from there on to the
 * others. */
static bool move_tile(ibx_under_way *w, const ibx_part *p, int s, ibx_rect out, ibx_error *err) {
    const ibx_stage *stage = &p->plan->stage[s];
    ibx_store *first = stage->stored ? &p->store[s + 1] : &p->output[stage->first_save].store;
    if (!ibx_move_tile(p->plan, stage, &p->store[stage->in], out, own_arena(w), first, err))
        return false;
    for (int i = stage->first_save; i < stage->first_save + stage->saves; i++)
        if (&p->output[i].store != first) ibx_copy_tile(first, out, &p->output[i].store);
    return true;
}

static bool make_tile(ibx_under_way *w, const ibx_part *p, int s, ibx_rect out, ibx_error *err) {
    const ibx_stage *stage = &p->plan->stage[s];
    ibx_store *in = &p->store[stage->in];
    ibx_made made;
    if (stage->moves) return move_tile(w, p, s, out, err);
    if (!ibx_stage_tile(p->plan, stage, in, out, own_arena(w), &made, err)) return false;
    hand_out(w, p, s, &made);
    return true;
}

static void filter_part(ibx_under_way *w, const ibx_part *p, int s, int j) {
    const ibx_stage *stage = &p->plan->stage[s];
    const int top = j * stage->strip_rows, end = ibx_min(top + stage->strip_rows, stage->head.h);
    for (int y = top; y < end; y += stage->tile_rows)
        for (int x = 0; x < stage->head.w && !ibx_stopped(w); x += stage->tile_w) {
            const ibx_rect out = {x, y, ibx_min(stage->tile_w, stage->head.w - x),
                                  ibx_min(stage->tile_rows, end - y)};
            ibx_error err;
            if (!make_tile(w, p, s, out, &err)) ibx_stop(w, &err);
        }
}

/* Lets the user see that one more strip is done. Two threads may do so in the wrong order: what is
 * shown never falls for that. */
static void show_progress(ibx_under_way *w) {
    if (!w->team->progress) return;
    const int ready = atomic_fetch_add(&w->ready, 1) + 1;
    const int now = (int)((int64_t)ready * 1000 / w->strips);
    int shown = atomic_load(w->team->progress);
    while (shown < now && !atomic_compare_exchange_weak(w->team->progress, &shown, now)) continue;
}

void ibx_filter_strip(ibx_under_way *w, int s, int j, int64_t *since) {
    const moment begin = begin_task(w, since);
    ibx_arena *arena = own_arena(w);
    ibx_meter_begin(arena->meter);
    for (int c = 0; c < w->parts; c++) filter_part(w, &w->part[c], s, j);
    ibx_meter_end(arena->meter, end_task(w, &begin, &w->filter_ns, IBX_SPAN_FILTER, s + 1, j));
    show_progress(w);
}

void ibx_encode_strip(ibx_under_way *w, int i, int j, int64_t *since) {
    if (ibx_stopped(w)) return;
    const moment begin = begin_task(w, since);
    const ibx_out_strips *o = &w->part->output[i];
    const ibx_save *save = &w->plan->save[i];
    const ibx_codec *codec = save->codec;
    void *encoder = w->saver[i].encoder;
    ibx_strip strip[IBX_COMPONENTS] = {0};
    for (int c = 0; c < w->parts; c++) strip[c] = ibx_store_strip(&w->part[c].output[i].store, j);
    ibx_error err = {0};
    if ((!o->store.borrowed && !codec->write(encoder, strip, &err)) ||
        (j == o->band.strips - 1 && !codec->finish(encoder, &err)))
        ibx_stop(w, &err);
    const int64_t ns = end_task(w, &begin, &w->encode_ns, IBX_SPAN_ENCODE, i + 1, j);
    count_strip(w, IBX_COST_ENCODE, save->format ? save->format->name : NULL, strip, ns);
}

/* A band as its encoder sees it: rows of the strips of all parts. Bands that do not start with one
 * of chroma's rows are not asked for. */
static void band_strips(const ibx_under_way *w, int i, int b, ibx_strip strip[IBX_COMPONENTS]) {
    const int y = b * w->saver[i].band_rows;
    const int luma_rows = w->part->output[i].band.strip_rows;
    for (int c = 0; c < w->parts; c++) {
        const ibx_store *store = &w->part[c].output[i].store;
        ibx_strip *s = &strip[c];
        *s = ibx_store_strip(store, y / luma_rows);
        const int part_rows = w->part[c].output[i].band.strip_rows;
        const int skip = y % luma_rows * part_rows / luma_rows;
        const int rows = w->saver[i].band_rows * part_rows / luma_rows;
        s->y += skip;
        s->rows = ibx_min(rows, s->rows - skip);
        s->data += (size_t)skip * s->stride;
    }
}

void ibx_press_band(ibx_under_way *w, int i, int b, int64_t *since) {
    if (ibx_stopped(w)) return;
    const moment begin = begin_task(w, since);
    const ibx_save *save = &w->plan->save[i];
    ibx_strip strip[IBX_COMPONENTS];
    band_strips(w, i, b, strip);
    ibx_error err = {0};
    if (!save->codec->bands->press(ibx_presser_of(&w->saver[i], b)->press, strip, &err))
        ibx_stop(w, &err);
    const int64_t ns = end_task(w, &begin, &w->encode_ns, IBX_SPAN_ENCODE, i + 1, b);
    count_strip(w, IBX_COST_ENCODE, save->format->name, strip, ns);
}

void ibx_append_band(ibx_under_way *w, int i, int b, int64_t *since) {
    if (ibx_stopped(w)) return;
    const moment begin = begin_task(w, since);
    const ibx_saver *s = &w->saver[i];
    const ibx_save *save = &w->plan->save[i];
    const ibx_codec *codec = save->codec;
    const int last = (w->part->output[i].band.head.h - 1) / s->band_rows;
    ibx_error err = {0};
    if (!codec->bands->append(s->encoder, ibx_presser_of(s, b)->press, &err) ||
        (b == last && !codec->finish(s->encoder, &err)))
        ibx_stop(w, &err);
    const ibx_strip counted = {.rows = 0}; /* by ibx_press_band */
    const int64_t ns = end_task(w, &begin, &w->encode_ns, IBX_SPAN_ENCODE, i + 1, b);
    count_strip(w, IBX_COST_ENCODE, save->format->name, &counted, ns);
}
