/* render.h - what a preview shows, computed in a thread of its own: tiles of the visible part of a
 * result, those in the middle first. A new recipe cancels what is under way, and the latest wins.
 * Samples of the result are those of the final run, to the bit (ibx_view); only what a screen shows
 * of them is rounded (screen.h). Outside of the selection the layer stays as it is, unless the
 * recipe changes its size; where it is selected in part, what the screen shows is mixed, which is
 * GIMP's result but for rounding. Knows no toolkit. */
#ifndef IBX_GIMP_MODEL_RENDER_H
#define IBX_GIMP_MODEL_RENDER_H

#include "gimp/dialog.h"

typedef struct ibx_window_render ibx_window_render;

/* A tile of the picture; pixels are 0x00RRGGBB, rows of at.w. */
typedef struct {
    ibx_rect at;            /* in the picture */
    const uint32_t *before; /* the layer; NULL where the recipe changes its size */
    const uint32_t *after;  /* behind the recipe; NULL without one */
} ibx_window_tile;

/* How far it is. */
typedef struct {
    int w, h;            /* the picture: the result, or the layer as long as there is none */
    bool resized;        /* it has another size than the layer */
    bool busy;           /* something that is visible is not computed yet */
    double milliseconds; /* from the last recipe, or the last move, to the last visible tile */
    char problem[400];   /* why there is no result; "" */
} ibx_window_state;

/* Starts the thread, which shows the layer until it is given a recipe. wake(user) is called in one
 * of its threads when a tile or the state is new; it may not call back. The subject must outlive
 * it. NULL without memory or thread. */
ibx_window_render *ibx_window_render_new(const ibx_gimp_subject *subject, void (*wake)(void *user),
                                         void *user);

/* Cancels, waits for the thread and frees everything. */
void ibx_window_render_free(ibx_window_render *render);

/* A new recipe, as for ibx_gimp_recipe_read; NULL: the layer. */
void ibx_window_render_set(ibx_window_render *render, const char *recipe);

/* The part of the picture that is visible; cut to the picture. */
void ibx_window_render_look(ibx_window_render *render, ibx_rect visible);

void ibx_window_render_state(ibx_window_render *render, ibx_window_state *state);

/* Shows all tiles that there are to paint(user, tile): those of an earlier recipe that have not
 * been replaced yet, then the new ones. paint may not call back; the pixels are lent to it. */
void ibx_window_render_paint(ibx_window_render *render,
                             void (*paint)(void *user, const ibx_window_tile *tile), void *user);

#endif
