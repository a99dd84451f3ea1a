/* report.h - the report of a batch (--report): a line of JSON per image, and a last one for all.
 *
 *   {"input":"a/b.jpg","status":"done","w":4000,"h":3000,"bytes":2183456,
 *    "outputs":[{"path":"out/b.jpg","format":"jpeg","w":1600,"h":1200,"bytes":310771}],
 *    "ms":{"read":3.1,"decode":21.4,"filter":12.2,"encode":30.1,"write":1.3}}
 *
 * status is "done", "failed" (with "error":{"code":..,"text":..}) or "skipped". An image that was
 * damaged but accepted is "done" with a "warning" like an error. The last line has status
 * "summary", the recipe, counts, sums and seconds. */
#ifndef IBX_DESCRIBE_REPORT_H
#define IBX_DESCRIBE_REPORT_H

#include "describe/json.h"
#include "imbrex.h"

typedef struct {
    ibx_json json;
    const char *path;
} ibx_report;

/* Into a stream that is open; `path` is for sentences alone, and borrowed. */
void ibx_report_begin(ibx_report *report, FILE *out, const char *path);

/* "-" is standard output. False with IBX_IO if it cannot be written. */
bool ibx_report_open(ibx_report *report, const char *path, ibx_error *err);

/* Writes a line if the event ends an image; at ticks, brings the lines so far to the disk. */
void ibx_report_event(ibx_report *report, const ibx_event *event);

/* Writes the last line and closes. False if any line could not be written. `stats` (or NULL)
 * becomes an object in it:
 *
 *   "stats":{"accounts":[{"kind":"step","step":2,"name":..,"pass":..,
 *                         "seconds":0.82,"megapixels":181.2}, ..],
 *            "threads":2,"cpu":5.1,"waiting":0.02,
 *            "memory":{"budget":..,"used":..,"peak":..}}
 *
 * "step" is missing where a step was put in by itself, and "name" and "pass" where there is none.
 */
bool ibx_report_close(ibx_report *report, const ibx_recipe *recipe, const ibx_totals *totals,
                      const ibx_stats *stats, ibx_error *err);

#endif
