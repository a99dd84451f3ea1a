/* picture.h - one file on its way through a recipe, wherever its bytes come from and go to: what a
 * batch (job.h) and a conversion in memory (convert.c) do alike.
 *
 *   ibx_picture_open   recognises the format, reads the header
 *   ibx_picture_plan   makes the plan, and what each output keeps of the metadata
 *   ibx_picture_run    decodes, filters, encodes
 *   ibx_picture_free */
#ifndef IBX_ENGINE_PICTURE_H
#define IBX_ENGINE_PICTURE_H

#include "engine/run.h"
#include "engine/shelf.h"

/* What the user wants and allows. */
typedef struct {
    const ibx_recipe *recipe;
    int quality; /* as in ibx_batch, as are the next three */
    ibx_keep metadata;
    bool accept_damage;
    const char *const *allow_loaders;
    bool in_memory;     /* see ibx_conversion */
    ibx_limits limits;  /* with defaults filled in; memory: of the plan */
    ibx_shelf *shelf;   /* of plans for these wishes; NULL: a new one for each picture */
    ibx_lender *lender; /* of large blocks; NULL: the heap */
} ibx_wishes;

/* Starts as zeros. */
typedef struct {
    const ibx_codec *codec;
    void *decoder;
    ibx_info info;
    ibx_shelf *shelf;       /* where the plan goes back to */
    const ibx_plan *plan;   /* NULL: there is none */
    ibx_metadata *metadata; /* per save */
} ibx_picture;

/* `head` is the first bytes of the source, which must outlive the picture. */
bool ibx_picture_open(ibx_picture *picture, ibx_source *source, ibx_bytes head,
                      const ibx_wishes *wishes, ibx_error *err);

/* formats: by index of save, for those whose step names none; NULL as a whole or for one of them:
 * the input's own. */
bool ibx_picture_plan(ibx_picture *picture, const ibx_format *const *formats,
                      const ibx_wishes *wishes, ibx_error *err);

/* On the team's threads, as ibx_run_image. One sink for every save. */
bool ibx_picture_run(ibx_picture *picture, const char *name, ibx_team *team, ibx_sink *const *sink,
                     ibx_times *times, ibx_error *err);

/* Lets the decoder go; what the header said of metadata goes with it. */
void ibx_picture_close(ibx_picture *picture);

/* The same, with everything else. */
void ibx_picture_free(ibx_picture *picture);

/* What there is to be said about an opened picture. */
void ibx_picture_describe(const ibx_picture *picture, ibx_about *about);

#endif
