/* problem.c - replies that say no, and why: application/problem+json (RFC 9457). */
#include "core/param.h"
#include "describe/json.h"
#include "server/api/answer.h"
#include <stdarg.h>
#include <stdlib.h>

/* The row of the parameter that an error is about, or NULL. */
static const ibx_param *row_of(const ibx_error *err) {
    if (!err->parameter[0]) return NULL;
    const ibx_filter *filter = ibx_filter_find(err->name);
    const ibx_format *format = filter ? NULL : ibx_format_find(err->format);
    const ibx_param *rows = filter ? filter->params : format ? format->params : NULL;
    return rows ? ibx_param_find(rows, err->parameter) : NULL;
}

static void write_range(ibx_json *j, const ibx_param *row) {
    if (row->type == IBX_TYPE_FLOAT || row->type == IBX_TYPE_INT) {
        ibx_json_number(j, "min", row->min);
        ibx_json_number(j, "max", row->max);
        if (row->unit && row->unit[0]) ibx_json_text(j, "unit", row->unit);
    }
    if (row->type == IBX_TYPE_CHOICE) {
        ibx_json_open(j, "choices", '[');
        for (const char *const *c = row->choices; *c; c++) ibx_json_text(j, NULL, *c);
        ibx_json_close(j, ']');
    }
}

static void write_place(ibx_json *j, const ibx_error *err) {
    const ibx_param *row = row_of(err);
    if (err->step > 0) ibx_json_int(j, "step", err->step);
    if (err->name[0]) ibx_json_text(j, "name", err->name);
    if (err->parameter[0]) ibx_json_text(j, "parameter", err->parameter);
    if (err->parameter[0]) ibx_json_text(j, "value", err->value);
    if (row) write_range(j, row);
}

/* Sentences end with what to do on the command line, where there is something: "; raise it with
 * --memory". Who asks over HTTP has none. */
static ibx_error without_options(const ibx_error *err) {
    ibx_error said = *err;
    char *option = strstr(said.text, "--"), *end = option;
    while (end && end > said.text && !strchr(";:(", *end)) end--;
    while (end && end > said.text && strchr(";:( ", *end)) *end-- = 0;
    return said;
}

static char *as_json(const ibx_exchange *x, int status, const char *kind, const ibx_error *err) {
    char *text = NULL, type[80], instance[100];
    size_t size;
    ibx_json j = {.out = open_memstream(&text, &size)};
    if (!j.out) return NULL;
    g_snprintf(type, sizeof type, "urn:imbrex:problem:%s", kind);
    g_snprintf(instance, sizeof instance, "urn:request:%s", x->id);
    ibx_json_open(&j, NULL, '{');
    ibx_json_text(&j, "type", type);
    ibx_json_text(&j, "title", soup_status_get_phrase((guint)status));
    ibx_json_int(&j, "status", status);
    if (err->text[0]) ibx_json_text(&j, "detail", err->text);
    ibx_json_text(&j, "instance", instance);
    write_place(&j, err);
    ibx_json_close(&j, '}');
    fclose(j.out);
    return text;
}

/* Does the client want a line to read rather than an object? */
static bool wants_text(const ibx_exchange *x) {
    const char *accept = ibx_exchange_list(x, "Accept");
    return accept && g_str_has_prefix(accept, "text/plain");
}

static void set_body(ibx_exchange *x, const char *mime, char *text) {
    SoupMessageBody *body = soup_server_message_get_response_body(x->message);
    const size_t size = text ? strlen(text) : 0;
    ibx_answer_header(x, "Content-Type", "%s", mime);
    soup_message_body_append(body, SOUP_MEMORY_COPY, text ? text : "", size);
    free(text);
}

void ibx_answer_problem(ibx_exchange *x, int status, const char *kind, const ibx_error *full,
                        int retry_s) {
    const ibx_error shown = full ? without_options(full) : (ibx_error){0}, *err = &shown;
    ibx_answer_common(x, NULL);
    ibx_answer_header(x, "Cache-Control", status == 404 ? "public, max-age=10" : "no-store");
    ibx_answer_varies(x, "Accept");
    if (retry_s > 0) ibx_answer_header(x, "Retry-After", "%d", retry_s);
    soup_server_message_set_status(x->message, (guint)status, NULL);
    const char *sentence = err->text[0] ? err->text : soup_status_get_phrase((guint)status);
    if (wants_text(x))
        set_body(x, "text/plain; charset=utf-8", strdup(sentence));
    else
        set_body(x, "application/problem+json", as_json(x, status, kind, err));
    x->log.problem = kind;
    ibx_exchange_send(x);
}

void ibx_answer_no(ibx_exchange *x, int status, const char *kind, const char *format, ...) {
    ibx_error err = {0};
    va_list args;
    va_start(args, format);
    g_vsnprintf(err.text, sizeof err.text, format, args);
    va_end(args);
    ibx_answer_problem(x, status, kind, &err, status == SOUP_STATUS_SERVICE_UNAVAILABLE);
}

void ibx_answer_error(ibx_exchange *x, const ibx_error *err) {
    static const struct {
        int status;
        const char *kind;
    } OF[] = {[IBX_OK] = {500, "internal"},        [IBX_USAGE] = {400, "bad-recipe"},
              [IBX_FORMAT] = {422, "undecodable"}, [IBX_LIMIT] = {413, "too-large"},
              [IBX_MEMORY] = {413, "job-too-big"}, [IBX_IO] = {500, "internal"},
              [IBX_FULL] = {413, "too-large"},     [IBX_CANCELLED] = {503, "draining"},
              [IBX_BUG] = {500, "internal"}};
    const bool parameter = err->code == IBX_USAGE && err->parameter[0];
    ibx_answer_problem(x, OF[err->code].status, parameter ? "bad-parameter" : OF[err->code].kind,
                       err, 0);
}

void ibx_answer_source(ibx_exchange *x, const ibx_opened *opened) {
    static const struct {
        int status;
        const char *kind;
    } OF[] = {[IBX_SOURCE_OK] = {500, "internal"},
              [IBX_SOURCE_BAD] = {400, "bad-source"},
              [IBX_SOURCE_FORBIDDEN] = {403, "source-forbidden"},
              [IBX_SOURCE_MISSING] = {404, "not-found"},
              [IBX_SOURCE_TOO_LARGE] = {413, "body-too-large"},
              [IBX_SOURCE_FAILED] = {502, "source-failed"},
              [IBX_SOURCE_TIMEOUT] = {504, "source-timeout"},
              [IBX_SOURCE_BUSY] = {503, "overloaded"}};
    if (opened->status == IBX_SOURCE_BUSY)
        ibx_metric_add(x->house->metrics, IBX_M_SHED, IBX_SHED_BODIES, 1);
    ibx_answer_problem(x, OF[opened->status].status, OF[opened->status].kind, &opened->error,
                       opened->status == IBX_SOURCE_BUSY ? 1 : 0);
}
