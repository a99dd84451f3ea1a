#include "cli/timeline.h"
#include <errno.h>

/* Names of spans and their category. */
static const char *const KIND[] = {
    [IBX_SPAN_IMAGE] = "image",   [IBX_SPAN_OPEN] = "open",     [IBX_SPAN_DECODE] = "decode",
    [IBX_SPAN_FILTER] = "filter", [IBX_SPAN_ENCODE] = "encode", [IBX_SPAN_WAIT] = "wait",
    [IBX_SPAN_READ] = "read",     [IBX_SPAN_WRITE] = "write",   [IBX_SPAN_COMMIT] = "commit",
    [IBX_SPAN_MEMORY] = "memory"};

/* An event as far as all have it. */
static void begin(ibx_json *j, const char *phase, const char *name, int thread) {
    ibx_json_open(j, NULL, '{');
    ibx_json_text(j, "ph", phase);
    ibx_json_text(j, "name", name);
    ibx_json_int(j, "pid", 1);
    ibx_json_int(j, "tid", thread);
}

/* The name of a thread, or of the process. */
static void put_name(ibx_json *j, const char *of, int thread, const char *name) {
    begin(j, "M", of, thread);
    ibx_json_open(j, "args", '{');
    ibx_json_text(j, "name", name);
    ibx_json_close(j, '}');
    ibx_json_close(j, '}');
}

static void put_memory(ibx_json *j, const ibx_span *s) {
    begin(j, "C", "memory budget in use", 0);
    ibx_json_int(j, "ts", s->begin);
    ibx_json_open(j, "args", '{');
    ibx_json_int(j, "bytes", s->value);
    ibx_json_close(j, '}');
    ibx_json_close(j, '}');
}

/* "decode", "filter 2"; that of an image is its file. */
static void put_span(ibx_json *j, const ibx_span *s) {
    char name[32];
    const char *slash = s->input ? strrchr(s->input, '/') : NULL;
    snprintf(name, sizeof name, s->number ? "%s %d" : "%s", KIND[s->kind], s->number);
    const bool image = s->kind == IBX_SPAN_IMAGE && s->input;
    begin(j, "X", !image ? name : slash ? slash + 1 : s->input, s->thread);
    ibx_json_text(j, "cat", KIND[s->kind]);
    ibx_json_int(j, "ts", s->begin);
    ibx_json_int(j, "dur", s->end - s->begin);
    ibx_json_open(j, "args", '{');
    if (s->input) ibx_json_text(j, "file", s->input);
    if (s->kind == IBX_SPAN_DECODE || s->kind == IBX_SPAN_FILTER || s->kind == IBX_SPAN_ENCODE)
        ibx_json_int(j, "strip", s->value);
    ibx_json_close(j, '}');
    ibx_json_close(j, '}');
}

bool ibx_timeline_open(ibx_timeline *t, const char *path, ibx_error *err) {
    FILE *out = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    *t = (ibx_timeline){.json = {.out = out, .lines = true}, .path = path};
    if (!out) return ibx_fail(err, IBX_IO, "the timeline %s: %s", path, strerror(errno));
    ibx_json_open(&t->json, NULL, '[');
    put_name(&t->json, "process_name", 0, "imbrex");
    return true;
}

void ibx_timeline_add(ibx_timeline *t, const ibx_span *spans, size_t count) {
    for (size_t i = 0; i < count; i++) {
        for (; t->named <= spans[i].thread; t->named++) {
            char name[32] = "files";
            if (t->named) snprintf(name, sizeof name, "compute %d", t->named);
            put_name(&t->json, "thread_name", t->named, name);
        }
        if (spans[i].kind == IBX_SPAN_MEMORY)
            put_memory(&t->json, &spans[i]);
        else
            put_span(&t->json, &spans[i]);
    }
}

bool ibx_timeline_close(ibx_timeline *t, ibx_error *err) {
    FILE *out = t->json.out;
    ibx_json_close(&t->json, ']');
    const bool written = fflush(out) == 0 && !ferror(out);
    const int error = errno;
    const bool closed = out == stdout || fclose(out) == 0;
    if (written && closed) return true;
    return ibx_fail(err, IBX_IO, "the timeline %s: %s", t->path, strerror(written ? errno : error));
}
