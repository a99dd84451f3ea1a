/* stage.c - buffers of a tile, light between passes, kernels in order. */
#include "engine/stage.h"
#include "core/pixels.h"
#include <stdlib.h>

/* Rim around a poisoned tile: more than any vector a compiler might read ahead. */
#define RIM 16

void ibx_arena_free(ibx_arena *arena) {
    free(arena->data);
    *arena = (ibx_arena){.poison = arena->poison, .meter = arena->meter};
}

static size_t round_up(size_t n, size_t to) {
    return (n + to - 1) / to * to;
}

/* Floats from one row to the next: an odd number of cache lines, so that the rows of a column do
 * not share a few places of the cache. */
static size_t stride_of(int w) {
    return round_up((size_t)w + 2 * RIM, 32) + 16;
}

/* Bytes of a buffer that can hold a tile of r. */
static size_t buffer_bytes(ibx_rect r, int planes) {
    return stride_of(r.w) * ((size_t)r.h + 2) * (size_t)planes * sizeof(float);
}

/* A tile of r over a buffer. */
static ibx_tile tile_over(uint8_t *buffer, ibx_rect r, int planes) {
    ibx_tile t = {.at = r, .planes = planes, .stride = (ptrdiff_t)stride_of(r.w)};
    const size_t plane = (size_t)t.stride * ((size_t)r.h + 2);
    for (int p = 0; p < planes; p++)
        t.plane[p] = (float *)buffer + (size_t)p * plane + (size_t)t.stride + RIM;
    return t;
}

static void poison(uint8_t *data, size_t bytes) {
    memset(data, 0xff, bytes); /* every float is a NaN */
}

bool ibx_arena_fit(ibx_arena *arena, size_t bytes, ibx_error *err) {
    if (bytes > arena->size) {
        free(arena->data);
        arena->size = 0;
        arena->data = aligned_alloc(64, bytes);
        if (!arena->data) {
            ibx_fail(err, IBX_MEMORY, "no memory for a tile");
            return false;
        }
        arena->size = bytes;
    }
    if (arena->poison) poison(arena->data, bytes);
    return true;
}

typedef void plane_loop(float *v, int n);

static void each_colour_row(ibx_tile *t, int colours, plane_loop *loop) {
    for (int p = 0; p < colours; p++)
        for (int y = t->at.y; y < t->at.y + t->at.h; y++) loop(ibx_at(t, p, t->at.x, y), t->at.w);
}

static void each_alpha_row(ibx_tile *t, int colours,
                           void (*loop)(float *v, const float *alpha, int n)) {
    for (int p = 0; p < colours; p++)
        for (int y = t->at.y; y < t->at.y + t->at.h; y++)
            loop(ibx_at(t, p, t->at.x, y), ibx_at(t, colours, t->at.x, y), t->at.w);
}

/* Pixels of a pass's input that belong to the tile, without what is computed twice. */
static double pixels_of(const ibx_made *made, const ibx_pass *pass) {
    return made->share * pass->needed;
}

/* Pixels of the finished tile, for accounts. */
static double finished(const ibx_made *made) {
    return made->share * made->head->w * made->head->h;
}

double ibx_loaded_pixels(const ibx_made *made, const ibx_stage *stage) {
    if (stage->count > 0) return pixels_of(made, &made->plan->pass[stage->first]);
    return made->share * stage->head.w * stage->head.h;
}

double ibx_share(const ibx_plan *plan, const ibx_head *head, ibx_rect out) {
    return plan->role == IBX_CHROMA ? 0 : (double)out.w * out.h / ((double)head->w * head->h);
}

void ibx_count_pass(const ibx_made *made, ibx_cost_kind kind, const ibx_pass *pass) {
    if (!made->meter) return;
    const ibx_ready *step = &made->plan->ready[pass->ready];
    const ibx_cost cost = {.kind = kind,
                           .number = step->number,
                           .name = step->filter->name,
                           .pass = pass->filter->name};
    ibx_meter_lap(made->meter, cost,
                  kind == IBX_COST_LOOK ? finished(made) : pixels_of(made, pass));
}

/* Ends the lap of a change of light, if there was one. */
static void count_light(const ibx_made *made, double pixels, unsigned from, unsigned to) {
    if (from == to) return;
    ibx_meter_lap(made->meter, (ibx_cost){.kind = IBX_COST_LIGHT}, pixels);
}

/* Changes the light of a tile in place. Between two passes that want the same nothing is
 * converted, whether they are fused or a band lies between them: how the plan cuts stages must not
 * show in the pixels. */
static void change_light(ibx_tile *t, const ibx_head *head, unsigned from, unsigned to) {
    const int colours = (int)head->model;
    const ibx_pixel_ops *loops = ibx_pixel_loops();
    const bool curve = (from ^ to) & IBX_LINEAR;
    const bool divide = head->alpha && from & IBX_PREMULTIPLIED;
    const bool multiply = head->alpha && to & IBX_PREMULTIPLIED;
    if (divide && (curve || !multiply)) each_alpha_row(t, colours, loops->unpremultiply);
    if (curve) each_colour_row(t, colours, to & IBX_LINEAR ? loops->to_linear : loops->to_encoded);
    if (multiply && (curve || !divide)) each_alpha_row(t, colours, loops->premultiply);
}

/* Runs one pass: its input is complete in `in`. */
static void run_pass(const ibx_pass *pass, const ibx_tile *in, ibx_tile *out,
                     const ibx_made *made) {
    ibx_call call = pass->call;
    call.scratch = made->scratch;
    pass->filter->kernel(&call, in, out);
    ibx_count_pass(made, IBX_COST_STEP, pass);
}

/* Runs a pass on the samples of the store; `row` has room for as many as it needs. */
static void run_packed(const ibx_pass *pass, ibx_store *in, ibx_rect need, const uint8_t **row,
                       ibx_tile *out, const ibx_made *made) {
    float value[256];
    const ibx_head *head = &pass->call.in;
    const ibx_rect inside = ibx_rect_inside(need, head->w, head->h);
    const ibx_packed packed = {.at = {inside.x, need.y, inside.w, need.h},
                               .planes = ibx_planes(head),
                               .row = row,
                               .value = value};
    ibx_call call = pass->call;
    call.scratch = made->scratch;
    ibx_store_rows(in, packed.at, row);
    ibx_store_values(value, pass->wants & IBX_LINEAR);
    pass->filter->packed(&call, &packed, out);
    ibx_count_pass(made, IBX_COST_STEP, pass);
}

/* Rectangles and memory of one tile's way through a stage. */
typedef struct {
    ibx_rect need[IBX_MAX_FUSED + 1], made[IBX_MAX_FUSED];
    size_t buffer[2]; /* bytes of those that take turns: need[i] lies in i % 2 */
    size_t room;      /* bytes of a tile of `out` with as many planes as there can be */
    size_t scratch;
} layout;

static void enlarge(size_t *bytes, size_t least) {
    if (*bytes < least) *bytes = round_up(least, 64);
}

static void lay_out(const ibx_plan *plan, const ibx_stage *stage, const ibx_head *head,
                    ibx_rect out, layout *l) {
    const ibx_pass *pass = &plan->pass[stage->first];
    l->room = round_up(buffer_bytes(out, IBX_MAX_PLANES), 64);
    l->buffer[0] = l->buffer[1] = l->scratch = 0; /* not all of it: most rectangles are not used */
    ibx_fuse_rects(pass, stage->count, out, l->need, l->made);
    l->need[stage->count] = out;
    if (stage->count > 0 && pass->packed)
        enlarge(&l->buffer[0], (size_t)l->need[0].h * sizeof(uint8_t *));
    else
        enlarge(&l->buffer[0], buffer_bytes(l->need[0], ibx_planes(head)));
    for (int i = 0; i < stage->count; i++) {
        const int planes = ibx_planes(&pass[i].call.out);
        enlarge(&l->buffer[(i + 1) % 2], buffer_bytes(l->need[i + 1], planes));
        if (pass[i].filter->scratch)
            enlarge(&l->scratch, pass[i].filter->scratch(&pass[i].call, l->made[i]));
    }
}

static const float *linear_values(ibx_arena *arena) {
    if (!arena->has_linear) ibx_store_values(arena->linear, true);
    arena->has_linear = true;
    return arena->linear;
}

bool ibx_stage_tile(const ibx_plan *plan, const ibx_stage *stage, ibx_store *in, ibx_rect out,
                    ibx_arena *arena, ibx_made *made, ibx_error *err) {
    layout l;
    const ibx_head *head = &in->band->head;
    lay_out(plan, stage, head, out, &l);
    const size_t buffers = l.buffer[0] + l.buffer[1];
    if (!ibx_arena_fit(arena, buffers + 2 * l.room + l.scratch, err)) return false;
    uint8_t *const buffer[2] = {arena->data, arena->data + l.buffer[0]};
    made->room[0] = arena->data + buffers;
    made->room[1] = made->room[0] + l.room;
    made->scratch = arena->data + buffers + 2 * l.room;
    made->plan = plan;
    made->meter = arena->meter;
    made->share = ibx_share(plan, &stage->head, out);
    const unsigned wanted = stage->count > 0 ? plan->pass[stage->first].wants : 0;
    const bool packed = stage->count > 0 && plan->pass[stage->first].packed;
    ibx_tile tile = tile_over(buffer[0], l.need[0], ibx_planes(head));
    unsigned light = packed ? wanted : ibx_store_load(in, &tile, wanted, linear_values(arena));
    if (!packed)
        ibx_meter_lap(made->meter, (ibx_cost){.kind = IBX_COST_LOAD},
                      ibx_loaded_pixels(made, stage));
    for (int i = 0; i < stage->count; i++) {
        const ibx_pass *pass = &plan->pass[stage->first + i];
        change_light(&tile, head, light, pass->wants);
        count_light(made, pixels_of(made, pass), light, pass->wants);
        light = pass->wants;
        head = &pass->call.out;
        const int turn = (i + 1) % 2;
        if (arena->poison) poison(buffer[turn], l.buffer[turn]);
        ibx_tile next = tile_over(buffer[turn], l.need[i + 1], ibx_planes(head));
        const bool whole = ibx_rect_same(l.made[i], l.need[i + 1]);
        ibx_tile part, *inner = &next;
        if (!whole) part = ibx_tile_part(&next, l.made[i]), inner = &part;
        if (pass->packed)
            run_packed(pass, in, l.need[0], (const uint8_t **)(void *)buffer[0], inner, made);
        else
            run_pass(pass, &tile, inner, made);
        if (!whole) ibx_tile_extend(&next, l.made[i]);
        tile = next;
    }
    made->tile = tile;
    made->head = head;
    made->light = light;
    return true;
}

/* The finished tile in the light that a pass wants: itself, or a changed copy. */
static const ibx_tile *in_light(const ibx_pass *pass, ibx_made *made) {
    if (pass->wants == made->light) return &made->tile;
    made->copy = tile_over(made->room[0], made->tile.at, made->tile.planes);
    ibx_copy(&made->tile, &made->copy, 0);
    change_light(&made->copy, made->head, made->light, pass->wants);
    count_light(made, finished(made), made->light, pass->wants);
    return &made->copy;
}

void ibx_stage_scan(const ibx_pass *pass, ibx_made *made, void *acc) {
    pass->filter->scan(&pass->call, in_light(pass, made), acc);
    ibx_count_pass(made, IBX_COST_LOOK, pass);
}

void ibx_stage_encode(ibx_made *made) {
    change_light(&made->tile, made->head, made->light, 0);
    count_light(made, finished(made), made->light, 0);
    made->light = 0;
}

const ibx_tile *ibx_stage_tail(const ibx_plan *plan, const ibx_save *save, ibx_made *made) {
    if (save->tail < 0) return &made->tile;
    const ibx_pass *pass = &plan->pass[save->tail];
    made->result = tile_over(made->room[1], made->tile.at, ibx_planes(&pass->call.out));
    run_pass(pass, in_light(pass, made), &made->result, made);
    change_light(&made->result, &pass->call.out, pass->wants, 0);
    count_light(made, finished(made), pass->wants, 0);
    return &made->result;
}
