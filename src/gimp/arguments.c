/* arguments.c - values of arguments into blocks of parameters. */
#include "gimp/arguments.h"
#include "core/param.h"
#include "core/text.h"
#include "core/value.h"
#include <stdlib.h>

ibx_gimp_kind ibx_gimp_argument_kind(const ibx_param *row) {
    switch (row->type) {
    case IBX_TYPE_FLOAT:
        return IBX_GIMP_NUMBER;
    case IBX_TYPE_INT:
    case IBX_TYPE_BOOL:
        return IBX_GIMP_WHOLE;
    default:
        return IBX_GIMP_WORDS;
    }
}

const char *ibx_gimp_argument_range(const ibx_param *row, char *text, size_t size) {
    if (row->type == IBX_TYPE_BOOL) return "0 (no) or 1 (yes)";
    ibx_param_range(row, text, size);
    return text;
}

const char *ibx_gimp_argument_default(const ibx_param *row, const char *spelling) {
    if (row->type == IBX_TYPE_BOOL) return row->def != 0 ? "1" : "0";
    return spelling;
}

/* Numbers are spelled as in a recipe, whatever the locale, so that they go through the same check.
 * One that is not finite has no such spelling: the row refuses its name. */
static void spell_number(double number, ibx_text *t) {
    if (isfinite((float)number))
        ibx_float_print((float)number, t);
    else
        ibx_text_put(t, isnan(number) ? "nan" : number > 0 ? "infinity" : "-infinity");
}

static bool set_words(const ibx_filter *filter, const ibx_param *row, const char *words,
                      void *params, ibx_error *err) {
    if (!words || !*words) return true; /* the block has the default */
    char *quoted = ibx_quoted(words);
    if (!quoted) return ibx_fail(err, IBX_MEMORY, "%s: no memory", filter->name);
    const bool ok = ibx_param_set(row, params, quoted, filter->name, err);
    free(quoted);
    return ok;
}

static bool set_whole(const ibx_filter *filter, const ibx_param *row, int32_t whole, void *params,
                      ibx_error *err) {
    char spelling[16];
    if (row->type == IBX_TYPE_BOOL) {
        if (whole != 0 && whole != 1)
            return ibx_fail(err, IBX_USAGE, "%s: %s is %d, but must be 0 (no) or 1 (yes)",
                            filter->name, row->name, (int)whole);
        return ibx_param_set(row, params, whole ? "yes" : "no", filter->name, err);
    }
    snprintf(spelling, sizeof spelling, "%d", (int)whole);
    return ibx_param_set(row, params, spelling, filter->name, err);
}

bool ibx_gimp_argument_set(const ibx_filter *filter, const ibx_param *row, ibx_gimp_value value,
                           void *params, ibx_error *err) {
    char spelling[64];
    ibx_text t = {spelling, sizeof spelling, 0};
    switch (ibx_gimp_argument_kind(row)) {
    case IBX_GIMP_NUMBER:
        spell_number(value.number, &t);
        ibx_text_end(&t);
        return ibx_param_set(row, params, spelling, filter->name, err);
    case IBX_GIMP_WHOLE:
        return set_whole(filter, row, value.whole, params, err);
    default:
        return set_words(filter, row, value.words, params, err);
    }
}
