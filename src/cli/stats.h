/* stats.h - what --stats says: where the processor time went, waiting, memory. */
#ifndef IBX_CLI_STATS_H
#define IBX_CLI_STATS_H

#include "imbrex.h"

/* A table: an account in each line, with its part of all processor time and its speed. */
void ibx_print_stats(FILE *out, const ibx_stats *stats, const ibx_totals *totals);

#endif
