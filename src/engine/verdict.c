/* verdict.c - existing outputs, and outputs that are inputs. */
#include "engine/verdict.h"
#include "engine/logs.h"
#include <stdlib.h>
#include <sys/stat.h>

static int compare(const void *a, const void *b) {
    return memcmp(a, b, sizeof(struct ibx_file_id));
}

static struct ibx_file_id id_of(const struct stat *st) {
    return (struct ibx_file_id){st->st_dev, st->st_ino};
}

static bool fill(ibx_inputs *inputs, const ibx_listing *listing) {
    inputs->filled = true;
    inputs->id = calloc(listing->count, sizeof *inputs->id);
    if (!inputs->id) return false;
    for (size_t i = 0; i < listing->count; i++) {
        struct stat st;
        if (stat(listing->entries[i].path, &st) == 0) inputs->id[inputs->count++] = id_of(&st);
    }
    qsort(inputs->id, inputs->count, sizeof *inputs->id, compare);
    return true;
}

static bool is_input(const ibx_inputs *inputs, const struct stat *st) {
    const struct ibx_file_id id = id_of(st);
    return inputs->count > 0 && bsearch(&id, inputs->id, inputs->count, sizeof id, compare) != NULL;
}

static bool is_newer(const struct stat *a, const struct stat *b) {
    if (a->st_mtim.tv_sec != b->st_mtim.tv_sec) return a->st_mtim.tv_sec > b->st_mtim.tv_sec;
    return a->st_mtim.tv_nsec > b->st_mtim.tv_nsec;
}

/* How many of the outputs exist, and how many are older than the input. */
typedef struct {
    int existing, older;
    const char *first;
} found;

/* False if one of them is an input or a log. */
static bool look(const ibx_batch *batch, const ibx_inputs *inputs, const char *input,
                 char *const *paths, int count, found *f, ibx_error *err) {
    struct stat in, out;
    bool known = false;
    for (int i = 0; i < count; i++) {
        if (stat(paths[i], &out) != 0) continue;
        if (ibx_logs_have(batch, &out))
            return ibx_fail(err, IBX_USAGE,
                            "the log of the batch goes to %s; name another file for it", paths[i]);
        if (!f->first) {
            f->first = paths[i];
            known = stat(input, &in) == 0;
        }
        f->existing++;
        f->older += !known || is_newer(&in, &out);
        if (!batch->in_place && is_input(inputs, &out))
            return ibx_fail(err, IBX_USAGE,
                            "the output %s is one of the inputs; choose another folder with -o, or "
                            "say --in-place",
                            paths[i]);
    }
    return true;
}

ibx_verdict ibx_judge(const ibx_batch *batch, const ibx_listing *listing, ibx_inputs *inputs,
                      const char *input, char *const *paths, int count, ibx_error *err) {
    found f = {0};
    if (!inputs->filled && !batch->in_place && batch->if_exists != IBX_EXISTS_FAIL &&
        !fill(inputs, listing)) {
        ibx_fail(err, IBX_MEMORY, "no memory for the list of inputs");
        return IBX_VERDICT_REFUSE;
    }
    if (!look(batch, inputs, input, paths, count, &f, err)) return IBX_VERDICT_REFUSE;
    if (f.existing == 0) return IBX_VERDICT_WRITE;
    const bool complete = f.existing == count;
    if (batch->if_exists == IBX_EXISTS_SKIP && complete) return IBX_VERDICT_SKIP;
    if (batch->if_exists == IBX_EXISTS_NEWER && complete && !f.older) return IBX_VERDICT_SKIP;
    if (batch->if_exists != IBX_EXISTS_FAIL || batch->in_place) return IBX_VERDICT_REPLACE;
    ibx_fail(err, IBX_IO,
             "the output %s exists; say --if-exists overwrite, skip or newer, or choose another "
             "folder with -o",
             f.first);
    return IBX_VERDICT_REFUSE;
}

void ibx_inputs_free(ibx_inputs *inputs) {
    free(inputs->id);
    *inputs = (ibx_inputs){0};
}
