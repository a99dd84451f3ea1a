/* batch.h - folders of files through a recipe, from within GIMP: the engine's batch, not GIMP's
 * own loading and saving. */
#ifndef IBX_GIMP_BATCH_H
#define IBX_GIMP_BATCH_H

#include "imbrex.h"

/* What is to be done. Texts are malloc'd and never NULL; "" is the default of a field. */
typedef struct {
    char *recipe;  /* as for ibx_gimp_recipe_read, `save` steps allowed */
    char *input;   /* a folder, searched with its sub-folders, or a file */
    char *output;  /* a folder, made if missing; its tree mirrors the input's */
    char *format;  /* of the files: "jpeg", ..; "": that of `save`, or of each input */
    int quality;   /* 0: the format's default */
    int if_exists; /* ibx_exists */
    int metadata;  /* ibx_keep */
} ibx_gimp_order;

/* An order of empty texts and zeros. False without memory. */
bool ibx_gimp_order_new(ibx_gimp_order *order, ibx_error *err);

/* Frees the texts and empties *order. */
void ibx_gimp_order_free(ibx_gimp_order *order);

/* The order as one line of text and back, for keeping it from one call to the next. Printed text is
 * malloc'd, or NULL without memory; reading what is no such text gives false and changes nothing.
 */
char *ibx_gimp_order_print(const ibx_gimp_order *order);
bool ibx_gimp_order_read(ibx_gimp_order *order, const char *text);

/* Runs it to its end; events, totals and errors are those of ibx_batch_run. Files that exist fail
 * the batch before anything is written, unless if_exists says otherwise. Both flags may be NULL:
 * `stop` starts no further image, `cancel` also drops those under way. Calls nothing of GIMP: any
 * thread may run it. */
bool ibx_gimp_batch_run(const ibx_gimp_order *order, const atomic_bool *stop,
                        const atomic_bool *cancel, ibx_on_event *on_event, void *user,
                        ibx_totals *totals, ibx_error *err);

#endif
