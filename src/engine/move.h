/* move.h - a tile through a stage that only moves pixels.
 *
 * Turns, flips and cuts change no sample. Where every pass of a stage can move pixels and nothing
 * else happens to them - the samples that come in are those that go out - they go as they are from
 * one native store into another, and no float is made of them. */
#ifndef IBX_ENGINE_MOVE_H
#define IBX_ENGINE_MOVE_H

#include "engine/stage.h"

/* Moves the pixels of the rectangle `out` of a stage that `moves` from the band in front of it into
 * a store of its output, native both. False only without memory. */
bool ibx_move_tile(const ibx_plan *plan, const ibx_stage *stage, ibx_store *in, ibx_rect out,
                   ibx_arena *arena, ibx_store *to, ibx_error *err);

#endif
