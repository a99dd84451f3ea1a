/* stages.c - cuts passes into stages and chooses tiles, strips and rings. */
#include "core/pixels.h"
#include "engine/plan.h"
#include <math.h>
#include <stdlib.h>

/* Fusing passes makes each compute a rim of pixels that its neighbours compute too. More than
 * this many computed per pixel needed, and a band in between is cheaper. */
#define MOST_WASTE 1.6

/* The same where passes reduce the image: so many input pixels read twice per pixel of it, and a
 * band of fewer pixels in between is cheaper. */
#define MOST_TWICE 0.15

/* Strips of decoded rows: enough work for a task, few enough bytes for the cache. */
#define DECODE_ROWS 32
#define DECODE_PIXELS (256 << 10)

/* Reading a tile from beyond the cache costs about as much again for every so many bytes. */
#define CACHE (8 << 20)

/* What a tile, a row of its input or output, and a strip cost besides their pixels, in pixels. Rows
 * lie in pages of their own and begin before the processor foresees them; strips ask for the time.
 */
#define TILE_COST 1000
#define ROW_COST 20
#define STRIP_COST 3000

/* No strip is higher than this share of the image, if that leaves it 16 rows. */
#define MOST_SHARE 8

/* But where no more pixels come and go it is not cut up to be shared: most filters take less time
 * for all of them than threads take to meet. */
#define NOT_SHARED (1 << 16)

/* No strip of output has more pixels, so that rings stay small on very wide images; those that are
 * kept as floats for another stage are four times as large. */
#define MOST_STRIP_PIXELS (3 << 19)
#define MOST_STORED_PIXELS (1 << 19)

ibx_rect ibx_rect_inside(ibx_rect r, int w, int h) {
    const int x0 = ibx_min(ibx_max(r.x, 0), w - 1), y0 = ibx_min(ibx_max(r.y, 0), h - 1);
    const int x1 = ibx_max(ibx_min(r.x + r.w, w), x0 + 1);
    const int y1 = ibx_max(ibx_min(r.y + r.h, h), y0 + 1);
    return (ibx_rect){x0, y0, x1 - x0, y1 - y0};
}

void ibx_fuse_rects(const ibx_pass *pass, int count, ibx_rect out, ibx_rect *need, ibx_rect *made) {
    for (int i = count - 1; i >= 0; i--) {
        const ibx_call *c = &pass[i].call;
        made[i] = i == count - 1 ? out : ibx_rect_inside(need[i + 1], c->out.w, c->out.h);
        need[i] = pass[i].filter->source ? pass[i].filter->source(c, made[i]) : made[i];
    }
}

typedef struct {
    int w, h;
} size_of_tile;

static double area(ibx_rect r) {
    return (double)r.w * r.h;
}

static double head_area(const ibx_head *h) {
    return (double)h->w * h->h;
}

/* A tile of w x h in the middle of an image, or all of it. */
static ibx_rect middle(const ibx_head *h, int tw, int th) {
    const int w = ibx_min(tw, h->w), rows = ibx_min(th, h->h);
    return (ibx_rect){(h->w - w) / 2, (h->h - rows) / 2, w, rows};
}

/* Pixels computed per pixel needed between the fused passes, at worst. */
static double waste(const ibx_pass *pass, int count, ibx_rect tile) {
    ibx_rect need[IBX_MAX_FUSED], made[IBX_MAX_FUSED];
    const ibx_head *out = &pass[count - 1].call.out;
    double worst = 1;
    ibx_fuse_rects(pass, count, tile, need, made);
    for (int i = 0; i < count - 1; i++) {
        const double ideal = area(tile) * head_area(&pass[i].call.out) / head_area(out);
        if (area(made[i]) > worst * ideal) worst = area(made[i]) / ideal;
    }
    return worst;
}

/* Bytes that computing a tile touches, and those of the arena that it needs. */
static size_t touched(const ibx_pass *pass, int count, const ibx_head *out, ibx_rect tile,
                      size_t *arena) {
    ibx_rect need[IBX_MAX_FUSED], made[IBX_MAX_FUSED];
    size_t sum = (size_t)area(tile) * (size_t)ibx_planes(out), turn[2] = {sum, sum}, scratch = 0;
    ibx_fuse_rects(pass, count, tile, need, made);
    for (int i = 0; i < count; i++) {
        size_t in = (size_t)area(need[i]) * (size_t)ibx_planes(&pass[i].call.in);
        if (pass[i].packed)
            in /= sizeof(float); /* bytes, which are met once each and need no place in the cache */
        else
            sum += in;
        if (in > turn[i % 2]) turn[i % 2] = in;
        if (!pass[i].filter->scratch) continue;
        const size_t s = pass[i].filter->scratch(&pass[i].call, made[i]);
        if (s > scratch) scratch = s;
    }
    const size_t room = (size_t)area(tile) * IBX_MAX_PLANES; /* in another light, behind a tail */
    *arena = (turn[0] + turn[1] + 2 * room) * sizeof(float) + scratch;
    return sum * sizeof(float) + scratch;
}

/* Input pixels that belong to a tile. */
static double share(const ibx_pass *pass, int count, const ibx_head *out, ibx_rect tile) {
    const double ideal =
        count == 0 ? area(tile) : area(tile) * head_area(&pass[0].call.in) / head_area(out);
    return ideal < 1 ? 1 : ideal;
}

/* The input of a tile. */
static ibx_rect input_of(const ibx_pass *pass, int count, ibx_rect tile) {
    ibx_rect need[IBX_MAX_FUSED], made[IBX_MAX_FUSED];
    if (count == 0) return tile;
    ibx_fuse_rects(pass, count, tile, need, made);
    return need[0];
}

/* Input pixels read per input pixel that belongs to the tile. */
static double overlap(const ibx_pass *pass, int count, const ibx_head *out, ibx_rect tile) {
    return area(input_of(pass, count, tile)) / share(pass, count, out, tile);
}

/* Where a pass of packed samples reads each once, along the rows: the lower the strip, the smaller
 * the ring and the sooner its rows are read. */
static const size_of_tile PACKED_TILE = {2048, 8};

static bool reads_once(const ibx_pass *pass) {
    const ibx_head *out = &pass->call.out;
    return pass->packed && overlap(pass, 1, out, middle(out, PACKED_TILE.w, PACKED_TILE.h)) < 1.1;
}

/* With others behind it there is a halo; but no more pixels than these for a strip, which stay in
 * the cache while they come from the decoder. */
#define MOST_PACKED_PIXELS (1 << 21)

static bool reads_much(const ibx_pass *pass, int count, ibx_rect tile) {
    if (count == 0 || !reads_once(pass)) return false;
    return (double)input_of(pass, count, tile).h * pass->call.in.w > MOST_PACKED_PIXELS;
}

/* Time per input pixel that belongs to the tile, in that of a pixel in the cache. */
static double cost(const ibx_pass *pass, int count, const ibx_head *out, ibx_rect tile) {
    size_t arena;
    const double bytes = (double)touched(pass, count, out, tile, &arena);
    const double pixels = share(pass, count, out, tile), tiles = (double)out->w / tile.w;
    const int rows = input_of(pass, count, tile).h + tile.h;
    const double besides = TILE_COST + ROW_COST * rows + STRIP_COST / tiles;
    return overlap(pass, count, out, tile) * (1 + bytes / CACHE) + besides / pixels;
}

/* The size of tiles that read little twice and stay in the cache, as a tile in the middle of the
 * image. It may be larger than the image, but not so high that there are few strips to share. */
static size_of_tile best_tile(const ibx_pass *pass, int count, const ibx_head *out, bool stored,
                              bool small) {
    static const int W[] = {64, 128, 256, 512, 1024, 2048};
    static const int ROWS[] = {8, 16, 32, 64, 96, 128, 256, 512};
    const int most = stored ? MOST_STORED_PIXELS : MOST_STRIP_PIXELS;
    double least = 1e300;
    size_of_tile best = {W[0], ROWS[0]};
    if (count == 1 && reads_once(pass)) return PACKED_TILE;
    for (size_t i = 0; i < sizeof W / sizeof *W; i++) {
        if (i > 0 && W[i - 1] >= out->w) break; /* all that are wider are the same */
        for (size_t k = 0; k < sizeof ROWS / sizeof *ROWS; k++) {
            if (k > 0 && ROWS[k - 1] >= out->h) break;
            const bool high = ROWS[k] > 16 && !small && ROWS[k] > out->h / MOST_SHARE;
            if (high || (ROWS[k] > 16 && (double)ROWS[k] * out->w > most)) continue;
            const ibx_rect tile = middle(out, W[i], ROWS[k]);
            if (ROWS[k] > 16 && reads_much(pass, count, tile)) continue;
            const double now = cost(pass, count, out, tile);
            if (now >= least) continue;
            least = now;
            best = (size_of_tile){W[i], ROWS[k]};
        }
    }
    return best;
}

/* The input that rows [y, y + rows) of output need; may reach over its edge. */
static ibx_rect reach(const ibx_pass *pass, int count, const ibx_head *out, int y, int rows) {
    ibx_rect need[IBX_MAX_FUSED], made[IBX_MAX_FUSED];
    const ibx_rect r = {0, y, out->w, ibx_min(rows, out->h - y)};
    if (count == 0) return r;
    ibx_fuse_rects(pass, count, r, need, made);
    return need[0];
}

/* Rows of that, [*y0, *y1], inside an input of h rows. */
static void reach_rows(const ibx_pass *pass, int count, const ibx_head *out, int h, int y, int rows,
                       int *y0, int *y1) {
    const ibx_rect r = reach(pass, count, out, y, rows);
    *y0 = ibx_min(ibx_max(r.y, 0), h - 1);
    *y1 = ibx_max(ibx_min(r.y + r.h - 1, h - 1), *y0);
}

/* How many strips of `in_rows` a reader that makes `rows` of output must see at once; 0 if it does
 * not go from top to bottom. */
static int span(const ibx_pass *pass, int count, const ibx_head *out, int rows, int h,
                int in_rows) {
    int most = 0, last0 = 0, last1 = 0;
    for (int y = 0; y < out->h; y += rows) {
        int y0, y1;
        reach_rows(pass, count, out, h, y, rows, &y0, &y1);
        if (y0 < last0 || y1 < last1) return 0;
        most = ibx_max(most, y1 / in_rows - y0 / in_rows + 1);
        last0 = y0;
        last1 = y1;
    }
    return most;
}

/* Can a reader live with a ring that is clearly smaller than the image? */
static bool streams(const ibx_pass *pass, int count, int rows, int in_rows) {
    const int h = pass[0].call.in.h, strips = (h + in_rows - 1) / in_rows;
    const int n = span(pass, count, &pass[count - 1].call.out, rows, h, in_rows);
    return n > 0 && (n < 4 || n <= strips / 2);
}

/* Input pixels that tiles of the best size read twice, per pixel of the input. */
static double read_twice(const ibx_pass *pass, int count) {
    const ibx_head *out = &pass[count - 1].call.out;
    const size_of_tile tile = best_tile(pass, count, out, false, false);
    return overlap(pass, count, out, middle(out, tile.w, tile.h)) - 1;
}

/* May pass `last` be fused with those from `first`? When it turns the fused passes into one that
 * needs the whole image, the whole image is kept where it is smaller: in front of all of them, as
 * samples of `sample_bytes`, or in front of `last`, as floats. */
static bool fits(const ibx_plan *plan, int first, int last, double sample_bytes) {
    const ibx_pass *pass = &plan->pass[first];
    const int count = last - first + 1;
    if (count > IBX_MAX_FUSED) return false;
    const ibx_head *out = &pass[count - 1].call.out;
    const size_of_tile tile = best_tile(pass, count, out, false, false);
    const ibx_head *in = &pass[0].call.in, *cut = &plan->pass[last].call.in;
    if (waste(pass, count, middle(out, tile.w, tile.h)) > MOST_WASTE) return false;
    const double most_twice = MOST_TWICE + (MOST_WASTE - 1) * head_area(cut) / head_area(in);
    if (plan->role == IBX_ALL_COLOURS && /* else a band would mean RGB */
        read_twice(pass, count) - read_twice(pass, count - 1) > most_twice)
        return false;
    if (streams(pass, count, 64, 64) || !streams(pass, count - 1, 64, 64)) return true;
    return head_area(in) * ibx_planes(in) * sample_bytes <= head_area(cut) * ibx_planes(cut) * 4;
}

static bool save_at(const ibx_plan *plan, int at) {
    for (int s = 0; s < plan->saves; s++)
        if (plan->save[s].at == at) return true;
    return false;
}

/* Is the first pass one that reads 8-bit samples (gray or RGB), and will it be handed them? */
static bool reads_packed(const ibx_plan *plan) {
    return plan->passes > 0 && plan->pass[0].filter->packed && plan->sample == IBX_U8 &&
           plan->input.model != IBX_CMYK && !plan->input.alpha && !save_at(plan, 0);
}

/* The end of the stage that starts at pass `first`. */
static int stage_end(const ibx_plan *plan, int first) {
    const double sample_bytes = first == 0 ? (double)ibx_sample_size(plan->sample) : 4;
    for (int e = first; e < plan->passes; e++) {
        const bool boundary = save_at(plan, e) || plan->pass[e].filter->scan;
        if (boundary && (e > first || plan->stages == 0)) return e;
        if (e > first && !fits(plan, first, e, sample_bytes)) return e;
    }
    return plan->passes;
}

/* Appends the stage of passes [first, end). */
static void add_stage(ibx_plan *plan, int first, int end) {
    ibx_stage *stage = &plan->stage[plan->stages++];
    const ibx_stage *before = plan->stages > 1 ? stage - 1 : NULL;
    *stage = (ibx_stage){.first = first, .count = end - first, .in = plan->stages - 1, .scan = -1};
    stage->head = end > 0 ? plan->pass[end - 1].call.out : plan->input;
    if (before && !before->stored) stage->in = before->in;
    stage->waits = before && before->scan >= 0;
    while (stage->first_save < plan->saves && plan->save[stage->first_save].at < end)
        stage->first_save++;
    if (end > first || plan->stages == 1)
        for (int s = stage->first_save; s < plan->saves && plan->save[s].at == end; s++)
            stage->saves++;
    if (end < plan->passes && plan->pass[end].filter->scan) stage->scan = end;
    stage->stored = end < plan->passes && (stage->count > 0 || stage->saves > 0);
}

ibx_save_job ibx_plan_save_job(const ibx_save *save, const ibx_metadata *metadata) {
    return (ibx_save_job){.head = save->head,
                          .sample = save->sample,
                          .format = save->format,
                          .params = save->params,
                          .metadata = metadata,
                          .in_memory = save->in_memory};
}

/* What the encoder of a save needs, and its bands. */
static void ask_encoder(ibx_save *save) {
    static const ibx_metadata NOTHING;
    const ibx_save_job job = ibx_plan_save_job(save, &NOTHING);
    const ibx_codec *codec = save->codec;
    if (codec->encoder_bytes) save->encoder_bytes = codec->encoder_bytes(&job);
    if (!codec->bands) return;
    save->band_rows = codec->bands->rows(&job);
    if (save->band_rows > 0) save->press_bytes = codec->bands->bytes(&job);
}

/* Pressers for all threads and one more, whose band waits for its turn; not more than the bands of
 * all strips that are kept. */
static void choose_pressers(ibx_plan *plan, int s, int threads) {
    const ibx_stage *stage = &plan->stage[s];
    for (int i = stage->first_save; i < stage->first_save + stage->saves; i++) {
        ibx_save *save = &plan->save[i];
        const bool whole = save->band_rows > 0 && stage->strip_rows % save->band_rows == 0;
        if (!whole || threads == 1) continue;
        const int bands = plan->band[s + 1].slots * (stage->strip_rows / save->band_rows);
        save->pressers = ibx_min(threads + 1, bands);
    }
}

/* Bytes that moving a tile takes: the rectangles between passes, as samples, and scratch. */
static size_t moved_bytes(const ibx_plan *plan, const ibx_stage *stage, ibx_rect tile) {
    const ibx_pass *pass = &plan->pass[stage->first];
    ibx_rect need[IBX_MAX_FUSED], made[IBX_MAX_FUSED];
    const size_t pixel =
        (size_t)ibx_planes(&stage->head) * ibx_sample_size(plan->band[stage->in].sample);
    size_t sum = 0, scratch = 0;
    ibx_fuse_rects(pass, stage->count, tile, need, made);
    for (int i = 0; i < stage->count; i++) {
        sum += (size_t)area(need[i]) * pixel;
        if (!pass[i].filter->scratch) continue;
        const size_t s = pass[i].filter->scratch(&pass[i].call, made[i]);
        if (s > scratch) scratch = s;
    }
    return sum + scratch;
}

/* Does every pixel go its own way? */
static bool points(const ibx_pass *pass, int count) {
    for (int i = 0; i < count; i++)
        if (pass[i].filter->source) return false;
    return true;
}

/* Samples of a tile of such a stage: two buffers of them fit into the first cache, and the rows
 * that they come from and go to are met in order. */
#define POINT_SAMPLES 3072

static void choose_point_tile(ibx_stage *stage) {
    const int most = POINT_SAMPLES / ibx_planes(&stage->head), w = stage->head.w;
    const int parts = (w + most - 1) / most;
    stage->tile_w = ((w + parts - 1) / parts + 15) / 16 * 16;
    stage->tile_rows = ibx_min(ibx_max(most / w, 1), stage->strip_rows);
}

/* Has an image so few pixels? Components go strip by strip alike. */
static bool is_small(const ibx_plan *plan, const ibx_head *head) {
    return plan->role == IBX_ALL_COLOURS && head_area(head) <= NOT_SHARED;
}

/* Chooses the tile of a stage. Without points it is as high as its strips. */
static void choose_tile(const ibx_plan *plan, ibx_stage *stage, const ibx_plan_options *options) {
    const ibx_pass *pass = &plan->pass[stage->first];
    const bool small = is_small(plan, stage->count ? &pass->call.in : &stage->head) &&
                       is_small(plan, &stage->head);
    const size_of_tile best = best_tile(pass, stage->count, &stage->head, stage->stored, small);
    stage->strip_rows = best.h;
    for (int i = stage->first_save; i < stage->first_save + stage->saves; i++)
        stage->strip_rows = ibx_max(stage->strip_rows, plan->save[i].band_rows);
    if (options->strip_rows) stage->strip_rows = options->strip_rows;
    stage->strips = (stage->head.h + stage->strip_rows - 1) / stage->strip_rows;
    stage->tile_w = options->tile_w ? options->tile_w : best.w;
    stage->tile_rows = stage->strip_rows;
    if (!options->tile_w && !stage->moves && points(pass, stage->count)) choose_point_tile(stage);
    const ibx_rect tile = middle(&stage->head, stage->tile_w, stage->tile_rows);
    touched(pass, stage->count, &stage->head, tile, &stage->tile_bytes);
    if (stage->moves) stage->tile_bytes = moved_bytes(plan, stage, tile);
    stage->overlap = overlap(pass, stage->count, &stage->head, tile);
}

size_t ibx_plan_stride(const ibx_plan *plan, const ibx_head *head, ibx_sample sample) {
    if (plan->role != IBX_ALL_COLOURS) return ibx_component_stride(head->w);
    return (size_t)head->w * (size_t)ibx_planes(head) * ibx_sample_size(sample);
}

/* The strips of the decoder. An image that is not shared comes at once. */
static void shape_input(ibx_plan *plan, const ibx_plan_options *options) {
    ibx_band *band = &plan->band[0];
    int rows = DECODE_PIXELS / plan->input.w / 16 * 16;
    rows = ibx_max(16, ibx_min(rows, DECODE_ROWS));
    if (is_small(plan, &plan->input)) rows = plan->input.h;
    if (options->decode_rows) rows = options->decode_rows;
    *band = (ibx_band){.head = plan->input, .native = true, .sample = plan->sample};
    band->strip_rows = rows;
    if (plan->role == IBX_ALL_COLOURS) band->lead = IBX_ROW_LEAD;
    band->stride = ibx_row_stride(band->lead, ibx_plan_stride(plan, &plan->input, plan->sample));
    band->strip_bytes = (size_t)rows * band->stride;
}

/* Strips behind a stage. */
static void shape_output(ibx_plan *plan, int s) {
    const ibx_stage *stage = &plan->stage[s];
    ibx_band *band = &plan->band[s + 1];
    const ibx_sample sample = stage->moves ? plan->band[stage->in].sample : IBX_F32;
    *band = (ibx_band){.head = stage->head,
                       .native = stage->moves,
                       .sample = sample,
                       .stride = ibx_plan_stride(plan, &stage->head, sample),
                       .strip_rows = stage->strip_rows};
    band->light = stage->count > 0 ? plan->pass[stage->first + stage->count - 1].wants
                                   : plan->band[stage->in].light;
    if (stage->stored) band->strip_bytes = (size_t)stage->strip_rows * band->stride;
}

/* The columns that readers of a band need. */
static void choose_columns(const ibx_plan *plan, int b) {
    ibx_band *band = &plan->band[b];
    band->left = band->head.w - 1;
    for (int s = 0; s < plan->stages; s++) {
        const ibx_stage *stage = &plan->stage[s];
        if (stage->in != b) continue;
        const ibx_rect all =
            reach(&plan->pass[stage->first], stage->count, &stage->head, 0, stage->head.h);
        const ibx_rect r = ibx_rect_inside(all, band->head.w, band->head.h);
        band->left = ibx_min(band->left, r.x);
        band->right = ibx_max(band->right, r.x + r.w);
    }
}

/* How many strips a band keeps, after what its readers do: so many that every thread has a strip of
 * output to make while the input of one more arrives; and where files are saved, one for every
 * thread and one that is written. */
static void choose_slots(ibx_plan *plan, int b, int threads) {
    ibx_band *band = &plan->band[b];
    band->strips = (band->head.h + band->strip_rows - 1) / band->strip_rows;
    int most = 1, ample = 1;
    band->first = band->strips - 1;
    for (int s = 0; s < plan->stages; s++) {
        const ibx_stage *stage = &plan->stage[s];
        const ibx_pass *pass = &plan->pass[stage->first];
        const int rows = stage->strip_rows, h = band->head.h;
        int y0, y1;
        if (stage->in != b) continue;
        reach_rows(pass, stage->count, &stage->head, h, 0, stage->head.h, &y0, &y1);
        band->first = ibx_min(band->first, y0 / band->strip_rows);
        band->last = ibx_max(band->last, y1 / band->strip_rows);
        const int n = span(pass, stage->count, &stage->head, rows, h, band->strip_rows);
        if (n == 0 || stage->waits || (n > 4 && n > band->strips / 2)) band->whole = true;
        most = ibx_max(most, n);
        ample = ibx_max(ample, span(pass, stage->count, &stage->head, (threads + 1) * rows, h,
                                    band->strip_rows));
    }
    if (b > 0 && plan->stage[b - 1].saves > 0) ample = ibx_max(ample, threads + 1);
    band->tight = ibx_min(band->strips, most);
    band->slots = ibx_min(band->strips, ibx_max(ample, most + 2));
    if (!band->whole) return;
    band->tight = band->slots = band->strips;
    for (int s = 0; s < plan->stages; s++)
        if (plan->stage[s].in == b && plan->stage[s].count > 0) plan->stage[s].waits = true;
}

void ibx_plan_reach(const ibx_plan *plan, int s, int j, int *lo, int *hi) {
    const ibx_stage *stage = &plan->stage[s];
    const ibx_band *in = &plan->band[stage->in];
    int y0, y1;
    reach_rows(&plan->pass[stage->first], stage->count, &stage->head, in->head.h,
               j * stage->strip_rows, stage->strip_rows, &y0, &y1);
    *lo = y0 / in->strip_rows;
    *hi = y1 / in->strip_rows;
}

bool ibx_plan_stages(ibx_plan *plan, const ibx_plan_options *options, ibx_error *err) {
    plan->stage = calloc((size_t)plan->passes + 2, sizeof *plan->stage);
    plan->band = calloc((size_t)plan->passes + 3, sizeof *plan->band);
    if (!plan->stage || !plan->band) return ibx_fail(err, IBX_MEMORY, "no memory for a plan");
    int first = 0;
    plan->pass[0].packed = reads_packed(plan);
    do {
        const int end = stage_end(plan, first);
        add_stage(plan, first, end);
        first = end;
    } while (first < plan->passes);
    for (int s = 0; s < plan->saves; s++) ask_encoder(&plan->save[s]);
    shape_input(plan, options);
    for (int s = 0; s < plan->stages; s++) {
        plan->stage[s].moves = ibx_plan_moves(plan, &plan->stage[s]);
        choose_tile(plan, &plan->stage[s], options);
        shape_output(plan, s);
    }
    for (int b = 0; b <= plan->stages; b++) {
        choose_columns(plan, b);
        choose_slots(plan, b, options->threads);
    }
    for (int s = 0; s < plan->stages; s++) choose_pressers(plan, s, options->threads);
    return true;
}
