/* progress.h - how far a run is, on standard error. */
#ifndef IBX_CLI_PROGRESS_H
#define IBX_CLI_PROGRESS_H

#include "imbrex.h"

typedef struct {
    bool line; /* one line that changes in place, else plain lines */
    bool silent;
    bool shown;     /* the changing line stands on the terminal */
    double printed; /* when something was printed last, in seconds of the run */
} ibx_progress;

/* choice is an index of --progress or IBX_UNSAID. */
void ibx_progress_begin(ibx_progress *p, int choice, bool silent);

/* Shows the totals if it is time to. */
void ibx_progress_show(ibx_progress *p, const ibx_totals *totals);

/* Wipes the changing line away, so that something else can be printed. */
void ibx_progress_clear(ibx_progress *p);

/* What was done and, if there were pixels, how fast and where the time went. */
void ibx_print_summary(FILE *out, const ibx_totals *totals);

#endif
