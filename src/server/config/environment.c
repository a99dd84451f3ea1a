/* environment.c - settings from variables IMBREX_SECTION_KEY. */
#include "server/config/rows.h"
#include <glib.h>

/* Variables of the library, of tests, of the modules and of workers. */
static bool is_of_others(const char *name, const ibx_setting_name *near) {
    if (strcmp(name, "IMBREX_CPU") == 0 || strcmp(name, "IMBREX_DATA") == 0) return true;
    if (g_str_has_prefix(name, "IMBREX_MODULE")) return true;
    return g_str_has_prefix(name, "IMBREX_WORKER_") && !*near->text;
}

static bool read_variable(ibx_settings *settings, const char *name, const char *value,
                          ibx_error *err) {
    ibx_setting_name near;
    const ibx_setting *row = ibx_setting_named(name, ibx_setting_variable, &near);
    if (row) return ibx_setting_set(row, settings, value, false, name, err);
    if (is_of_others(name, &near)) return true;
    return ibx_fail(err, IBX_USAGE, "the environment has %s, which is no setting%s%s%s", name,
                    *near.text ? "; did you mean " : "", near.text, *near.text ? "?" : "");
}

bool ibx_settings_from_environment(ibx_settings *settings, char *const *variables, ibx_error *err) {
    bool good = true;
    for (; good && variables && *variables; variables++) {
        const char *equals = strchr(*variables, '=');
        if (!equals || !g_str_has_prefix(*variables, "IMBREX_")) continue;
        char *name = g_strndup(*variables, (gsize)(equals - *variables));
        good = read_variable(settings, name, equals + 1, err);
        g_free(name);
    }
    return good;
}
