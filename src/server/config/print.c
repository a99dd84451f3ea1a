/* print.c - the settings as a file, and as help. */
#include "describe/wrap.h"
#include "server/config/rows.h"
#include <stdlib.h>

static bool begins_section(const ibx_setting *row) {
    return row == ibx_setting_rows || strcmp(row[-1].section, row->section) != 0;
}

void ibx_settings_print(const ibx_settings *settings, FILE *out) {
    for (const ibx_setting *row = ibx_setting_rows; row->key; row++) {
        if (begins_section(row))
            fprintf(out, "%s[%s]\n", row == ibx_setting_rows ? "" : "\n", row->section);
        char between[64] = " ";
        if (row->type == IBX_SETTING_LINES) snprintf(between, sizeof between, "\n%s = ", row->key);
        if (row->traits & IBX_SETTING_SECRET) {
            fprintf(out, "# %s = (hidden)\n", row->key);
            continue;
        }
        fprintf(out, "%s =%s", row->key, ibx_setting_given(row, settings) ? " " : "");
        ibx_setting_print(row, settings, between, out);
        fputc('\n', out);
    }
}

/* ---- help -------------------------------------------------------------------------------------
 */

enum { LABEL = 38 }; /* columns of the left column */

static const char *const VALUES[] = {
    [IBX_SETTING_TEXT] = "TEXT",   [IBX_SETTING_WORDS] = "WORD",  [IBX_SETTING_LINES] = "LINE",
    [IBX_SETTING_BOOL] = "yes|no", [IBX_SETTING_CHOICE] = "WORD", [IBX_SETTING_INT] = "N",
    [IBX_SETTING_RATE] = "N",      [IBX_SETTING_BYTES] = "SIZE",  [IBX_SETTING_MEMORY] = "SIZE",
    [IBX_SETTING_COUNT] = "N",     [IBX_SETTING_TIME] = "TIME"};

/* A label and its sentence, wrapped; a label that is too long stands on a line of its own. */
static void print_row(FILE *out, const char *label, const char *sentence) {
    int at = fprintf(out, "  %s", label);
    if (at > LABEL - 2) {
        fputc('\n', out);
        at = 0;
    }
    ibx_wrap(out, sentence, LABEL, at);
}

/* "Open connections. 1 to 1000000; default 1024." */
static void describe(const ibx_setting *row, FILE *out) {
    fputs(row->help, out);
    const bool text = row->type == IBX_SETTING_TEXT || ibx_setting_is_list(row);
    if (!text) fputc(' ', out);
    ibx_setting_print_range(row, out);
    if (*row->standard) fprintf(out, "%sefault %s.", text ? " D" : "; d", row->standard);
    if (ibx_setting_is_list(row)) fputs(" May be repeated.", out);
}

static void print_setting(const ibx_setting *row, FILE *out) {
    char label[120];
    char *sentence = NULL;
    size_t length;
    FILE *text = open_memstream(&sentence, &length);
    if (!text) return;
    describe(row, text);
    fclose(text);
    snprintf(label, sizeof label, "--%s %s", ibx_setting_option(row).text,
             row->value ? row->value : VALUES[row->type]);
    if (sentence) print_row(out, label, sentence);
    free(sentence);
}

void ibx_settings_help(FILE *out) {
    ibx_wrap(out,
             "imbrex serve [OPTION...]: serves images through recipes, over HTTP.\n"
             "\n"
             "Every setting is an option --section-key, a variable IMBREX_SECTION_KEY and, in the "
             "file that --config names, a line \"key = value\" below [section]; options win over "
             "variables, and these over the file. The section [server] is left out of both names. "
             "SIGHUP reads file and variables again, for keys, presets, limits and what may be "
             "fetched. Sizes are powers of 1024, as in 512M; times have a unit, as in 300ms.",
             0, 0);
    fputs("\ncommand\n", out);
    print_row(out, "--config FILE", "Read settings from FILE first.");
    print_row(out, "--check-config", "Say whether the settings are good, and end.");
    print_row(out, "--print-config", "Print all settings as a file, and end.");
    print_row(out, "-h, --help", "Print this page.");
    for (const ibx_setting *row = ibx_setting_rows; row->key; row++) {
        if (begins_section(row)) fprintf(out, "\n%s\n", row->section);
        print_setting(row, out);
    }
}
