#include "describe/report.h"
#include "describe/run.h"
#include <errno.h>
#include <stdlib.h>

void ibx_report_begin(ibx_report *report, FILE *out, const char *path) {
    *report = (ibx_report){.json = {.out = out}, .path = path};
}

bool ibx_report_open(ibx_report *report, const char *path, ibx_error *err) {
    FILE *out = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    ibx_report_begin(report, out, path);
    if (!out) return ibx_fail(err, IBX_IO, "the report %s: %s", path, strerror(errno));
    return true;
}

/* A time to three decimals. */
static void put_time(ibx_json *j, const char *key, double value) {
    ibx_json_number(j, key, round(value * 1000) / 1000);
}

static void put_times(ibx_json *j, const ibx_times *t) {
    ibx_json_open(j, "ms", '{');
    put_time(j, "read", t->read);
    put_time(j, "decode", t->decode);
    put_time(j, "filter", t->filter);
    put_time(j, "encode", t->encode);
    put_time(j, "write", t->write);
    ibx_json_close(j, '}');
}

static void put_outputs(ibx_json *j, const ibx_event *e) {
    ibx_json_open(j, "outputs", '[');
    for (int i = 0; i < e->output_count; i++) {
        const ibx_written *w = &e->output[i];
        ibx_json_open(j, NULL, '{');
        ibx_json_text(j, "path", w->path);
        ibx_json_text(j, "format", w->format);
        ibx_json_int(j, "w", w->w);
        ibx_json_int(j, "h", w->h);
        ibx_json_int(j, "bytes", w->bytes);
        ibx_json_close(j, '}');
    }
    ibx_json_close(j, ']');
}

static void put_error(ibx_json *j, const char *key, const ibx_error *error, const char *input) {
    ibx_json_open(j, key, '{');
    ibx_json_text(j, "code", ibx_code_word(error->code));
    ibx_json_text(j, "text", ibx_without_name(error->text, input));
    ibx_json_close(j, '}');
}

static void put_image(ibx_json *j, const ibx_event *e, const char *status) {
    ibx_json_open(j, NULL, '{');
    ibx_json_text(j, "input", e->input);
    ibx_json_text(j, "status", status);
    ibx_json_int(j, "w", e->w);
    ibx_json_int(j, "h", e->h);
    ibx_json_int(j, "bytes", e->bytes_in);
    put_outputs(j, e);
    put_times(j, &e->times);
    if (e->error)
        put_error(j, e->kind == IBX_EVENT_FAILED ? "error" : "warning", e->error, e->input);
    ibx_json_close(j, '}');
}

void ibx_report_event(ibx_report *report, const ibx_event *e) {
    switch (e->kind) {
    case IBX_EVENT_DONE:
        put_image(&report->json, e, "done");
        break;
    case IBX_EVENT_SKIPPED:
        put_image(&report->json, e, "skipped");
        break;
    case IBX_EVENT_FAILED:
        put_image(&report->json, e, "failed");
        break;
    case IBX_EVENT_TICK:
        fflush(report->json.out);
        break;
    default:
        break;
    }
}

/* ---- stats ------------------------------------------------------------------------------------
 */

/* Names of accounts. */
static const char *const KIND[] = {
    [IBX_COST_OPEN] = "open",   [IBX_COST_DECODE] = "decode", [IBX_COST_LOAD] = "load",
    [IBX_COST_LIGHT] = "light", [IBX_COST_LOOK] = "look",     [IBX_COST_STEP] = "step",
    [IBX_COST_STORE] = "store", [IBX_COST_PACK] = "pack",     [IBX_COST_ENCODE] = "encode"};

/* To a microsecond, or a thousandth of a megapixel. */
static double rounded(double value, double unit) {
    return round(value / unit) * unit;
}

static void put_cost(ibx_json *j, const ibx_cost *c) {
    ibx_json_open(j, NULL, '{');
    ibx_json_text(j, "kind", KIND[c->kind]);
    if (c->number) ibx_json_int(j, "step", c->number);
    if (c->name) ibx_json_text(j, "name", c->name);
    if (c->pass) ibx_json_text(j, "pass", c->pass);
    ibx_json_number(j, "seconds", rounded(c->seconds, 1e-6));
    ibx_json_number(j, "megapixels", rounded(c->megapixels, 1e-6));
    ibx_json_close(j, '}');
}

static void put_stats(ibx_json *j, const ibx_stats *s) {
    ibx_json_open(j, "stats", '{');
    ibx_json_open(j, "accounts", '[');
    for (size_t i = 0; i < s->costs; i++) put_cost(j, &s->cost[i]);
    ibx_json_close(j, ']');
    ibx_json_int(j, "threads", s->threads);
    ibx_json_number(j, "cpu", rounded(s->cpu, 1e-6));
    ibx_json_number(j, "waiting", rounded(s->waiting, 1e-6));
    ibx_json_open(j, "memory", '{');
    ibx_json_int(j, "budget", s->memory);
    ibx_json_int(j, "used", s->memory_used);
    ibx_json_int(j, "peak", s->peak);
    ibx_json_close(j, '}');
    ibx_json_close(j, '}');
}

/* ---- the last line ----------------------------------------------------------------------------
 */

static void put_summary(ibx_json *j, const ibx_recipe *recipe, const ibx_totals *t,
                        const ibx_stats *stats) {
    char *text = ibx_recipe_print(recipe);
    ibx_json_open(j, NULL, '{');
    ibx_json_text(j, "status", "summary");
    ibx_json_text(j, "imbrex", ibx_version());
    ibx_json_text(j, "recipe", text);
    ibx_json_int(j, "listed", t->listed);
    ibx_json_int(j, "done", t->done);
    ibx_json_int(j, "failed", t->failed);
    ibx_json_int(j, "skipped", t->skipped);
    ibx_json_int(j, "pixels", t->pixels);
    ibx_json_int(j, "bytes_in", t->bytes_in);
    ibx_json_int(j, "bytes_out", t->bytes_out);
    put_time(j, "seconds", t->seconds);
    put_times(j, &t->times);
    if (stats) put_stats(j, stats);
    ibx_json_close(j, '}');
    free(text);
}

bool ibx_report_close(ibx_report *report, const ibx_recipe *recipe, const ibx_totals *totals,
                      const ibx_stats *stats, ibx_error *err) {
    FILE *out = report->json.out;
    put_summary(&report->json, recipe, totals, stats);
    const bool written = fflush(out) == 0 && !ferror(out);
    const int error = errno;
    const bool closed = out == stdout || fclose(out) == 0;
    if (written && closed) return true;
    return ibx_fail(err, IBX_IO, "the report %s: %s", report->path,
                    strerror(written ? errno : error));
}
