#include "cli/stats.h"
#include "describe/run.h"

/* Names of accounts in the table, in front of the format's or the step's name. */
static const char *const WORDS[] = {[IBX_COST_OPEN] = "headers and plans of",
                                    [IBX_COST_DECODE] = "decode",
                                    [IBX_COST_LOAD] = "load tiles, unpack samples",
                                    [IBX_COST_LIGHT] = "convert light and alpha",
                                    [IBX_COST_LOOK] = "look of",
                                    [IBX_COST_STEP] = "",
                                    [IBX_COST_STORE] = "store tiles",
                                    [IBX_COST_PACK] = "pack samples",
                                    [IBX_COST_ENCODE] = "encode"};

/* "step 2, resize: scale-rows", "decode jpeg"; a pass that has its step's name in its own is not
 * told twice. */
static void print_name(char *text, size_t size, const ibx_cost *c) {
    size_t used = 0;
    const char *words = WORDS[c->kind], *name = c->name ? c->name : "";
    const bool named = c->pass && strncmp(c->pass, name, strlen(name)) == 0;
    if (c->number) used += (size_t)snprintf(text, size, "step %d, ", c->number);
    used += (size_t)snprintf(text + used, size - used, "%s%s%s", words, *words && *name ? " " : "",
                             named ? c->pass : name);
    if (c->pass && !named) used += (size_t)snprintf(text + used, size - used, ": %s", c->pass);
    if (c->pass && !c->number) snprintf(text + used, size - used, " (automatic)");
}

static void print_line(FILE *out, const char *name, double seconds, double all, double speed) {
    fprintf(out, "  %-34s %9.3f s %5.1f %%", name, seconds, all > 0 ? 100 * seconds / all : 0);
    if (speed > 0) fprintf(out, " %9.*f MP/s", speed < 10 ? 1 : 0, speed);
    fputc('\n', out);
}

void ibx_print_stats(FILE *out, const ibx_stats *s, const ibx_totals *t) {
    double rest = s->cpu;
    fprintf(out, "processor time\n");
    for (size_t i = 0; i < s->costs; i++) {
        const ibx_cost *c = &s->cost[i];
        char name[96];
        print_name(name, sizeof name, c);
        print_line(out, name, c->seconds, s->cpu, c->seconds > 0 ? c->megapixels / c->seconds : 0);
        rest -= c->seconds;
    }
    print_line(out, "all else: files, memory, tasks", rest > 0 ? rest : 0, s->cpu, 0);
    print_line(out, "together", s->cpu, s->cpu, 0);
    const double available = s->threads * t->seconds;
    fprintf(out, "%d thread%s for %.2f s: %.0f %% busy; ", s->threads, s->threads == 1 ? "" : "s",
            t->seconds, available > 0 ? 100 * s->cpu / available : 0);
    fprintf(out, "for %.2f s of it %s waited for files\n", s->waiting,
            s->threads == 1 ? "it" : "they");
    fprintf(out, "memory: peak %s; ", ibx_bytes_in_words(s->peak).text);
    fprintf(out, "at most %s in use ", ibx_bytes_in_words(s->memory_used).text);
    fprintf(out, "of a budget of %s\n", ibx_bytes_in_words(s->memory).text);
}
