/* logs.c - places of files, compared. */
#include "engine/logs.h"
#include "core/param.h"
#include "core/recipe.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A file or, where there is none, the folder that it would be in. */
typedef struct {
    bool known, exists;
    struct stat st;
    const char *name; /* in that folder */
} place;

static const char *name_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* `stream` is what "-" stands for. */
static place place_of(const char *path, int stream) {
    place p = {.name = name_of(path)};
    p.exists = (strcmp(path, "-") == 0 ? fstat(stream, &p.st) : stat(path, &p.st)) == 0;
    p.known = p.exists;
    if (p.known) return p;
    const int length = (int)(p.name - path);
    char *folder = NULL;
    if (asprintf(&folder, "%.*s", length, path) < 0) return p;
    p.known = stat(length ? folder : ".", &p.st) == 0;
    free(folder);
    return p;
}

static bool same_file(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool same(const place *a, const place *b) {
    if (!a->known || !b->known || a->exists != b->exists || !same_file(&a->st, &b->st))
        return false;
    return a->exists ? S_ISREG(a->st.st_mode) : strcmp(a->name, b->name) == 0;
}

/* Is a log the same file as something that is read? */
static bool is_read(const char *log, const char *path) {
    const place a = place_of(log, STDOUT_FILENO), b = place_of(path, STDIN_FILENO);
    return same(&a, &b);
}

/* Does the recipe name the file, as a table or a profile? */
static bool is_of_recipe(const char *log, const ibx_recipe *recipe) {
    for (int i = 0; i < recipe->count; i++) {
        const ibx_step *step = &recipe->steps[i];
        const ibx_param *row = ibx_step_rows(step);
        for (int k = 0; k < ibx_param_count(row); k++) {
            if (row[k].type != IBX_TYPE_FILE) continue;
            const char *path = *(const char *const *)((const char *)step->params + row[k].offset);
            if (path && *path && is_read(log, path)) return true;
        }
    }
    return false;
}

static bool check(const ibx_batch *batch, size_t i, ibx_error *err) {
    const char *log = batch->logs[i];
    bool read = batch->recipe && is_of_recipe(log, batch->recipe);
    for (const char *const *s = batch->sources; s && *s; s++) read |= is_read(log, *s);
    if (read)
        return ibx_fail(err, IBX_USAGE,
                        "%s is read for this batch and cannot be its log; name another file", log);
    const place here = place_of(log, STDOUT_FILENO);
    bool taken = false;
    for (size_t k = 0; k < i; k++) {
        const place other = place_of(batch->logs[k], STDOUT_FILENO);
        taken |= same(&here, &other);
    }
    if (taken)
        return ibx_fail(err, IBX_USAGE, "two logs would be written to %s; name a file for each",
                        log);
    const place out = place_of("-", STDOUT_FILENO);
    if (batch->output && strcmp(batch->output, "-") == 0 && same(&here, &out))
        return ibx_fail(err, IBX_USAGE,
                        "the image goes to %s and the log cannot; name another file", log);
    return true;
}

bool ibx_logs_check(const ibx_batch *batch, ibx_error *err) {
    for (size_t i = 0; batch->logs && batch->logs[i]; i++)
        if (!check(batch, i, err)) return false;
    return true;
}

bool ibx_logs_check_inputs(const ibx_batch *batch, const ibx_listing *listing, ibx_error *err) {
    for (const char *const *log = batch->logs; log && *log; log++) {
        const place here = place_of(*log, STDOUT_FILENO);
        if (!here.exists) continue;
        for (size_t i = 0; i < listing->count; i++) {
            const place input = place_of(listing->entries[i].path, STDIN_FILENO);
            if (same(&here, &input))
                return ibx_fail(err, IBX_USAGE,
                                "%s is one of the inputs and cannot be the log of the batch; name "
                                "another file",
                                *log);
        }
    }
    return true;
}

bool ibx_logs_claim(const ibx_batch *batch, const char *name) {
    bool claimed = false;
    for (const char *const *log = batch->logs; log && *log && !claimed; log++) {
        char *path = NULL;
        if (strcmp(name_of(*log), name_of(name)) != 0) continue;
        if (asprintf(&path, "%s/%s", batch->output, name) < 0) return false;
        const place a = place_of(*log, STDOUT_FILENO), b = place_of(path, STDOUT_FILENO);
        claimed = same(&a, &b);
        free(path);
    }
    return claimed;
}

bool ibx_logs_have(const ibx_batch *batch, const struct stat *file) {
    struct stat st;
    for (const char *const *log = batch->logs; log && *log; log++)
        if (stat(*log, &st) == 0 && same_file(&st, file)) return true;
    return false;
}
