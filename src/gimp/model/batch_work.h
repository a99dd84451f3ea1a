/* batch_work.h - what the window of batches lets others do: a batch, in a thread of its own, and
 * looks at what a batch would do. The window asks now and then what there is to show. Knows no
 * toolkit. */
#ifndef IBX_GIMP_MODEL_BATCH_WORK_H
#define IBX_GIMP_MODEL_BATCH_WORK_H

#include "gimp/batch.h"

/* ---- a batch that runs ------------------------------------------------------------------------
 */

typedef struct ibx_window_run ibx_window_run;

/* Starts. NULL, with a sentence, if the order cannot be a batch, its folder for results is relative
 * or there is no thread. */
ibx_window_run *ibx_window_run_start(const ibx_gimp_order *order, ibx_error *err);

/* The images under way are finished, and no others started. Or they are dropped as well. */
void ibx_window_run_stop(ibx_window_run *run);
void ibx_window_run_cancel(ibx_window_run *run);

/* An image that failed, or was damaged. Texts belong to the run. */
typedef struct {
    char *input, *sentence;
    bool failed;
} ibx_window_failure;

/* How far it is. Returns whether it has ended; then *err is IBX_OK or says why not all was done. */
bool ibx_window_run_look(ibx_window_run *run, ibx_totals *totals, ibx_error *err);

/* The failure with this number, from 0, in the order in which they came; NULL if there is none
 * yet. */
const ibx_window_failure *ibx_window_run_failure(ibx_window_run *run, size_t number);

/* The report of a run that has ended, as `imbrex run --report` writes it. */
const char *ibx_window_run_report(const ibx_window_run *run, size_t *size);

/* Waits for its end. NULL is allowed. */
void ibx_window_run_free(ibx_window_run *run);

/* ---- a look ahead -----------------------------------------------------------------------------
 */

typedef struct ibx_window_look ibx_window_look;

typedef struct {
    bool ok;
    ibx_gimp_outline outline; /* if ok */
    ibx_error error;          /* if not */
    char *collisions;         /* a line each, "" without one */
    bool by_name;             /* some of them are undone by another template of names */
} ibx_window_sight;

/* Looks at files and folders in a thread of its own; NULL without one. */
ibx_window_look *ibx_window_look_start(const ibx_gimp_order *order);

/* What was seen, or NULL as long as the look goes on. It belongs to the look. */
const ibx_window_sight *ibx_window_look_result(ibx_window_look *look);

/* Waits for its end. NULL is allowed. */
void ibx_window_look_free(ibx_window_look *look);

#endif
