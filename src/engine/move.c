/* move.c - pixels from store to store, through buffers between passes. */
#include "engine/move.h"

/* Can the pass do without floats? */
static bool can_move(const ibx_pass *pass, ibx_sample sample) {
    const ibx_filter *f = pass->filter;
    return f->move && !pass->wants && (sample == IBX_U8 || !(f->traits & IBX_BYTES));
}

/* Samples are rounded once, in front of the encoder: before and behind, they are only moved. */
bool ibx_plan_moves(const ibx_plan *plan, const ibx_stage *stage) {
    const ibx_band *in = &plan->band[stage->in];
    bool moves = in->native && stage->scan < 0;
    int rounds = stage->stored;
    for (int i = stage->first; i < stage->first + stage->count; i++) {
        moves = moves && can_move(&plan->pass[i], in->sample);
        if (plan->pass[i].filter->traits & IBX_ROUNDS) moves = moves && rounds++ == 0;
    }
    for (int i = stage->first_save; i < stage->first_save + stage->saves; i++)
        moves = moves && plan->save[i].tail < 0 && plan->save[i].sample == in->sample;
    return moves;
}

/* The way of a tile: pass i reads the pixels region[i] and writes those of made[i]. */
typedef struct {
    const ibx_pass *pass;
    int count;
    ibx_rect need[IBX_MAX_FUSED + 1], made[IBX_MAX_FUSED];
    ibx_region region[IBX_MAX_FUSED + 1];
    void *scratch;
} way;

static size_t round_up(size_t bytes) {
    return (bytes + 63) / 64 * 64;
}

/* Buffers for what stands in no store: for the pixels in front of pass `first` and of those behind
 * it, and the scratch of kernels. */
static bool open_buffers(way *w, int first, size_t size, ibx_arena *arena, ibx_error *err) {
    size_t at[IBX_MAX_FUSED + 1], end = 0, scratch = 0;
    for (int i = first; i < w->count; i++) {
        const size_t row = (size_t)w->need[i].w * size;
        w->region[i] = (ibx_region){.at = w->need[i], .size = size, .stride = (ptrdiff_t)row};
        at[i] = end;
        end = round_up(end + row * (size_t)w->need[i].h);
    }
    for (int i = 0; i < w->count; i++)
        if (w->pass[i].filter->scratch) {
            const size_t s = w->pass[i].filter->scratch(&w->pass[i].call, w->made[i]);
            scratch = s > scratch ? s : scratch;
        }
    if (end + scratch > 0 && !ibx_arena_fit(arena, end + round_up(scratch), err)) return false;
    for (int i = first; i < w->count; i++) w->region[i].data = arena->data + at[i];
    w->scratch = arena->data + end;
    return true;
}

/* The part r of a region. */
static ibx_region part(const ibx_region *region, ibx_rect r) {
    ibx_region p = *region;
    p.data += (r.y - region->at.y) * region->stride;
    p.data += (ptrdiff_t)(r.x - region->at.x) * (ptrdiff_t)region->size;
    p.at = r;
    return p;
}

/* Repeats the edge pixels of the part r of a region over the rest. */
static void extend(const ibx_region *region, ibx_rect r) {
    const size_t size = region->size;
    const int left = r.x - region->at.x, right = left + r.w;
    const int top = r.y - region->at.y, bottom = top + r.h;
    for (int y = top; y < bottom; y++) {
        uint8_t *row = region->data + y * region->stride;
        for (int x = 0; x < left; x++)
            memcpy(row + (size_t)x * size, row + (size_t)left * size, size);
        for (int x = right; x < region->at.w; x++)
            memcpy(row + (size_t)x * size, row + (size_t)(right - 1) * size, size);
    }
    for (int y = 0; y < region->at.h; y++) {
        const int from = ibx_min(ibx_max(y, top), bottom - 1);
        if (from != y)
            memcpy(region->data + y * region->stride, region->data + from * region->stride,
                   (size_t)region->at.w * size);
    }
}

/* Copies the pixels `inner` of a store, row by row, into a region, and repeats the edge around. */
static void gather(ibx_store *in, ibx_rect inner, const ibx_region *to) {
    const ibx_region r = part(to, inner);
    for (int y = 0; y < inner.h; y++) {
        ibx_region row;
        ibx_store_region(in, (ibx_rect){inner.x, inner.y + y, inner.w, 1}, &row);
        memcpy(r.data + y * r.stride, row.data, (size_t)inner.w * r.size);
    }
    extend(to, inner);
}

/* The input is used where it stands if it does so in one piece, and if no edge is repeated. */
static bool move_rect(const ibx_plan *plan, const ibx_stage *stage, ibx_store *in, ibx_rect out,
                      ibx_arena *arena, ibx_store *to, ibx_error *err) {
    way w = {.pass = &plan->pass[stage->first], .count = stage->count};
    const ibx_head *head = &in->band->head;
    const ibx_made made = {
        .plan = plan, .meter = arena->meter, .share = ibx_share(plan, &stage->head, out)};
    ibx_fuse_rects(w.pass, w.count, out, w.need, w.made);
    w.need[w.count] = out;
    const ibx_rect inner = ibx_rect_inside(w.need[0], head->w, head->h);
    const bool in_place =
        ibx_store_region(in, inner, &w.region[0]) && ibx_rect_same(inner, w.need[0]);
    if (!open_buffers(&w, in_place, w.region[0].size, arena, err)) return false;
    ibx_store_region(to, out, &w.region[w.count]);
    if (!in_place || w.count == 0) gather(in, inner, &w.region[0]);
    ibx_meter_lap(made.meter, (ibx_cost){.kind = IBX_COST_LOAD}, ibx_loaded_pixels(&made, stage));
    for (int i = 0; i < w.count; i++) {
        ibx_call call = w.pass[i].call;
        call.scratch = w.scratch;
        const ibx_region result = part(&w.region[i + 1], w.made[i]);
        w.pass[i].filter->move(&call, &w.region[i], &result);
        extend(&w.region[i + 1], w.made[i]);
        ibx_count_pass(&made, IBX_COST_STEP, &w.pass[i]);
    }
    return true;
}

/* Does a tile at the image's edge have a middle that needs no pixel outside? Only asked of passes
 * that compute, as they cost the same wherever a tile is cut. The sides are not too narrow for
 * vectors. */
static bool has_middle(const ibx_pass *pass, ibx_rect out, ibx_rect *middle) {
    enum { SIDE = 32 };
    const ibx_head *head = &pass->call.in;
    const ibx_rect need = pass->filter->source(&pass->call, out);
    const ibx_rect inside = ibx_rect_inside(need, head->w, head->h);
    const int left = inside.x - need.x, right = need.w - left - inside.w;
    const int top = inside.y - need.y, bottom = need.h - top - inside.h;
    const int x0 = left > 0 ? ibx_max(left, SIDE) : 0, x1 = right > 0 ? ibx_max(right, SIDE) : 0;
    if (ibx_rect_same(need, inside) || out.w < 2 * (x0 + x1) || out.h < 2 * (top + bottom))
        return false;
    *middle = (ibx_rect){out.x + x0, out.y + top, out.w - x0 - x1, out.h - top - bottom};
    const ibx_rect now = pass->filter->source(&pass->call, *middle);
    return ibx_rect_same(now, ibx_rect_inside(now, head->w, head->h));
}

/* A copy with repeated edges is made of what lies around the middle alone. */
static bool move_middle(const ibx_plan *plan, const ibx_stage *stage, ibx_store *in, ibx_rect out,
                        ibx_arena *arena, ibx_store *to, ibx_error *err) {
    ibx_rect m;
    if (!has_middle(&plan->pass[stage->first], out, &m))
        return move_rect(plan, stage, in, out, arena, to, err);
    const int right = m.x + m.w, below = m.y + m.h;
    const ibx_rect part[] = {{out.x, out.y, out.w, m.y - out.y},
                             {out.x, m.y, m.x - out.x, m.h},
                             m,
                             {right, m.y, out.x + out.w - right, m.h},
                             {out.x, below, out.w, out.y + out.h - below}};
    for (int i = 0; i < 5; i++)
        if (part[i].w > 0 && part[i].h > 0 && !move_rect(plan, stage, in, part[i], arena, to, err))
            return false;
    return true;
}

/* Cuts `out` before the first row that needs pixels on both sides of a ring's end, and behind the
 * last one. */
static void cut_at_turn(const ibx_pass *pass, const ibx_store *in, ibx_rect out, int cut[2]) {
    const ibx_rect need = pass->filter->source(&pass->call, out);
    const int end = out.y + out.h, above = out.y - need.y, below = need.y + need.h - end;
    const int turn = ibx_store_next_turn(in, ibx_max(need.y, 0));
    cut[0] = ibx_min(ibx_max(turn - below, out.y), end);
    cut[1] = ibx_min(ibx_max(turn + above, out.y), end);
}

/* A copy of what stands at the ring's end and at its start is made for the rows between alone. */
bool ibx_move_tile(const ibx_plan *plan, const ibx_stage *stage, ibx_store *in, ibx_rect out,
                   ibx_arena *arena, ibx_store *to, ibx_error *err) {
    const ibx_pass *pass = &plan->pass[stage->first];
    int cut[2];
    if (stage->count != 1 || !(pass->filter->traits & IBX_ROUNDS))
        return move_rect(plan, stage, in, out, arena, to, err);
    cut_at_turn(pass, in, out, cut);
    const ibx_rect part[] = {{out.x, out.y, out.w, cut[0] - out.y},
                             {out.x, cut[0], out.w, cut[1] - cut[0]},
                             {out.x, cut[1], out.w, out.y + out.h - cut[1]}};
    for (int i = 0; i < 3; i++)
        if (part[i].h > 0 && !move_middle(plan, stage, in, part[i], arena, to, err)) return false;
    return true;
}

void ibx_copy_tile(ibx_store *from, ibx_rect tile, ibx_store *to) {
    ibx_region in, out;
    ibx_store_region(from, tile, &in);
    ibx_store_region(to, tile, &out);
    for (int y = 0; y < tile.h; y++)
        memcpy(out.data + y * out.stride, in.data + y * in.stride, (size_t)tile.w * in.size);
}
