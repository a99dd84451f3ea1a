/* value.c - the value of one option, checked against its row. */
#include "cli/options.h"
#include "core/param.h"
#include <stdlib.h>

static const char *choice_word(const void *list, int i) {
    return ((const char *const *)list)[i];
}

static bool set_choice(const ibx_option *row, int *field, const char *typed, const char *value,
                       ibx_error *err) {
    char words[120] = "";
    size_t used = 0;
    int count = 0;
    for (; row->choices[count]; count++) {
        const char *gap = count == 0 ? "" : row->choices[count + 1] ? ", " : " or ";
        used +=
            (size_t)snprintf(words + used, sizeof words - used, "%s%s", gap, row->choices[count]);
        if (strcmp(value, row->choices[count]) != 0) continue;
        *field = count;
        return true;
    }
    const char *near = ibx_nearest(value, choice_word, row->choices, count);
    return ibx_fail(err, IBX_USAGE, "%s is \"%s\", but must be %s%s%s%s", typed, value, words,
                    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

/* What a letter behind a number multiplies it by, in powers of `unit`; 0: no such letter. */
static double multiplier(const char *letter, double unit) {
    static const char LETTERS[] = "KMGT";
    if (!*letter) return 1;
    const char upper = *letter >= 'a' && *letter <= 'z' ? (char)(*letter - 'a' + 'A') : *letter;
    const char *found = strchr(LETTERS, upper);
    const bool ends =
        !letter[1] ||
        (unit == 1024 && (strcmp(letter + 1, "B") == 0 || strcmp(letter + 1, "iB") == 0));
    if (!found || !ends) return 0;
    double m = unit;
    for (const char *p = LETTERS; p < found; p++) m *= unit;
    return m;
}

/* Reads "100", "1.5G"; false if it is no such number. */
static bool read_number(const char *text, double unit, double *number) {
    char *end;
    if (*text < '0' || *text > '9') return false;
    for (const char *p = text; *p; p++) /* strtod would also read 0x10, 1e3 and inf */
        if (*p == 'x' || *p == 'X' || *p == 'e' || *p == 'E' || *p == 'p' || *p == 'P')
            return false;
    *number = strtod(text, &end);
    const double m = unit ? multiplier(end, unit) : *end ? 0 : 1;
    *number *= m;
    return m > 0;
}

/* A bound as the user would type it, "16M". */
static void print_bound(char *text, size_t size, double bound, double unit) {
    static const char LETTERS[] = " KMGT";
    int power = 0;
    while (unit > 0 && power < 4 && bound >= unit &&
           bound == unit * (double)(int64_t)(bound / unit)) {
        bound /= unit;
        power++;
    }
    snprintf(text, size, "%.0f%.*s", bound, power ? 1 : 0, LETTERS + power);
}

static bool set_number(const ibx_option *row, double *number, const char *typed, const char *value,
                       ibx_error *err) {
    const double unit = row->type == IBX_OPTION_BYTES   ? 1024
                        : row->type == IBX_OPTION_COUNT ? 1000
                                                        : 0;
    char low[24], high[24];
    const bool good = read_number(value, unit, number) && *number >= row->min &&
                      *number <= row->max && (unit > 0 || *number == (double)(int64_t)*number);
    print_bound(low, sizeof low, row->min, unit);
    print_bound(high, sizeof high, row->max, unit);
    if (good) return true;
    return ibx_fail(err, IBX_USAGE, "%s is \"%s\", but must be a%s number from %s to %s", typed,
                    value, unit > 0 ? "" : " whole", low, high);
}

static bool set_text(const char **field, const char *typed, const char *value, ibx_error *err) {
    if (!*value) return ibx_fail(err, IBX_USAGE, "%s is empty", typed);
    *field = value;
    return true;
}

bool ibx_option_set(const ibx_option *row, ibx_options *options, const char *typed,
                    const char *value, ibx_error *err) {
    void *field = (char *)options + row->offset;
    double number = 0;
    switch (row->type) {
    case IBX_OPTION_FLAG:
        return *(bool *)field = true;
    case IBX_OPTION_LIST:
        return ibx_words_add(field, value) || ibx_fail(err, IBX_MEMORY, "no memory for %s", typed);
    case IBX_OPTION_CHOICE:
        return set_choice(row, field, typed, value, err);
    case IBX_OPTION_INT:
        if (!set_number(row, &number, typed, value, err)) return false;
        *(int *)field = (int)number;
        return true;
    case IBX_OPTION_BYTES:
    case IBX_OPTION_COUNT:
        if (!set_number(row, &number, typed, value, err)) return false;
        *(int64_t *)field = (int64_t)number;
        return true;
    default:
        return set_text(field, typed, value, err);
    }
}
