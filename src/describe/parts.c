#include "describe/parts.h"
#include "core/param.h"
#include <ctype.h>
#include <stdlib.h>

int ibx_categories(const char *category[IBX_MAX_CATEGORIES]) {
    size_t filters;
    const ibx_filter *const *filter = ibx_filters(&filters);
    int count = 0;
    for (size_t i = 0; i < filters; i++) {
        int at = 0;
        while (at < count && strcmp(category[at], filter[i]->category) < 0) at++;
        if (at < count && strcmp(category[at], filter[i]->category) == 0) continue;
        if (count == IBX_MAX_CATEGORIES) break;
        memmove(category + at + 1, category + at, (size_t)(count - at) * sizeof *category);
        category[at] = filter[i]->category;
        count++;
    }
    return count;
}

ibx_default ibx_default_of(const ibx_param *row, const ibx_param *rows, size_t params_size) {
    ibx_default d = {""};
    void *params = ibx_params_new(rows, params_size);
    if (params) ibx_param_print(row, params, d.text, sizeof d.text);
    ibx_params_free(rows, params);
    if (strcmp(d.text, "\"\"") == 0) d.text[0] = 0;
    return d;
}

void ibx_print_synopsis(FILE *out, const char *prefix, const char *name, const ibx_param *rows) {
    const int count = ibx_param_count(rows);
    fprintf(out, "%s%s", prefix, name);
    for (int i = 0; i < count && i < 3; i++) {
        fputc(i == 0 && !*prefix ? ':' : ',', out);
        for (const char *p = rows[i].name; *p; p++) fputc(toupper((unsigned char)*p), out);
    }
    if (count > 3) fputs(",...", out);
}

ibx_kept ibx_format_keeps(const ibx_format *format) {
    static const struct {
        unsigned trait;
        const char *words;
    } KEEPS[] = {{IBX_KEEPS_ALPHA, "alpha"},
                 {IBX_KEEPS_16, "16 bits"},
                 {IBX_KEEPS_PROFILE, "profile"},
                 {IBX_KEEPS_METADATA, "metadata"}};
    ibx_kept kept = {""};
    size_t used = 0;
    for (size_t i = 0; i < sizeof KEEPS / sizeof *KEEPS; i++)
        if (format->traits & KEEPS[i].trait)
            used += (size_t)snprintf(kept.text + used, sizeof kept.text - used, "%s%s",
                                     used ? ", " : "", KEEPS[i].words);
    return kept;
}
