/* batch_plan.c - what a batch would do, in words. Reads headers, decodes and writes nothing. */
#include "engine/job.h"
#include "engine/verdict.h"
#include <stdio.h>
#include <unistd.h>

static bool print_error(const ibx_error *err, FILE *out) {
    fprintf(out, "  error    %s\n", err->text);
    return false;
}

/* Returns false if they would not be written. */
static bool print_outputs(const ibx_batch *batch, const ibx_listing *listing, ibx_inputs *inputs,
                          const ibx_job *job, FILE *out) {
    static const char *const WORDS[] = {"", " (replaces a file)", " (exists: skipped)"};
    const int count = job->picture.plan->saves;
    ibx_error err;
    char **paths = ibx_job_paths(job, count, &err);
    if (!paths) return print_error(&err, out);
    const ibx_verdict verdict =
        ibx_judge(batch, listing, inputs, job->entry->path, paths, count, &err);
    for (int i = 0; i < count && verdict != IBX_VERDICT_REFUSE; i++) {
        const bool exists = access(paths[i], F_OK) == 0;
        fprintf(out, "  output   %s%s\n", paths[i], exists ? WORDS[verdict] : "");
    }
    ibx_job_paths_free(paths, count);
    return verdict != IBX_VERDICT_REFUSE || print_error(&err, out);
}

/* The plan of one input. Returns false if it would fail. */
static bool print_job(const ibx_batch *batch, const ibx_limits *limits, const ibx_listing *listing,
                      ibx_inputs *inputs, size_t index, FILE *out) {
    static const ibx_error NO_MEMORY = {.code = IBX_MEMORY, .text = "no memory"};
    ibx_desk desk;
    ibx_desk_open(&desk, NULL);
    ibx_job *job = ibx_job_read(batch, limits, &desk, &listing->entries[index], index);
    if (job && job->ok) ibx_job_open(job);
    bool ok = job && job->ok;
    fprintf(out, "%s\n", listing->entries[index].path);
    if (ok) {
        ibx_plan_print(job->picture.plan, out);
        ok = print_outputs(batch, listing, inputs, job, out);
    } else {
        print_error(job ? &job->error : &NO_MEMORY, out);
    }
    if (job) ibx_job_free(job);
    ibx_desk_close(&desk);
    return ok;
}

bool ibx_batch_plan(const ibx_batch *batch, FILE *out, size_t *failures, ibx_error *err) {
    ibx_limits limits = ibx_limits_fill(&batch->limits);
    const size_t memory = limits.memory;
    ibx_listing listing = {0};
    ibx_inputs inputs = {0};
    const bool ok = ibx_batch_check(batch, &listing, out, err);
    size_t failed = 0;
    limits.memory = ibx_limits_plan_memory(memory);
    for (size_t i = 0; ok && i < listing.count; i++)
        failed += !print_job(batch, &limits, &listing, &inputs, i, out);
    if (ok)
        fprintf(out, "%zu image%s, %zu of them with errors; %d thread%s, %zu MB of memory\n",
                listing.count, listing.count == 1 ? "" : "s", failed, limits.threads,
                limits.threads == 1 ? "" : "s", memory / 1000000);
    if (failures) *failures = failed;
    ibx_inputs_free(&inputs);
    ibx_listing_free(&listing);
    return ok;
}
