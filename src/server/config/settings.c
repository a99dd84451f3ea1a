/* settings.c - the settings as a whole: read from all sources, read again, freed. */
#include "engine/machine.h"
#include "server/config/rows.h"
#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <unistd.h>

static bool set_defaults(ibx_settings *settings, ibx_error *err) {
    for (const ibx_setting *row = ibx_setting_rows; row->key; row++)
        if (!ibx_setting_set(row, settings, row->standard, false, ibx_setting_path(row).text, err))
            return false;
    return true;
}

/* The row KEY_file beside a secret. */
static const ibx_setting *file_row(const ibx_setting *secret) {
    char key[48];
    snprintf(key, sizeof key, "%s_file", secret->key);
    return ibx_setting_find(secret->section, key);
}

static const char *text_of(const ibx_setting *row, const ibx_settings *settings) {
    return *(char *const *)((const char *)settings + row->offset);
}

/* Reads a secret from the file that its neighbour names. */
static bool read_secret(const ibx_setting *row, ibx_settings *settings, ibx_error *err) {
    const ibx_setting *from = file_row(row);
    const char *file = text_of(from, settings);
    gchar *text = NULL;
    if (!*file) return true;
    const ibx_setting_name secret = ibx_setting_path(row), named = ibx_setting_path(from);
    if (ibx_setting_given(row, settings))
        return ibx_fail(err, IBX_USAGE, "both %s and %s are given; leave one of them out",
                        secret.text, named.text);
    if (!g_file_get_contents(file, &text, NULL, NULL))
        return ibx_fail(err, IBX_IO, "%s: %s cannot be read: %s", named.text, file,
                        strerror(errno));
    const bool good = *g_strstrip(text)
                          ? ibx_setting_set(row, settings, text, false, named.text, err)
                          : ibx_fail(err, IBX_USAGE, "%s: %s is empty", named.text, file);
    explicit_bzero(text, strlen(text));
    g_free(text);
    return good;
}

static bool read_secrets(ibx_settings *settings, ibx_error *err) {
    for (const ibx_setting *row = ibx_setting_rows; row->key; row++)
        if (row->traits & IBX_SETTING_SECRET && !read_secret(row, settings, err)) return false;
    return true;
}

static bool read_all(ibx_settings *settings, int argc, char **argv, ibx_error *err) {
    if (!set_defaults(settings, err) || !ibx_settings_command(settings, argc, argv, err))
        return false;
    if (settings->command.help) return true;
    const char *file = settings->command.file;
    return (!file || ibx_settings_from_file(settings, file, err)) &&
           ibx_settings_from_environment(settings, environ, err) &&
           ibx_settings_from_options(settings, argc, argv, err) && read_secrets(settings, err);
}

bool ibx_settings_read(ibx_settings *settings, const char *file, int argc, char **argv,
                       ibx_error *err) {
    *settings = (ibx_settings){.command.file = file, .processors = ibx_machine_threads()};
    if (read_all(settings, argc, argv, err)) {
        settings->exposed = ibx_settings_exposed_by(settings) != NULL;
        return true;
    }
    ibx_settings_free(settings);
    return false;
}

void ibx_settings_free(ibx_settings *settings) {
    for (const ibx_setting *row = ibx_setting_rows; row->key; row++)
        ibx_setting_clear(row, settings);
    *settings = (ibx_settings){0};
}

/* ---- SIGHUP -----------------------------------------------------------------------------------
 */

static void exchange(ibx_settings *a, ibx_settings *b) {
    for (const ibx_setting *row = ibx_setting_rows; row->key; row++)
        if (row->traits & IBX_SETTING_RELOADS) ibx_setting_swap(row, a, b);
}

bool ibx_settings_reload(ibx_settings *settings, ibx_settings *fresh, FILE *left) {
    ibx_error err;
    exchange(settings, fresh);
    if (!ibx_settings_check(settings, &err)) {
        exchange(settings, fresh);
        if (left) fprintf(left, "nothing has changed: %s\n", err.text);
        return false;
    }
    for (const ibx_setting *row = ibx_setting_rows; row->key; row++) {
        if (row->traits & IBX_SETTING_RELOADS || ibx_setting_equal(row, settings, fresh)) continue;
        if (left)
            fprintf(left, "%s stays as it is until the server is started again\n",
                    ibx_setting_path(row).text);
    }
    return true;
}
