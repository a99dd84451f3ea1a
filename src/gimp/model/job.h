/* job.h - one recipe on a layer, ready to give tiles of what a screen shows. Knows no toolkit, and
 * no thread of its own. */
#ifndef IBX_GIMP_MODEL_JOB_H
#define IBX_GIMP_MODEL_JOB_H

#include "gimp/model/render.h"
#include "gimp/model/screen.h"

/* The layer, and how it looks without a recipe. */
typedef struct {
    const ibx_gimp_subject *subject;
    ibx_region whole; /* its pixels */
    ibx_window_screen *screen;
} ibx_window_look;

bool ibx_window_look_open(ibx_window_look *look, const ibx_gimp_subject *subject);
void ibx_window_look_close(ibx_window_look *look);

/* Sides of tiles are multiples of this, but for those at the picture's edge. */
enum { IBX_WINDOW_LEAST_SIDE = 128 };

typedef struct {
    const ibx_window_look *look;
    unsigned number;    /* the recipe's, for its owner */
    ibx_recipe *recipe; /* NULL: none, the layer is shown */
    ibx_view *view;
    ibx_window_screen *screen;
    ibx_head head; /* of the picture */
    bool resized;
    int side; /* most that a tile should have: as large as makes most of what is computed visible */
} ibx_window_job;

/* Reads the recipe (NULL: none), plans it and lets its steps look at the whole layer. Fields but
 * `number` are set. On failure the job is to be closed as well. */
bool ibx_window_job_open(ibx_window_job *job, const ibx_window_look *look, const char *recipe,
                         const atomic_bool *cancel, int threads, ibx_error *err);
void ibx_window_job_close(ibx_window_job *job);

/* Makes the pixels of the tile tile->at, malloc'd. Several threads may do so at once; each is
 * helped by others as in ibx_view_render. On failure those that were made remain in *tile. */
bool ibx_window_job_tile(const ibx_window_job *job, ibx_window_tile *tile, int threads,
                         ibx_error *err);

#endif
