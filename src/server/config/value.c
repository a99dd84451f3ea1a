/* value.c - one setting: from text, to text, moved and freed. */
#include "core/param.h"
#include "core/text.h"
#include "engine/machine.h"
#include "server/config/rows.h"
#include <glib.h>
#include <stdlib.h>
#include <strings.h>

/* A letter behind a number, and what it multiplies it by; ascending. */
typedef struct {
    const char *name;
    double factor;
} unit;

static const unit NO_UNITS[] = {{"", 1}, {NULL, 0}};
static const unit BYTES[] = {{"", 1},       {"K", 0x1p10}, {"M", 0x1p20},
                             {"G", 0x1p30}, {"T", 0x1p40}, {NULL, 0}};
static const unit COUNTS[] = {{"", 1}, {"K", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12}, {NULL, 0}};
static const unit TIMES[] = {{"ms", 1},     {"s", 1e3},     {"min", 60e3},
                             {"h", 3600e3}, {"d", 86400e3}, {NULL, 0}};

static const unit *units_of(const ibx_setting *row) {
    switch (row->type) {
    case IBX_SETTING_BYTES:
    case IBX_SETTING_MEMORY:
        return BYTES;
    case IBX_SETTING_COUNT:
        return COUNTS;
    case IBX_SETTING_TIME:
        return TIMES;
    default:
        return NO_UNITS;
    }
}

static void *field_of(const ibx_setting *row, const ibx_settings *settings) {
    return (char *)(uintptr_t)settings + row->offset;
}

/* ---- numbers ----------------------------------------------------------------------------------
 */

/* Whole numbers end in front of the point where a double no longer holds them exactly. */
static bool is_whole(double number) {
    return number == (double)(int64_t)number;
}

/* Reads "100", "1.5G", "25%"; false if it is no number of that kind. */
static bool read_number(const ibx_setting *row, const char *text, double *number) {
    const size_t length = strspn(text, "0123456789.");
    char *end;
    *number = g_ascii_strtod(text, &end); /* whatever the locale */
    if (length == 0 || *text == '.' || end < text + length || *number > 1e18) return false;
    end = (char *)(uintptr_t)text + length; /* g_ascii_strtod would also read 1e3 and 0x10 */
    if (row->type == IBX_SETTING_MEMORY && strcmp(end, "%") == 0) {
        *number = (double)(int64_t)(2 * (double)ibx_machine_memory() * *number / 100);
        return true;
    }
    for (const unit *u = units_of(row); u->name; u++) {
        if (strcasecmp(end, u->name) != 0) continue;
        *number *= u->factor;
        return row->type == IBX_SETTING_RATE || is_whole(*number);
    }
    return row->type == IBX_SETTING_TIME && *number == 0 && !*end;
}

/* In the largest unit that makes a whole number of it. */
static void print_number(const ibx_setting *row, double number, FILE *out) {
    const unit *best = units_of(row);
    if (row->type == IBX_SETTING_RATE) {
        char text[G_ASCII_DTOSTR_BUF_SIZE];
        fputs(g_ascii_dtostr(text, sizeof text, number), out);
        return;
    }
    for (const unit *u = best; u->name; u++)
        if (number >= u->factor && is_whole(number / u->factor)) best = u;
    fprintf(out, "%lld%s", (long long)(number / best->factor), number == 0 ? "" : best->name);
}

static double load_number(const ibx_setting *row, const ibx_settings *settings) {
    const void *field = field_of(row, settings);
    if (row->type == IBX_SETTING_INT) return *(const int *)field;
    if (row->type == IBX_SETTING_RATE) return *(const double *)field;
    return (double)*(const int64_t *)field;
}

static void store_number(const ibx_setting *row, ibx_settings *settings, double number) {
    void *field = field_of(row, settings);
    if (row->type == IBX_SETTING_INT)
        *(int *)field = (int)number;
    else if (row->type == IBX_SETTING_RATE)
        *(double *)field = number;
    else
        *(int64_t *)field = (int64_t)number;
}

/* ---- from text --------------------------------------------------------------------------------
 */

static const char *choice_word(const void *list, int i) {
    return ((const char *const *)list)[i];
}

static int find_word(const char *const *words, const char *word) {
    int i = 0;
    while (words[i] && strcmp(words[i], word) != 0) i++;
    return words[i] ? i : -1;
}

static const char *const YES[] = {"no", "yes", NULL};

static bool refuse(const ibx_setting *row, const char *value, const char *where, ibx_error *err) {
    char *range = NULL;
    size_t length;
    FILE *out = open_memstream(&range, &length);
    if (!out) return ibx_fail(err, IBX_MEMORY, "%s: no memory", where);
    ibx_setting_print_range(row, out);
    if (row->type == IBX_SETTING_TIME) fputs(", with its unit: ms, s, min, h or d", out);
    fclose(out);
    const char *near = NULL;
    if (row->choices) {
        int count = 0;
        while (row->choices[count]) count++;
        near = ibx_nearest(value, choice_word, row->choices, count);
    }
    const ibx_shown shown = ibx_show(value, strlen(value));
    ibx_fail(err, IBX_USAGE, "%s is %s, but must be %s%s%s%s", where, *value ? shown.text : "empty",
             range ? range : "", near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    free(range);
    return false;
}

static bool set_text(char **field, const char *value, const char *where, ibx_error *err) {
    if (strpbrk(value, "\r\n")) return ibx_fail(err, IBX_USAGE, "%s must be one line", where);
    char *copy = strdup(value);
    if (!copy) return ibx_fail(err, IBX_MEMORY, "%s: no memory", where);
    free(*field);
    *field = copy;
    return true;
}

/* Adds the parts of a text between these separators; each stripped of its blanks. */
static void add_words(GPtrArray *words, const char *text, const char *separators) {
    while (*text) {
        const size_t length = strcspn(text, separators);
        char *word = g_strstrip(g_strndup(text, length));
        if (*word)
            g_ptr_array_add(words, word);
        else
            g_free(word);
        text += length;
        text += *text != 0;
    }
}

static void set_list(const ibx_setting *row, ibx_word_list *field, const char *value, bool more) {
    GPtrArray *words = g_ptr_array_new();
    for (char **old = *field; more && old && *old; old++) g_ptr_array_add(words, g_strdup(*old));
    add_words(words, value, row->type == IBX_SETTING_LINES ? "\n" : " \t\r\n,");
    g_ptr_array_add(words, NULL);
    g_strfreev(*field);
    *field = (ibx_word_list)g_ptr_array_free(words, FALSE);
}

bool ibx_setting_set(const ibx_setting *row, ibx_settings *settings, const char *value, bool more,
                     const char *where, ibx_error *err) {
    void *field = field_of(row, settings);
    double number;
    int word;
    switch (row->type) {
    case IBX_SETTING_TEXT:
        return set_text(field, value, where, err);
    case IBX_SETTING_WORDS:
    case IBX_SETTING_LINES:
        set_list(row, field, value, more);
        return true;
    case IBX_SETTING_BOOL:
        if ((word = find_word(YES, value)) < 0) return refuse(row, value, where, err);
        *(bool *)field = word;
        return true;
    case IBX_SETTING_CHOICE:
        if ((word = find_word(row->choices, value)) < 0) return refuse(row, value, where, err);
        *(int *)field = word;
        return true;
    default:
        if (!read_number(row, value, &number) || number < row->min || number > row->max)
            return refuse(row, value, where, err);
        store_number(row, settings, number);
        return true;
    }
}

bool ibx_setting_given(const ibx_setting *row, const ibx_settings *settings) {
    const void *field = field_of(row, settings);
    if (ibx_setting_is_list(row)) return **(const ibx_word_list *)field;
    return row->type != IBX_SETTING_TEXT || **(char *const *)field;
}

/* ---- moved and freed --------------------------------------------------------------------------
 */

void ibx_setting_clear(const ibx_setting *row, ibx_settings *settings) {
    void *field = field_of(row, settings);
    if (ibx_setting_is_list(row)) {
        g_strfreev(*(ibx_word_list *)field);
        *(ibx_word_list *)field = NULL;
    } else if (row->type == IBX_SETTING_TEXT) {
        free(*(char **)field);
        *(char **)field = NULL;
    }
}

static size_t field_size(const ibx_setting *row) {
    switch (row->type) {
    case IBX_SETTING_TEXT:
    case IBX_SETTING_WORDS:
    case IBX_SETTING_LINES:
        return sizeof(void *);
    case IBX_SETTING_BOOL:
        return sizeof(bool);
    case IBX_SETTING_CHOICE:
    case IBX_SETTING_INT:
        return sizeof(int);
    case IBX_SETTING_RATE:
        return sizeof(double);
    default:
        return sizeof(int64_t);
    }
}

void ibx_setting_swap(const ibx_setting *row, ibx_settings *a, ibx_settings *b) {
    char kept[sizeof(int64_t)];
    const size_t size = field_size(row);
    memcpy(kept, field_of(row, a), size);
    memcpy(field_of(row, a), field_of(row, b), size);
    memcpy(field_of(row, b), kept, size);
}

/* ---- to text ----------------------------------------------------------------------------------
 */

/* In quotes where blanks at an end would be lost, or where it has quotes itself. */
static void print_text(const char *text, FILE *out) {
    const size_t length = strlen(text);
    const bool quoted = length > 0 && (strchr(" \t\"", text[0]) || strchr(" \t", text[length - 1]));
    fprintf(out, quoted ? "\"%s\"" : "%s", text);
}

void ibx_setting_print(const ibx_setting *row, const ibx_settings *settings, const char *separator,
                       FILE *out) {
    const void *field = field_of(row, settings);
    switch (row->type) {
    case IBX_SETTING_TEXT:
        print_text(*(char *const *)field, out);
        return;
    case IBX_SETTING_WORDS:
    case IBX_SETTING_LINES:
        for (char *const *word = *(const ibx_word_list *)field; *word; word++)
            fprintf(out, "%s%s", *word, word[1] ? separator : "");
        return;
    case IBX_SETTING_BOOL:
        fputs(YES[*(const bool *)field], out);
        return;
    case IBX_SETTING_CHOICE:
        fputs(row->choices[*(const int *)field], out);
        return;
    default:
        print_number(row, load_number(row, settings), out);
    }
}

bool ibx_setting_equal(const ibx_setting *row, const ibx_settings *a, const ibx_settings *b) {
    const void *x = field_of(row, a), *y = field_of(row, b);
    if (row->type == IBX_SETTING_TEXT) return strcmp(*(char *const *)x, *(char *const *)y) == 0;
    if (!ibx_setting_is_list(row)) return memcmp(x, y, field_size(row)) == 0;
    return g_strv_equal(*(const gchar *const *const *)x, *(const gchar *const *const *)y);
}

static void print_words(const char *const *words, FILE *out) {
    for (int i = 0; words[i]; i++)
        fprintf(out, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
}

void ibx_setting_print_range(const ibx_setting *row, FILE *out) {
    if (row->type == IBX_SETTING_TEXT || ibx_setting_is_list(row)) return;
    if (row->type == IBX_SETTING_BOOL) {
        fputs("yes or no", out);
    } else if (row->choices) {
        print_words(row->choices, out);
    } else {
        print_number(row, row->min, out);
        fputs(" to ", out);
        print_number(row, row->max, out);
        if (row->type == IBX_SETTING_MEMORY) fputs(", or as in 25% of the machine's", out);
    }
}
