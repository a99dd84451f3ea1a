#include "cli/progress.h"
#include "cli/options.h"
#include "describe/run.h"
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Seconds between two updates. */
static const double LINE_EVERY = 0.2, PLAIN_EVERY = 5;

void ibx_progress_begin(ibx_progress *p, int choice, bool silent) {
    const char *terminal = getenv("TERM");
    *p = (ibx_progress){.silent = silent || choice == IBX_PROGRESS_NONE};
    p->line = choice != IBX_PROGRESS_PLAIN && isatty(STDERR_FILENO) && terminal &&
              strcmp(terminal, "dumb") != 0;
}

static int terminal_columns(void) {
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void ibx_progress_show(ibx_progress *p, const ibx_totals *totals) {
    if (p->silent || !totals->listed) return;
    if (totals->seconds - p->printed < (p->line ? LINE_EVERY : PLAIN_EVERY)) return;
    p->printed = totals->seconds;
    const ibx_state state = ibx_state_in_words(totals);
    if (p->line)
        fprintf(stderr, "\r\033[K%.*s", terminal_columns() - 1, state.text);
    else
        fprintf(stderr, "imbrex: %s\n", state.text);
    fflush(stderr);
    p->shown = p->line;
}

void ibx_progress_clear(ibx_progress *p) {
    if (p->shown) fputs("\r\033[K", stderr);
    p->shown = false;
}

void ibx_print_summary(FILE *out, const ibx_totals *t) {
    const double megapixels = (double)t->pixels / 1e6;
    fprintf(out, "%lld done, %lld failed, %lld skipped in %.2f s\n", (long long)t->done,
            (long long)t->failed, (long long)t->skipped, t->seconds);
    if (!t->pixels) return;
    fprintf(out, "%.1f megapixels, %.1f per second; %s in, ", megapixels,
            t->seconds > 0 ? megapixels / t->seconds : 0, ibx_bytes_in_words(t->bytes_in).text);
    fprintf(out, "%s out\n", ibx_bytes_in_words(t->bytes_out).text);
    fprintf(out,
            "processor time: decode %.2f s, filter %.2f s, encode %.2f s; "
            "files: read %.2f s, write %.2f s\n",
            t->times.decode / 1e3, t->times.filter / 1e3, t->times.encode / 1e3,
            t->times.read / 1e3, t->times.write / 1e3);
}
