/* stats.h - what --stats says: where the processor time went, waiting, memory. */
#ifndef IBX_CLI_STATS_H
#define IBX_CLI_STATS_H

#include "describe/json.h"
#include "imbrex.h"

/* A table: an account in each line, with its part of all processor time and its speed. */
void ibx_print_stats(FILE *out, const ibx_stats *stats, const ibx_totals *totals);

/* The same as an object:
 *
 *   "stats":{"accounts":[{"kind":"step","step":2,"name":..,"pass":..,
 *                         "seconds":0.82,"megapixels":181.2}, ..],
 *            "threads":2,"cpu":5.1,"waiting":0.02,
 *            "memory":{"budget":..,"used":..,"peak":..}}
 *
 * "step" is missing where a step was put in by itself, and "name" and "pass" where there is none.
 */
void ibx_put_stats(ibx_json *json, const ibx_stats *stats);

#endif
