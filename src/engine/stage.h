/* stage.h - one tile through the fused passes of a stage.
 *
 * The tile's rectangle is pulled backward through every pass's `source`, the input is loaded, and
 * the pixels are pushed forward through the kernels on two buffers that take turns and stay in
 * the cache. Between passes the light is changed where the next one wants another. */
#ifndef IBX_ENGINE_STAGE_H
#define IBX_ENGINE_STAGE_H

#include "engine/meter.h"
#include "engine/store.h"

/* The scratch memory of one thread: grows to what a tile needs and is kept between tiles and
 * images, because first touch of fresh memory costs more than most kernels. */
typedef struct {
    uint8_t *data;
    size_t size;
    bool poison;       /* for tests: everything around a tile is NaN */
    ibx_meter *meter;  /* of the thread; NULL: no accounts are kept */
    bool has_linear;   /* the following is there */
    float linear[256]; /* 8-bit samples in linear light: tiles can be shorter than this table */
} ibx_arena;

void ibx_arena_free(ibx_arena *arena);

/* Sees to it that the arena has so many bytes, a multiple of 64. False without memory. */
bool ibx_arena_fit(ibx_arena *arena, size_t bytes, ibx_error *err);

/* A finished tile of a stage's output, in the light that its last pass wanted, and room for two
 * more of the same rectangle: in another light, and behind a tail. All of it lies in the arena and
 * holds until the arena's next tile. */
typedef struct {
    ibx_tile tile, copy, result;
    uint8_t *room[2]; /* of copy and result, which are laid over it when they are needed */
    const ibx_head *head;
    unsigned light;
    void *scratch;
    const ibx_plan *plan;
    ibx_meter *meter;
    double share; /* of the image that the tile is; 0: of chroma, whose pixels luma counts */
} ibx_made;

/* Computes the rectangle `out` of a stage's output. False only without memory. This and what
 * follows are laps of the arena's meter. */
bool ibx_stage_tile(const ibx_plan *plan, const ibx_stage *stage, ibx_store *in, ibx_rect out,
                    ibx_arena *arena, ibx_made *made, ibx_error *err);

/* The part of the image `head` that a rectangle is, for accounts; 0 for chroma, as in ibx_made. */
double ibx_share(const ibx_plan *plan, const ibx_head *head, ibx_rect out);

/* Pixels that a stage loads for the tile, without what is loaded twice, for accounts. Needs plan
 * and share of *made. */
double ibx_loaded_pixels(const ibx_made *made, const ibx_stage *stage);

/* Ends the lap of a pass, or of its look at the image. Needs plan, meter and share of *made. */
void ibx_count_pass(const ibx_made *made, ibx_cost_kind kind, const ibx_pass *pass);

/* Feeds the finished tile to the scan of a pass. */
void ibx_stage_scan(const ibx_pass *pass, ibx_made *made, void *acc);

/* The finished tile as files hold it: encoded, straight alpha. Everything that needs another
 * light must come before. */
void ibx_stage_encode(ibx_made *made);

/* The encoded tile as a save wants it: behind its tail, if it has one. */
const ibx_tile *ibx_stage_tail(const ibx_plan *plan, const ibx_save *save, ibx_made *made);

#endif
