/* store.h - the memory of a band while its image runs: strips in a ring of slots.
 *
 * Strip j lies in slot j % slots; a whole band has a slot for every strip. Two layouts: native
 * (interleaved samples as the decoder gave them) and planar (per strip: plane after plane, each
 * strip_rows rows of w floats). */
#ifndef IBX_ENGINE_STORE_H
#define IBX_ENGINE_STORE_H

#include "engine/plan.h"

typedef struct {
    const ibx_band *band;
    ibx_rect at; /* the part of the image that it holds: all of it, but in a view (view.c) */
    int slots;
    uint8_t *data; /* slots * strip_bytes, 64-byte aligned; NULL if nothing reads it */
    size_t bytes;
    size_t strip_bytes;    /* from one slot to the next */
    size_t stride;         /* native: bytes from one row to the next */
    size_t lead;           /* native: bytes in front of a strip's first row */
    bool borrowed;         /* data is somebody else's, with a slot for every strip */
    bool mapped;           /* an unlinked file */
    ibx_lender *lender;    /* of data that is not mapped */
    atomic_size_t touched; /* mapped: bytes of pages used since they were last given back */
} ibx_store;

/* Memory for `slots` strips of a band. A mapped band lies in an unlinked file in $TMPDIR. False
 * with IBX_MEMORY, or IBX_FULL if the file cannot be made that large. */
bool ibx_store_open(ibx_store *store, const ibx_band *band, int slots, ibx_lender *lender,
                    ibx_error *err);
void ibx_store_close(ibx_store *store);

/* Instead: a native store over pixels that stand in memory, with a slot for every strip. */
void ibx_store_borrow(ibx_store *store, const ibx_band *band, const ibx_strip *pixels);

/* The same for a part of the image, whose strips begin with its first row. */
void ibx_store_borrow_part(ibx_store *store, const ibx_band *band, const ibx_region *part);

/* A store of the part `at` of the image, native or planar as the band is, over memory of as many
 * bytes as ibx_store_part_bytes says. */
void ibx_store_over(ibx_store *store, const ibx_band *band, ibx_rect at, uint8_t *data);
size_t ibx_store_part_bytes(const ibx_band *band, ibx_rect at);

/* The strip of native samples with that number, as codecs see it. */
ibx_strip ibx_store_strip(const ibx_store *store, int number);

/* The pixels of a rectangle in the image, in a native store, where they stand in one piece; false
 * where its rows begin at the end of a ring and go on at the ring's start. */
bool ibx_store_region(ibx_store *store, ibx_rect r, ibx_region *region);

/* The first row behind row y that stands at the start of the ring. */
int ibx_store_next_turn(const ibx_store *store, int y);

/* Fills the whole tile: what lies inside the image from the store, the rest by repeating the
 * nearest edge pixel. All rows inside must be there. Returns the light of the tile: that of the
 * band, or the one that is wanted where this comes for nothing (8-bit samples without alpha, which
 * go through the table `linear`, see ibx_store_values; not used unless linear light is wanted). */
unsigned ibx_store_load(ibx_store *store, ibx_tile *tile, unsigned wanted, const float *linear);

/* Finds the h rows from y on, each from column x on, in a store of native samples; rows outside the
 * image are its edge. */
void ibx_store_rows(ibx_store *store, ibx_rect r, const uint8_t **row);

/* What each 8-bit sample stands for, encoded or in linear light. */
void ibx_store_values(float value[256], bool linear);

/* Stores a tile, which must lie inside one strip, into a planar store. */
void ibx_store_put(ibx_store *store, const ibx_tile *tile);

/* Stores an encoded tile as samples, into a native store: where it stands there in one piece. */
void ibx_store_pack(ibx_store *store, const ibx_tile *tile);

/* Says that so many bytes of the store have been used. Pages of a mapped store are given back to
 * the file from time to time, or it would stand in memory after all. */
void ibx_store_touch(ibx_store *store, size_t bytes);

/* The part of a tile that holds the rectangle r of the image. Usually r lies in the tile; where a
 * tile lies quite outside the image, r is the nearest pixels and the part is as near to them as
 * the tile reaches. */
ibx_tile ibx_tile_part(const ibx_tile *tile, ibx_rect r);

/* Repeats the edge pixels of the part for r (see above), which are computed, over the rest. */
void ibx_tile_extend(ibx_tile *tile, ibx_rect r);

#endif
