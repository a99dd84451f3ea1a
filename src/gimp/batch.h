/* batch.h - folders of files through a recipe, from within GIMP: the engine's batch, not GIMP's
 * own loading and saving. */
#ifndef IBX_GIMP_BATCH_H
#define IBX_GIMP_BATCH_H

#include "imbrex.h"

/* What is to be done. Texts are malloc'd and never NULL; "" is the default of a field. Names of
 * folders and files may begin with "~/" (home.h); else, if they are relative, it is to the working
 * directory of GIMP. */
typedef struct {
    char *recipe;  /* as for ibx_gimp_recipe_read, `save` steps allowed */
    char *input;   /* names of folders, searched with their sub-folders, and of files; one a line */
    char *output;  /* a folder, made if missing; its tree mirrors the inputs' */
    char *format;  /* of the files: "jpeg", ..; "": that of `save`, or of each input */
    char *name;    /* template of their names, as in ibx_batch */
    int quality;   /* 0: the format's default */
    int if_exists; /* ibx_exists */
    int metadata;  /* ibx_keep */
    int threads;   /* 0: as many as the process may use */
    int memory;    /* megabytes; 0: half of what there is */
    int keep_time; /* 1: files get the modification time of their input; else 0 */
} ibx_gimp_order;

/* An order of empty texts and zeros. False without memory. */
bool ibx_gimp_order_new(ibx_gimp_order *order, ibx_error *err);

/* Frees the texts and empties *order. */
void ibx_gimp_order_free(ibx_gimp_order *order);

/* Puts a copy of `text` in place of one of its texts. False without memory: nothing changed. */
bool ibx_gimp_order_text(char **field, const char *text);

/* The order as text and back, for keeping it from one call to the next. Printed text is malloc'd,
 * or NULL without memory; reading what is no such text gives false and changes nothing. */
char *ibx_gimp_order_print(const ibx_gimp_order *order);
bool ibx_gimp_order_read(ibx_gimp_order *order, const char *text);

/* ---- run --------------------------------------------------------------------------------- */

/* An order made ready: the batch, and what it points into. */
typedef struct {
    ibx_batch batch;
    ibx_recipe *recipe;
    char **inputs;
    ibx_gimp_order order; /* a copy */
} ibx_gimp_batch;

/* Reads the recipe and takes inputs apart. False with IBX_USAGE, or what reading the recipe
 * says. Close it in either case. */
bool ibx_gimp_batch_open(ibx_gimp_batch *batch, const ibx_gimp_order *order, ibx_error *err);
void ibx_gimp_batch_close(ibx_gimp_batch *batch);

/* Opens and runs it to its end; events, totals and errors are those of ibx_batch_run. Files that
 * exist fail their image, unless if_exists says otherwise. Both flags may be NULL: `stop` starts
 * no further image, `cancel` also drops those under way. Calls nothing of GIMP: any thread may run
 * it. */
bool ibx_gimp_batch_run(const ibx_gimp_order *order, const atomic_bool *stop,
                        const atomic_bool *cancel, ibx_on_event *on_event, void *user,
                        ibx_totals *totals, ibx_error *err);

/* What a batch would do, as far as the names of files tell. */
typedef struct {
    size_t images;     /* inputs */
    size_t unreadable; /* of them, those that cannot even be opened */
    size_t files;      /* to be written */
    size_t existing;   /* of them, those that are there already */
    size_t unsized;    /* of them, those whose names will hold a size: not looked for */
} ibx_gimp_outline;

/* Lists inputs and names outputs; reads no file. False where ibx_batch_run would start nothing: no
 * input, outputs of one name, no folder. Then the sentences of all collisions are in *collisions,
 * a line each; malloc'd, "" where there are none, NULL without memory. */
bool ibx_gimp_batch_outline(const ibx_batch *batch, ibx_gimp_outline *outline, char **collisions,
                            ibx_error *err);

#endif
