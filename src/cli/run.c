/* run.c - imbrex run: a batch with progress, report, timeline and summary. */
#include "describe/run.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "cli/setup.h"
#include "cli/signals.h"
#include "cli/stats.h"
#include "cli/timeline.h"
#include "describe/report.h"

typedef struct {
    ibx_progress progress;
    ibx_report report;
    ibx_timeline timeline;
    const ibx_options *options;
    bool opened, has_report, has_timeline, has_stats;
    ibx_stats stats;
    bool told; /* that the signal was heard */
} session;

static void tell_interrupt(session *s) {
    if (s->told || !ibx_signal()) return;
    s->told = true;
    ibx_progress_clear(&s->progress);
    ibx_say("interrupted: the images in flight are finished; once more drops them");
}

static void on_event(void *user, const ibx_event *e) {
    session *s = user;
    if (s->has_report) ibx_report_event(&s->report, e);
    if (e->error) {
        ibx_progress_clear(&s->progress);
        ibx_say("%s%s: %s", e->kind == IBX_EVENT_FAILED ? "" : "warning: ", e->input,
                ibx_without_name(e->error->text, e->input));
    }
    tell_interrupt(s);
    ibx_progress_show(&s->progress, e->totals);
}

static void on_spans(void *user, const ibx_span *spans, size_t count) {
    session *s = user;
    ibx_timeline_add(&s->timeline, spans, count);
}

static bool is_dash(const char *word) {
    return word && strcmp(word, "-") == 0;
}

static bool check_stdout(const ibx_options *o, const ibx_setup *setup, ibx_error *err) {
    if (is_dash(setup->batch.output) + is_dash(o->report) + is_dash(o->trace) <= 1) return true;
    return ibx_fail(err, IBX_USAGE,
                    "only one of image, report and timeline can go to standard output");
}

/* The files that a run writes besides images, which empties what was in them. */
static bool open_logs(void *user, ibx_error *err) {
    session *s = user;
    const ibx_options *o = s->options;
    s->opened = true;
    s->has_report = o->report && ibx_report_open(&s->report, o->report, err);
    if (o->report && !s->has_report) return false;
    s->has_timeline = o->trace && ibx_timeline_open(&s->timeline, o->trace, err);
    return !o->trace || s->has_timeline;
}

/* Where no image was found, that is what logs say, not what they said of the run before. A command
 * that was wrong leaves all files alone. */
static void open_in_vain(session *s, const ibx_error *why) {
    ibx_error err = {0};
    const bool harmless = why->code == IBX_FORMAT || why->code == IBX_IO;
    if (!s->opened && harmless && !open_logs(s, &err)) ibx_say("%s", err.text);
}

static int finish(session *s, const ibx_setup *setup, const ibx_command *command,
                  const ibx_totals *totals, bool good, ibx_error *err) {
    int status = totals->failed ? IBX_EXIT_FAILED : IBX_EXIT_DONE;
    ibx_progress_clear(&s->progress);
    if (!good && err->code != IBX_CANCELLED) status = ibx_complain(command, err);
    const ibx_stats *stats = s->has_stats ? &s->stats : NULL;
    if (s->has_report && !ibx_report_close(&s->report, setup->recipe, totals, stats, err))
        status = ibx_complain(command, err);
    if (s->has_timeline && !ibx_timeline_close(&s->timeline, err))
        status = ibx_complain(command, err);
    const int64_t left = totals->listed - totals->done - totals->failed - totals->skipped;
    if (ibx_signal()) ibx_say("interrupted: %lld images were not done", (long long)left);
    if (totals->listed && strcmp(setup->batch.output, "-") != 0) ibx_print_summary(stderr, totals);
    if (totals->listed && stats) ibx_print_stats(stderr, stats, totals);
    return ibx_signal() ? IBX_EXIT_SIGNAL + ibx_signal() : status;
}

static int run(const ibx_options *o, const ibx_command *command, ibx_setup *setup) {
    session s = {.options = o};
    ibx_error err = {0};
    ibx_totals totals = {0};
    if (!check_stdout(o, setup, &err)) return ibx_complain(command, &err);
    setup->batch.on_checked = open_logs;
    s.has_stats = o->stats;
    if (o->stats) setup->batch.stats = &s.stats;
    if (o->trace) setup->batch.on_spans = on_spans;
    const bool to_stdout = is_dash(setup->batch.output);
    ibx_progress_begin(&s.progress, o->progress, to_stdout && o->progress == IBX_UNSAID);
    const ibx_interrupts interrupts = ibx_signals_catch();
    setup->batch.stop = interrupts.stop;
    setup->batch.limits.cancel = interrupts.cancel;
    const bool good = ibx_batch_run(&setup->batch, on_event, &s, &totals, &err);
    if (!good) open_in_vain(&s, &err);
    const int status = finish(&s, setup, command, &totals, good, &err);
    ibx_stats_free(&s.stats);
    return status;
}

int ibx_do_run(const ibx_options *o, const ibx_program *program) {
    const ibx_command *command = ibx_command_of(program, IBX_RUN);
    if (o->dry_run) return ibx_do_plan(o, program);
    ibx_error err = {0};
    ibx_setup setup;
    const int status = ibx_setup_make(&setup, o, command, &err) ? run(o, command, &setup)
                                                                : ibx_complain(command, &err);
    ibx_setup_free(&setup);
    return status;
}
