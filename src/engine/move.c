/* move.c - pixels from store to store, through buffers where several passes move them. */
#include "engine/move.h"

bool ibx_plan_moves(const ibx_plan *plan, const ibx_stage *stage) {
    const ibx_band *in = &plan->band[stage->in];
    bool moves = in->native && stage->scan < 0;
    for (int i = stage->first; i < stage->first + stage->count; i++)
        moves = moves && plan->pass[i].filter->move;
    for (int i = stage->first_save; i < stage->first_save + stage->saves; i++)
        moves = moves && plan->save[i].tail < 0 && plan->save[i].sample == in->sample;
    return moves;
}

/* Buffers for the rectangles between passes: between[i] is in front of pass i. */
static bool open_buffers(const ibx_rect *need, int count, size_t size, ibx_arena *arena,
                         ibx_region *between, ibx_error *err) {
    size_t at[IBX_MAX_FUSED + 1] = {0};
    for (int i = 1; i < count; i++) {
        const size_t row = (size_t)need[i].w * size;
        between[i] = (ibx_region){.at = need[i], .size = size, .stride = (ptrdiff_t)row};
        at[i + 1] = at[i] + row * (size_t)need[i].h;
    }
    if (count > 1 && !ibx_arena_fit(arena, (at[count] + 63) / 64 * 64, err)) return false;
    for (int i = 1; i < count; i++) between[i].data = arena->data + at[i];
    return true;
}

/* Moves what stands in one piece in both stores; need[0] is `from`, need[count] is `to`. */
static bool move_piece(const ibx_plan *plan, const ibx_stage *stage, const ibx_rect *need,
                       const ibx_region *from, const ibx_region *to, ibx_arena *arena,
                       ibx_error *err) {
    const ibx_made made = {
        .plan = plan, .meter = arena->meter, .share = ibx_share(plan, &stage->head, to->at)};
    ibx_region between[IBX_MAX_FUSED + 1];
    if (!open_buffers(need, stage->count, to->size, arena, between, err)) return false;
    for (int i = 0; i < stage->count; i++) {
        const ibx_pass *pass = &plan->pass[stage->first + i];
        pass->filter->move(&pass->call, i == 0 ? from : &between[i],
                           i + 1 == stage->count ? to : &between[i + 1]);
        ibx_count_pass(&made, IBX_COST_STEP, pass);
    }
    if (stage->count > 0) return true;
    for (int y = 0; y < to->at.h; y++)
        memcpy(to->data + y * to->stride, from->data + y * from->stride,
               (size_t)to->at.w * to->size);
    ibx_meter_lap(made.meter, (ibx_cost){.kind = IBX_COST_LOAD},
                  made.share * stage->head.w * stage->head.h);
    return true;
}

/* A ring may end within the rows that a tile needs: then the tile is made in two parts. */
bool ibx_move_tile(const ibx_plan *plan, const ibx_stage *stage, ibx_store *in, ibx_rect out,
                   ibx_arena *arena, ibx_store *to, ibx_error *err) {
    ibx_rect need[IBX_MAX_FUSED + 1], made[IBX_MAX_FUSED];
    ibx_region from, into;
    ibx_fuse_rects(&plan->pass[stage->first], stage->count, out, need, made);
    need[stage->count] = out;
    if (ibx_store_region(in, need[0], &from) && ibx_store_region(to, out, &into))
        return move_piece(plan, stage, need, &from, &into, arena, err);
    ibx_rect rest = out;
    if (out.h > 1)
        out.h /= 2, rest.y += out.h, rest.h -= out.h;
    else
        out.w /= 2, rest.x += out.w, rest.w -= out.w;
    return ibx_move_tile(plan, stage, in, out, arena, to, err) &&
           ibx_move_tile(plan, stage, in, rest, arena, to, err);
}
