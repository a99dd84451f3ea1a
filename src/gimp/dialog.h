/* dialog.h - the seam between the plug-in and its windows.
 *
 * The shims (gimp2.c, and one for libgimp 3 beside it) do everything that GIMP must be asked for:
 * they read the layer, write the result, keep last values, make the undo step. A dialog gets what
 * it needs as plain values, lets the user choose, and returns. It never touches an image.
 *
 * All three functions are called in the main thread, before any progress is shown, and may run a
 * main loop. libgimp is not safe for threads: whatever a dialog computes in threads of its own
 * (previews, a batch) must not call it; `pixels` is there so that none needs to. */
#ifndef IBX_GIMP_DIALOG_H
#define IBX_GIMP_DIALOG_H

#include "gimp/batch.h"
#include "imbrex.h"

/* What a filter or recipe will be applied to: what its dialog shows and may compute previews of. */
typedef struct ibx_gimp_subject {
    int image, layer; /* GIMP's numbers, for its widgets; layer may also be a mask or a channel */

    /* The whole layer as recipes get it, by the same reading that the final run uses: samples as
     * the image has them (IBX_U8, IBX_U16, else IBX_F32), encoded, in the image's own colour space,
     * straight alpha. Read-only; any thread may read it until the dialog returns. A preview is
     * a region of an ibx_view of it, with `limits.cancel` set on change. */
    const ibx_image *pixels;

    /* The ICC profile of these pixels, for showing them as GIMP does and for recipes that manage
     * colours; empty: sRGB. */
    ibx_bytes profile;

    /* The selection's box in pixels of the layer, the layer where there is none, and empty where
     * nothing of the layer is selected; and how much of each pixel of the box is selected, 0 to
     * 255, rows of selected.w; NULL: all of it. */
    ibx_rect selected;
    const uint8_t *mask;

    /* Its transparency is locked: the result's is not taken. */
    bool lock_alpha;

    /* How many layers the user marked, `layer` included: in GIMP 2.10 those that are linked with
     * it, in GIMP 3 those that are selected. From 2 on the dialog offers to treat all of them. */
    int marked;

    /* In: what was chosen last. Out: what the user chose now, if marked > 1; while the dialog is
     * open, what is checked in it. */
    bool all_marked;

    /* Out, where the user chose: the result, as far as it was computed meanwhile (ahead.h); NULL:
     * not at all. The caller's. */
    struct ibx_gimp_ahead *ahead;

    /* Would the layer, or all that are marked if all_marked, take the result of this recipe, as
     * they are now? False, with a sentence, where GIMP could not put it there, by its size, colours
     * or transparency: then a window shows the sentence and stays, so that what was chosen is not
     * lost. For the main thread; NULL: unknown before the run. */
    bool (*takes)(const struct ibx_gimp_subject *subject, const char *recipe, ibx_error *err);
} ibx_gimp_subject;

/* The windows that there are. */
typedef struct {
    /* Asks for a filter's parameters. `params` is a block of filter->params (core/param.h): in,
     * the last values or the defaults; out, the user's choice. Every value that ibx_param_set took
     * is fine; what else the filter demands (its `open`) is checked by parsing
     * ibx_gimp_step(filter, params) of gimp/recipe.h, and the dialog keeps OK grey with that
     * sentence. Is also called for filters without parameters: they have a preview to look at.
     * False: the user cancelled; params may then hold anything valid. */
    bool (*ask_filter)(ibx_gimp_subject *subject, const ibx_filter *filter, void *params);

    /* Asks for a recipe. *text is malloc'd, never NULL: in, the last recipe or ""; out, one that
     * ibx_gimp_recipe_read of gimp/recipe.h takes; the dialog replaces it by free and malloc.
     * False: cancelled; *text is then what stood in the window, right or not. */
    bool (*ask_recipe)(ibx_gimp_subject *subject, char **text);

    /* The window of batches: asks, runs (ibx_gimp_batch_run in a thread of its own, with `stop` and
     * `cancel`), shows progress and failures, as often as the user likes, and returns when it is
     * closed and nothing runs any more. *order: in, what it begins with; out, what its controls
     * said at the end. *done: out, the last one that was run. False: none was run. */
    bool (*ask_batch)(ibx_gimp_order *order, ibx_gimp_order *done);
} ibx_gimp_dialogs;

/* Those of this build (dialog.c). A member that is NULL is a window that there is not: interactive
 * runs then take the last values, or the defaults, at once. */
extern const ibx_gimp_dialogs ibx_gimp_windows;

#endif
