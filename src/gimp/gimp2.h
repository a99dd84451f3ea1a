/* gimp2.h - the parts of the shim for libgimp 2.0; all that calls that library is in gimp2*.c.
 *
 *   gimp2.c        the process: what is run, its status and sentence, values that are kept
 *   gimp2_query.c  procedures, arguments, menus, help
 *   gimp2_call.c   filters and recipes from a menu or a script
 *   gimp2_batch.c  batches
 *   gimp2_layer.c  a layer's pixels, and results put in their place
 *   gimp2_mask.c   the selection
 *   gimp2_run.c    a recipe on layers, as one undo step */
#ifndef IBX_GIMP_GIMP2_H
#define IBX_GIMP_GIMP2_H

#include "gimp/ahead.h"
#include "gimp/dialog.h"
#include "gimp/pixels.h"
#include "gimp/work.h"
#include "imbrex.h"
#include <libgimp/gimp.h>

/* ---- gimp2.c --------------------------------------------------------------------------- */

/* One call of a procedure. */
typedef struct {
    const char *procedure;
    GimpRunMode mode;
    const GimpParam *argument;
    int arguments;
} ibx_gimp2_call;

/* Did as many arguments come? If not, false with a sentence. */
bool ibx_gimp2_count_is(const ibx_gimp2_call *call, int count, ibx_error *err);

/* The text that was kept under a procedure's name in this session of GIMP, malloc'd; NULL if none
 * was. And keeping it. */
char *ibx_gimp2_last(const char *procedure);
void ibx_gimp2_keep(const char *procedure, const char *text);

/* The same for what was left in a procedure's window without being done: the next window offers it,
 * "Repeat" does not know it. Done is done, so keeping "" takes it back; NULL if there is none. */
char *ibx_gimp2_left(const char *procedure);
void ibx_gimp2_leave(const char *procedure, const char *text);

/* ---- gimp2_query.c --------------------------------------------------------------------- */

/* Arguments in front of the parameters of a filter: run mode, image, drawable. */
enum { IBX_GIMP2_FIRST = 3 };

/* Tells GIMP about all procedures, their menus and their pages of help. */
void ibx_gimp2_query(void);

/* ---- gimp2_layer.c --------------------------------------------------------------------- */

/* A layer (or mask, or channel) that a recipe is applied to, and what came out. */
typedef struct {
    int32_t image, drawable;
    ibx_gimp_form form;
    ibx_gimp_job job;          /* its head is known from the beginning, the rest when planned */
    GimpColorProfile *profile; /* of the image, which the head borrows where recipes ask for it */
    bool nothing;              /* is selected of it; the box is empty then */
    ibx_region pixels;         /* that were read */
    ibx_rect read;             /* where they are, */
    uint64_t sum, selected;    /* what they, and the selection, came to, */
    int64_t when, took;        /* when, and how long that took: microseconds of GLib's clock */
    ibx_gimp_ahead *ahead;     /* what a dialog computed of them; NULL: nothing */
    ibx_region result;
} ibx_gimp2_layer;

/* Looks whether a recipe may change this drawable. False, with a sentence: a group, an indexed
 * image, locked pixels, or no drawable of this image. */
bool ibx_gimp2_layer_open(ibx_gimp2_layer *layer, int32_t image, int32_t drawable, ibx_error *err);
void ibx_gimp2_layer_close(ibx_gimp2_layer *layer);

/* Closes it and looks again, where the user had time to change the image. Where a result was begun
 * ahead, that and the pixels that it is made of are kept. */
bool ibx_gimp2_layer_reopen(ibx_gimp2_layer *layer, ibx_error *err);

/* Plans, and looks whether GIMP can take what the recipe makes: size, colours, transparency.
 * Neither reads a pixel nor changes anything. The recipe must live until the plan is forgotten. */
bool ibx_gimp2_layer_plan(ibx_gimp2_layer *layer, const ibx_recipe *recipe, ibx_error *err);
void ibx_gimp2_layer_forget(ibx_gimp2_layer *layer);

/* Is a planned layer still what its plan was made for? False, with a sentence, if it was deleted or
 * locked, has another size, precision or colour space, if what is selected lies in another box, or
 * GIMP cannot take the result any more. Pixels may have changed. */
bool ibx_gimp2_layer_check(const ibx_gimp2_layer *layer, ibx_error *err);

/* The colour profile of an image's pixels as they are read, NULL for sRGB; owned by the caller.
 * Those of linear precision are read with the curve of sRGB, so it is the image's with that curve.
 */
GimpColorProfile *ibx_gimp2_profile(int32_t image);

/* Reads a rectangle. */
bool ibx_gimp2_layer_read(ibx_gimp2_layer *layer, ibx_rect at, ibx_error *err);

/* Takes the result that was computed ahead, for which it waits, if it is that of the plan and the
 * pixels are still those that were read for it. They and what is ahead are gone then, whatever
 * comes out. False: the layer is to be read, and its result computed. */
bool ibx_gimp2_layer_take_ahead(ibx_gimp2_layer *layer, ibx_gimp_progress *show, void *user);

/* Are its pixels still those that were read, and are the same selected, to a 255th of each? False,
 * with a sentence, if not. Neither libgimp nor its buffers tell of changes, so both are read once
 * more; but not where there was no time to paint, nor where this would add more than a quarter to
 * the run. */
bool ibx_gimp2_layer_is_as_read(const ibx_gimp2_layer *layer, ibx_error *err);

/* Gives the result the components that the layer will have; the last thing that takes memory. */
bool ibx_gimp2_layer_fit(ibx_gimp2_layer *layer, ibx_error *err);

/* Puts the result, which fits, in its place, within an undo group of the caller, who has just
 * checked. The same size: through the selection, and as locks and mask want it. Another size: the
 * layer, and with it the image if the layer is all of it. A new colour space: that of the image. */
bool ibx_gimp2_layer_put(ibx_gimp2_layer *layer, ibx_error *err);

/* ---- gimp2_call.c, gimp2_batch.c
 * ----------------------------------------------------------------- */

/* The three kinds of procedures. Errors with code IBX_CANCELLED may have no sentence. */
bool ibx_gimp2_filter(const ibx_gimp2_call *call, const ibx_filter *filter, ibx_error *err);
bool ibx_gimp2_recipe(const ibx_gimp2_call *call, ibx_error *err);
bool ibx_gimp2_batch(const ibx_gimp2_call *call, ibx_error *err);

/* ---- gimp2_run.c ----------------------------------------------------------------------- */

/* Can these `count` drawables of an image take what the recipe makes of them? The recipe must live
 * until the layers are forgotten, whatever comes out. */
bool ibx_gimp2_plan(const ibx_recipe *recipe, ibx_gimp2_layer *layers, int count, ibx_error *err);

/* Applies what was planned, shows progress with `title`, and makes one undo step. Nothing in the
 * image is changed before all results are complete and all layers are checked, and no progress
 * (which is what its Cancel ends) is shown from then on. */
bool ibx_gimp2_run(ibx_gimp2_layer *layers, int count, const char *title, ibx_error *err);

/* ---- gimp2_mask.c ------------------------------------------------------------------------ */

/* Fills `selected` and `mask` of the subject of a dialog for its image and layer. The mask is
 * malloc'd, NULL where all is selected or nothing. */
bool ibx_gimp2_mask_read(ibx_gimp_subject *subject, ibx_error *err);

/* A number that tells whether other pixels of a drawable's rectangle are selected by now (see
 * ibx_gimp_sum); 0 where all of them are, by a selection or without one. */
bool ibx_gimp2_mask_sum(int32_t image, int32_t drawable, ibx_rect box, uint64_t *sum,
                        ibx_error *err);

#endif
