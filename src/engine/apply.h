/* apply.h - ibx_apply with the plan's choices in the caller's hand, for tests. */
#ifndef IBX_ENGINE_APPLY_H
#define IBX_ENGINE_APPLY_H

#include "imbrex.h"

/* Zero: as the plan chooses. */
typedef struct {
    int strip_rows, tile_w;
    bool poison; /* every byte around a tile is NaN */
} ibx_tuning;

bool ibx_apply_tuned(const ibx_recipe *recipe, const ibx_image *in, ibx_sample sample,
                     const ibx_tuning *tuning, ibx_image *out, const ibx_limits *limits,
                     ibx_error *err);

#endif
