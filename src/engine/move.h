/* move.h - a tile through a stage that computes nothing.
 *
 * Turns, flips and cuts change no sample, and a median chooses one. Where this holds for every pass
 * of a stage and nothing else happens to the samples - those that come in are those that go out -
 * the passes work on pixels as they are in the store of the band in front, and no float is made. */
#ifndef IBX_ENGINE_MOVE_H
#define IBX_ENGINE_MOVE_H

#include "engine/stage.h"

/* Makes the rectangle `out` of a stage that `moves` in a native store of its output. False only
 * without memory. */
bool ibx_move_tile(const ibx_plan *plan, const ibx_stage *stage, ibx_store *in, ibx_rect out,
                   ibx_arena *arena, ibx_store *to, ibx_error *err);

/* Copies a tile of one native store to the same place of another, whose strips have as many rows.
 */
void ibx_copy_tile(ibx_store *from, ibx_rect tile, ibx_store *to);

#endif
