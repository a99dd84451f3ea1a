/* passes.c - from steps to passes: prepares filters and follows the header through them. */
#include "core/param.h"
#include "engine/plan.h"
#include <stdlib.h>

/* Words for errors: "step 2 (resize)". */
static void name_step(const ibx_ready *r, char *text, size_t size) {
    if (r->number > 0)
        snprintf(text, size, "step %d (%s)", r->number, r->filter->name);
    else
        snprintf(text, size, "%s", r->filter->name);
}

/* Says in the error which step of the recipe it is about. */
static bool locate(const ibx_ready *r, ibx_error *err) {
    if (!err || err->code == IBX_MEMORY) return false;
    const char *name = r->filter ? r->filter->name : "save";
    err->step = r->number;
    snprintf(err->name, sizeof err->name, "%s", r->number > 0 || r->filter ? name : "");
    return false;
}

/* Puts the step in front of a sentence that a filter wrote. */
static bool blame(const ibx_ready *r, ibx_error *err) {
    char step[64];
    if (!err) return false;
    const ibx_error inner = *err;
    const size_t n = strlen(r->filter->name);
    const bool named =
        !strncmp(inner.text, r->filter->name, n) && !strncmp(inner.text + n, ": ", 2);
    name_step(r, step, sizeof step);
    return ibx_fail(err, inner.code ? inner.code : IBX_BUG, "%s: %.300s", step,
                    inner.text + (named ? n + 2 : 0));
}

static bool check_size(const ibx_ready *r, const ibx_head *h, int64_t most, ibx_error *err) {
    char step[64];
    name_step(r, step, sizeof step);
    if (h->w < 1 || h->h < 1)
        return ibx_fail(err, IBX_BUG, "%s makes an image of %d x %d", step, h->w, h->h);
    if ((int64_t)h->w * h->h > most)
        return ibx_fail(err, IBX_LIMIT,
                        "%s would make an image of %d x %d pixels, more than the limit of %lld; "
                        "raise it with --max-pixels",
                        step, h->w, h->h, (long long)most);
    return true;
}

/* What comes out of a step is an image of its own size. */
static void forget_shrink(ibx_head *head) {
    head->shrink = 1;
    head->full_x = head->full_y = 0;
    head->full_w = head->w;
    head->full_h = head->h;
}

/* Appends one pass and moves *head behind it. */
static bool add_pass(ibx_plan *plan, int at, const ibx_filter *filter, int ready, ibx_head *head,
                     int64_t most, ibx_error *err) {
    ibx_pass *pass = &plan->pass[at];
    ibx_ready *r = &plan->ready[ready];
    *pass = (ibx_pass){.filter = filter, .ready = ready};
    pass->call = (ibx_call){.params = r->params, .state = r->state, .in = *head, .out = *head};
    if (filter->head) filter->head(&pass->call, &pass->call.out);
    ibx_head *out = &pass->call.out;
    const bool knows_full = r->filter && r->filter->traits & (IBX_CUT | IBX_UPRIGHT);
    if (!knows_full && (out->w != head->w || out->h != head->h)) forget_shrink(out);
    if (!check_size(r, out, most, err)) return false;
    pass->wants = filter->wants ? filter->wants(&pass->call) : 0;
    if (!head->alpha && !out->alpha) pass->wants &= ~(unsigned)IBX_PREMULTIPLIED;
    *head = *out;
    return true;
}

/* Prepares step `ready` for an image `head` and stores what it wants to run. */
static int prepare(ibx_plan *plan, int ready, const ibx_head *head,
                   const ibx_filter *pass[IBX_MAX_PASSES], ibx_error *err) {
    ibx_ready *r = &plan->ready[ready];
    const ibx_filter *f = r->filter;
    r->state = calloc(1, f->state_size ? f->state_size : 1);
    if (!r->state) return ibx_fail(err, IBX_MEMORY, "no memory for a plan"), -1;
    const ibx_call call = {.params = r->params, .state = r->state, .in = *head, .out = *head};
    if (f->prepare && !f->prepare(&call, r->state, err)) return blame(r, err), -1;
    if (f->passes) return f->passes(&call, pass);
    pass[0] = f;
    return 1;
}

/* A filter that sees CMYK pixels although it cannot. */
static bool check_model(const ibx_ready *r, const ibx_head *head, ibx_error *err) {
    if (head->model != IBX_CMYK || r->filter->traits & (IBX_MANAGE | IBX_UPRIGHT | IBX_CUT))
        return true;
    char step[64];
    name_step(r, step, sizeof step);
    return ibx_fail(err, IBX_USAGE, "%s cannot work on CMYK: convert the colours first", step);
}

/* Step `ready` on an image *head, as passes plan->pass[*at ...]. */
static bool add_step(ibx_plan *plan, int ready, int *at, ibx_head *head, int64_t most,
                     ibx_error *err) {
    const ibx_filter *pass[IBX_MAX_PASSES];
    if (!check_model(&plan->ready[ready], head, err)) return false;
    const int n = prepare(plan, ready, head, pass, err);
    for (int i = 0; i < n; i++)
        if (!add_pass(plan, (*at)++, pass[i], ready, head, most, err)) return false;
    if (plan->ready[ready].filter->traits & IBX_REDUCE) forget_shrink(head);
    return n >= 0;
}

/* Copies the block of a save and sets its quality, if it has one that is still at its default. */
static bool set_quality(ibx_save *save, int quality, ibx_error *err) {
    const ibx_param *row = ibx_param_find(save->format->params, "quality");
    if (!row || quality == 0 || !ibx_param_is_default(row, save->params)) return true;
    void *params = ibx_params_new(save->format->params, save->format->params_size);
    if (!params) return ibx_fail(err, IBX_MEMORY, "no memory for a plan");
    char text[256];
    save->own_params = params;
    for (const ibx_param *r = save->format->params; r->name; r++) {
        ibx_param_print(r, save->params, text, sizeof text);
        if (!ibx_param_set(r, params, text, save->format->name, err)) return false;
    }
    save->params = params;
    snprintf(text, sizeof text, "%d", quality);
    return ibx_param_set(row, params, text, save->format->name, err);
}

/* Which format a save writes: its own, the batch's, or the input's. */
static bool choose_format(ibx_save *save, const ibx_step *step, const ibx_format *format,
                          const ibx_info *info, const ibx_plan_options *options, ibx_error *err) {
    save->format = step ? step->format : NULL;
    if (save->format) {
        save->params = step->params;
    } else {
        save->format = format ? format : ibx_format_find(info->format);
        if (!save->format)
            return ibx_fail(err, IBX_USAGE,
                            "imbrex does not write %s files; name a format, as in --format png",
                            info->format);
        save->own_params = ibx_params_new(save->format->params, save->format->params_size);
        save->params = save->own_params;
        if (!save->params) return ibx_fail(err, IBX_MEMORY, "no memory for a plan");
    }
    save->name = step ? ((const ibx_save_any *)step->params)->name : "";
    return set_quality(save, options->quality, err);
}

/* U16 where source and format have 16 bits and the parameters do not say otherwise. */
static ibx_sample output_sample(const ibx_save *save) {
    const ibx_param *row = ibx_param_find(save->format->params, "depth");
    int depth = IBX_DEPTH_AUTO;
    if (row) memcpy(&depth, (const char *)save->params + row->offset, sizeof depth);
    if (!(save->format->traits & IBX_KEEPS_16) || depth == IBX_DEPTH_8) return IBX_U8;
    return depth == IBX_DEPTH_16 || save->head.depth > 8 ? IBX_U16 : IBX_U8;
}

/* The filter that removes alpha, prepared for one save as pass *at. */
static bool add_flatten(ibx_plan *plan, ibx_save *save, int *at, int64_t most, ibx_error *err) {
    const ibx_filter *flatten = ibx_filter_with(IBX_FLATTEN);
    if (!flatten) return ibx_fail(err, IBX_BUG, "no filter removes alpha");
    void *params = ibx_params_new(flatten->params, flatten->params_size);
    if (!params) return ibx_fail(err, IBX_MEMORY, "no memory for a plan");
    plan->ready[plan->readies] =
        (ibx_ready){.filter = flatten, .params = params, .own_params = params};
    save->tail = *at;
    ibx_plan_note(plan, "%s put in for %s, which has no transparency", flatten->name,
                  save->format->name);
    return add_step(plan, plan->readies++, at, &save->head, most, err);
}

static bool add_save(ibx_plan *plan, const ibx_ready *r, const ibx_head *head, int at,
                     const ibx_info *info, const ibx_plan_options *options, ibx_error *err) {
    ibx_save *save = &plan->save[plan->saves++];
    *save = (ibx_save){.head = *head,
                       .at = at,
                       .sample = options->sample,
                       .name = "",
                       .tail = -1,
                       .in_memory = options->in_memory,
                       .codec = options->to};
    if (options->to) return true;
    const ibx_format *format = options->formats ? options->formats[plan->saves - 1] : NULL;
    if (!choose_format(save, r->save, format, info, options, err)) return false;
    save->codec = ibx_codec_for_writing(save->format, err);
    if (!save->codec) return false;
    save->sample = output_sample(save);
    if (head->model == IBX_CMYK)
        return ibx_fail(err, IBX_USAGE, "%s cannot hold CMYK: convert the colours first",
                        save->format->name);
    if (save->head.profile.size > 0 && !(save->format->traits & IBX_KEEPS_PROFILE))
        return ibx_fail(err, IBX_USAGE,
                        "%s cannot hold a colour profile: convert the colours to sRGB first",
                        save->format->name);
    return true;
}

bool ibx_plan_passes(ibx_plan *plan, const ibx_info *info, const ibx_plan_options *options,
                     ibx_error *err) {
    const size_t most = ((size_t)plan->readies + 1) * (IBX_MAX_PASSES + 1);
    const int steps = plan->readies;
    plan->pass = calloc(most, sizeof *plan->pass);
    plan->save = calloc((size_t)steps + 1, sizeof *plan->save);
    ibx_ready *more = realloc(plan->ready, 2 * ((size_t)steps + 1) * sizeof *more);
    if (more) plan->ready = more;
    if (!plan->pass || !plan->save || !more)
        return ibx_fail(err, IBX_MEMORY, "no memory for a plan");
    ibx_head head = plan->input;
    for (int i = 0; i < steps; i++) {
        if (plan->ready[i].filter) {
            if (!add_step(plan, i, &plan->passes, &head, options->max_pixels, err))
                return locate(&plan->ready[i], err);
        } else if (!add_save(plan, &plan->ready[i], &head, plan->passes, info, options, err)) {
            return locate(&plan->ready[i], err);
        }
    }
    int tail = plan->passes;
    for (int s = 0; s < plan->saves; s++) {
        ibx_save *save = &plan->save[s];
        const bool opaque = !save->format || save->format->traits & IBX_KEEPS_ALPHA;
        if (save->head.alpha && !opaque &&
            !add_flatten(plan, save, &tail, options->max_pixels, err))
            return false;
    }
    return true;
}
