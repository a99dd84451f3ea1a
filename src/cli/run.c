/* run.c - imbrex run: a batch with progress, report and summary. */
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/say.h"
#include "cli/setup.h"
#include "cli/signals.h"

typedef struct {
    ibx_progress progress;
    ibx_report report;
    bool has_report;
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

static int finish(session *s, const ibx_setup *setup, const ibx_command *command,
                  const ibx_totals *totals, bool good, ibx_error *err) {
    int status = totals->failed ? IBX_EXIT_FAILED : IBX_EXIT_DONE;
    ibx_progress_clear(&s->progress);
    if (!good && err->code != IBX_CANCELLED) status = ibx_complain(command, err);
    if (s->has_report && !ibx_report_close(&s->report, setup->recipe, totals, err))
        status = ibx_complain(command, err);
    const int64_t left = totals->listed - totals->done - totals->failed - totals->skipped;
    if (ibx_signal()) ibx_say("interrupted: %lld images were not done", (long long)left);
    if (totals->listed && strcmp(setup->batch.output, "-") != 0) ibx_print_summary(stderr, totals);
    return ibx_signal() ? IBX_EXIT_SIGNAL + ibx_signal() : status;
}

static int run(const ibx_options *o, const ibx_command *command, ibx_setup *setup) {
    session s = {0};
    ibx_error err = {0};
    ibx_totals totals = {0};
    const bool to_stdout = strcmp(setup->batch.output, "-") == 0;
    if (o->report && to_stdout && strcmp(o->report, "-") == 0) {
        ibx_fail(&err, IBX_USAGE, "image and report cannot both go to standard output");
        return ibx_complain(command, &err);
    }
    if (o->report && !ibx_report_open(&s.report, o->report, &err))
        return ibx_complain(command, &err);
    s.has_report = o->report;
    ibx_progress_begin(&s.progress, o->progress, to_stdout && o->progress == IBX_UNSAID);
    const ibx_interrupts interrupts = ibx_signals_catch();
    setup->batch.stop = interrupts.stop;
    setup->batch.limits.cancel = interrupts.cancel;
    const bool good = ibx_batch_run(&setup->batch, on_event, &s, &totals, &err);
    return finish(&s, setup, command, &totals, good, &err);
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
