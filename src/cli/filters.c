/* filters.c - imbrex filters: the tables, or one filter or format in full. */
#include "cli/command.h"
#include "cli/say.h"
#include "core/param.h"
#include "describe/describe.h"

/* The step that writes files; it belongs to the grammar, not to a table. */
static const char SAVE[] = "save";

/* Filters and formats in one list, for "did you mean". */
static const char *any_word(const void *list, int i) {
    size_t filters, formats;
    const ibx_filter *const *filter = ibx_filters(&filters);
    const ibx_format *const *format = ibx_formats(&formats);
    (void)list;
    return (size_t)i < filters ? filter[i]->name : format[(size_t)i - filters]->name;
}

static bool describe(const char *name, ibx_error *err) {
    const size_t prefix = sizeof SAVE - 1;
    const bool save = strncmp(name, SAVE, prefix) == 0 && strchr(":", name[prefix]);
    if (save && !name[prefix]) {
        ibx_describe_save(stdout);
        return true;
    }
    const char *word = save ? name + prefix + 1 : name;
    const ibx_filter *filter = save ? NULL : ibx_filter_find(word);
    const ibx_format *format = filter ? NULL : ibx_format_find(word);
    if (filter) ibx_describe_filter(stdout, filter);
    if (format) ibx_describe_format(stdout, format);
    if (filter || format) return true;
    size_t filters, formats;
    ibx_filters(&filters);
    ibx_formats(&formats);
    const char *near = ibx_nearest(word, any_word, NULL, (int)(filters + formats));
    if (near) return ibx_fail(err, IBX_USAGE, "no filter \"%s\"; did you mean %s?", name, near);
    return ibx_fail(err, IBX_USAGE, "no filter \"%s\"; \"imbrex filters\" lists all", name);
}

int ibx_do_filters(const ibx_options *o, const ibx_program *program) {
    ibx_error err = {0};
    if (o->json)
        ibx_describe_json(stdout);
    else if (o->markdown)
        ibx_describe_markdown(stdout);
    else if (!o->arguments.count)
        ibx_describe_filters(stdout);
    for (size_t i = 0; i < o->arguments.count && !o->json && !o->markdown; i++) {
        if (i > 0) putchar('\n');
        if (!describe(o->arguments.word[i], &err))
            return ibx_complain(ibx_command_of(program, IBX_FILTERS), &err);
    }
    return ibx_end_output();
}
