/* job.c - what is done for one input file. */
#include "engine/job.h"
#include "core/recipe.h"
#include "engine/name.h"
#include <stdio.h>
#include <stdlib.h>

/* Puts what has been done since `begin` on the timeline. */
static void note(const ibx_job *job, ibx_span_kind kind, int number, int64_t begin) {
    ibx_trace_add(
        job->desk->trace,
        (ibx_span){.kind = kind, .number = number, .input = job->entry->path, .begin = begin});
}

static bool read_input(ibx_job *job) {
    const int64_t begin = ibx_trace_now(job->desk->trace);
    const bool ok = ibx_input_open(&job->input, job->desk, job->entry->path,
                                   ibx_whole_file(job->limits->memory), &job->error);
    note(job, IBX_SPAN_READ, 0, begin);
    return ok;
}

ibx_job *ibx_job_read(const ibx_batch *batch, const ibx_limits *limits, ibx_desk *desk,
                      const ibx_entry *entry, size_t index) {
    ibx_job *job = calloc(1, sizeof *job);
    if (!job) return NULL;
    job->batch = batch;
    job->limits = limits;
    job->desk = desk;
    job->entry = entry;
    job->index = index;
    job->input.source.fd = -1;
    if (entry->error)
        ibx_fail(&job->error, IBX_IO, "cannot be read: %s", strerror(entry->error));
    else
        job->ok = read_input(job);
    if (job->ok) job->charge = ibx_input_bytes(&job->input);
    return job;
}

static ibx_wishes wishes_of(const ibx_job *job) {
    return (ibx_wishes){.recipe = job->batch->recipe,
                        .quality = job->batch->quality,
                        .metadata = job->batch->metadata,
                        .accept_damage = job->batch->accept_damage,
                        .allow_loaders = job->batch->allow_loaders,
                        .limits = *job->limits,
                        .shelf = job->desk->shelf,
                        .lender = job->desk->lender};
}

/* Is there a pipe at both ends, without a file name to take a format from? */
static bool is_pipe(const ibx_job *job) {
    return strcmp(job->entry->path, "-") == 0;
}

/* The format that names and settings give to save i. NULL and *ok: that of the content. */
static const ibx_format *choose_format(ibx_job *job, int i, bool *ok) {
    const ibx_output o = ibx_output_of(job->batch, job->entry, job->index, i);
    *ok = true;
    if (is_pipe(job) && !job->batch->format && !(o.step && o.step->format)) return NULL;
    const ibx_format *format = ibx_output_format(&o, &job->error);
    *ok = format != NULL;
    return format;
}

static bool make_plan(ibx_job *job, const ibx_wishes *wishes) {
    const int saves = ibx_recipe_outputs(job->batch->recipe);
    const ibx_format **formats = calloc((size_t)saves, sizeof *formats);
    if (!formats) return ibx_fail(&job->error, IBX_MEMORY, "no memory for a job");
    bool ok = true;
    for (int i = 0; ok && i < saves; i++) formats[i] = choose_format(job, i, &ok);
    ok = ok && ibx_picture_plan(&job->picture, formats, wishes, &job->error);
    free(formats);
    return ok;
}

void ibx_job_open(ibx_job *job) {
    const int64_t begin = ibx_trace_now(job->desk->trace);
    const ibx_wishes wishes = wishes_of(job);
    job->ok = ibx_picture_open(&job->picture, &job->input.source, ibx_input_peek(&job->input),
                               &wishes, &job->error) &&
              make_plan(job, &wishes);
    note(job, IBX_SPAN_OPEN, 0, begin);
}

char *ibx_job_path(const ibx_job *job, int i, ibx_error *err) {
    const char *folder = job->batch->output;
    if (strcmp(folder, "-") == 0) return strdup("-");
    ibx_output o = ibx_output_of(job->batch, job->entry, job->index, i);
    if (job->picture.plan) {
        o.w = job->picture.plan->save[i].head.w;
        o.h = job->picture.plan->save[i].head.h;
    }
    char *name = ibx_output_name(&o, err), *path = NULL;
    if (!name) return NULL;
    const bool slash = folder[0] && folder[strlen(folder) - 1] == '/';
    if (asprintf(&path, "%s%s%s", folder, slash ? "" : "/", name) < 0) {
        path = NULL;
        ibx_fail(err, IBX_MEMORY, "no memory for a name");
    }
    free(name);
    return path;
}

/* Outputs whose names differ only by sizes may turn out to be the same. */
static bool is_new(const ibx_job *job, char *const *paths, int i, ibx_error *err) {
    for (int k = 0; job->picture.plan && k < i; k++)
        if (strcmp(paths[i], paths[k]) == 0 && strcmp(paths[i], "-") != 0)
            return ibx_fail(err, IBX_USAGE,
                            "two outputs would be named %s; use {save} or {w}x{h} in --name",
                            paths[i]);
    return true;
}

char **ibx_job_paths(const ibx_job *job, int count, ibx_error *err) {
    char **paths = calloc((size_t)count + 1, sizeof *paths);
    if (!paths) ibx_fail(err, IBX_MEMORY, "no memory for names");
    for (int i = 0; paths && i < count; i++) {
        paths[i] = ibx_job_path(job, i, err);
        if (paths[i] && is_new(job, paths, i, err)) continue;
        ibx_job_paths_free(paths, count);
        return NULL;
    }
    return paths;
}

char **ibx_job_early_paths(const ibx_job *job, int count) {
    if (strcmp(job->batch->output, "-") == 0) return NULL;
    ibx_error err;
    char **paths = ibx_job_paths(job, count, &err);
    bool sized = false;
    for (int i = 0; paths && i < count; i++)
        sized |= strstr(paths[i], "{w}") || strstr(paths[i], "{h}");
    if (!sized) return paths;
    ibx_job_paths_free(paths, count);
    return NULL;
}

void ibx_job_paths_free(char **paths, int count) {
    for (int i = 0; paths && i < count; i++) free(paths[i]);
    free(paths);
}

bool ibx_job_outputs(ibx_job *job) {
    const bool replace = job->verdict == IBX_VERDICT_REPLACE;
    job->out = calloc((size_t)job->named, sizeof *job->out);
    if (!job->out) return ibx_fail(&job->error, IBX_MEMORY, "no memory for a job");
    for (; job->outs < job->named; job->outs++) {
        ibx_outfile_open(&job->out[job->outs], job->desk, job->paths[job->outs], replace);
        job->paths[job->outs] = NULL;
    }
    return true;
}

/* The pixels, on the team's threads. */
static bool run(ibx_job *job, ibx_team *team) {
    ibx_sink **sinks = calloc((size_t)job->outs, sizeof *sinks);
    if (!sinks) return ibx_fail(&job->error, IBX_MEMORY, "no memory for a job");
    for (int i = 0; i < job->outs; i++) sinks[i] = &job->out[i].sink;
    const bool ok =
        ibx_picture_run(&job->picture, job->entry->path, team, sinks, &job->times, &job->error);
    free(sinks);
    return ok;
}

void ibx_job_run(ibx_job *job, ibx_team *team) {
    const int64_t begin = ibx_trace_now(job->desk->trace);
    job->ok = run(job, team);
    for (int i = 0; i < job->outs; i++) ibx_outfile_flush(&job->out[i]);
    ibx_picture_close(&job->picture); /* its memory does not wait for the disk */
    note(job, IBX_SPAN_IMAGE, 0, begin);
}

/* Writes what encoders have made, by one of the functions for that. Returns whether there was
 * anything. */
static bool write_outputs(ibx_job *job, bool write(ibx_outfile *out)) {
    bool any = false;
    for (int i = 0; i < job->outs; i++) {
        const int64_t begin = ibx_trace_now(job->desk->trace);
        if (!write(&job->out[i])) continue;
        note(job, IBX_SPAN_WRITE, i + 1, begin);
        any = true;
    }
    return any;
}

bool ibx_job_stream(ibx_job *job) {
    const int64_t begin = ibx_trace_now(job->desk->trace);
    const bool any = ibx_input_refill(&job->input);
    if (any) note(job, IBX_SPAN_READ, 0, begin);
    return write_outputs(job, ibx_outfile_write) || any;
}

void ibx_job_commit(ibx_job *job) {
    const ibx_input *mtime = job->batch->keep_mtime ? &job->input : NULL;
    if (job->ok) write_outputs(job, ibx_outfile_write_rest);
    for (int i = 0; job->ok && i < job->outs; i++) {
        const int64_t begin = ibx_trace_now(job->desk->trace);
        job->ok = ibx_outfile_commit(&job->out[i], mtime, &job->error);
        note(job, IBX_SPAN_COMMIT, i + 1, begin);
    }
    job->times.read = job->input.read_ms;
    for (int i = 0; i < job->outs; i++) job->times.write += job->out[i].write_ms;
}

double ibx_job_waited(const ibx_job *job) {
    double ms = job->input.wait_ms;
    for (int i = 0; i < job->outs; i++) ms += job->out[i].wait_ms;
    return ms;
}

void ibx_job_free(ibx_job *job) {
    for (int i = 0; i < job->outs; i++) ibx_outfile_close(&job->out[i]);
    ibx_job_paths_free(job->paths, job->named);
    ibx_picture_free(&job->picture);
    ibx_input_close(&job->input);
    free(job->out);
    free(job);
}
