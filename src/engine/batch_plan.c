/* batch_plan.c - what a batch would do, in words. Reads headers, decodes and writes nothing. */
#include "engine/job.h"
#include "engine/verdict.h"
#include <stdio.h>
#include <stdlib.h>

static void print_outputs(const ibx_batch *batch, const ibx_listing *listing, ibx_inputs *inputs,
                          const ibx_job *job, FILE *out) {
    static const char *const WORDS[] = {"", " (replaces a file)", " (exists: skipped)", ""};
    for (int i = 0; i < job->plan.saves; i++) {
        ibx_error err;
        char *path = ibx_job_path(job, i, &err);
        if (!path) {
            fprintf(out, "  error    %s\n", err.text);
            continue;
        }
        const ibx_verdict v = strcmp(path, "-") == 0 ? IBX_VERDICT_WRITE
                                                     : ibx_judge(batch, listing, inputs,
                                                                 job->entry->path, &path, 1, &err);
        if (v == IBX_VERDICT_REFUSE)
            fprintf(out, "  error    %s\n", err.text);
        else
            fprintf(out, "  output   %s%s\n", path, WORDS[v]);
        free(path);
    }
}

/* The plan of one input. Returns false if it would fail. */
static bool print_job(const ibx_batch *batch, const ibx_limits *limits, const ibx_listing *listing,
                      ibx_inputs *inputs, size_t index, FILE *out) {
    ibx_desk desk;
    ibx_desk_open(&desk, NULL);
    ibx_job *job = ibx_job_read(batch, limits, &desk, &listing->entries[index], index);
    bool ok = job && job->ok;
    if (ok) {
        ibx_job_open(job);
        ok = job->ok;
    }
    fprintf(out, "%s\n", listing->entries[index].path);
    if (ok) {
        ibx_plan_print(&job->plan, out);
        print_outputs(batch, listing, inputs, job, out);
    } else {
        fprintf(out, "  error    %s\n", job ? job->error.text : "no memory");
    }
    if (job) ibx_job_free(job);
    ibx_desk_close(&desk);
    return ok;
}

bool ibx_batch_plan(const ibx_batch *batch, FILE *out, ibx_error *err) {
    const ibx_limits limits = ibx_limits_fill(&batch->limits);
    ibx_listing listing = {0};
    ibx_inputs inputs = {0};
    const bool ok = ibx_batch_check(batch, &listing, err);
    size_t failures = 0;
    for (size_t i = 0; ok && i < listing.count; i++)
        failures += !print_job(batch, &limits, &listing, &inputs, i, out);
    if (ok)
        fprintf(out, "%zu images, %zu of them with errors; %d threads, %zu MB of memory\n",
                listing.count, failures, limits.threads, limits.memory / 1000000);
    ibx_inputs_free(&inputs);
    ibx_listing_free(&listing);
    return ok;
}
