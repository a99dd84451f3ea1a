/* share.c - commands, addresses, hashes, and the list of recent files. */
#include "gimp/model/share.h"
#include <glib.h>
#include <stdlib.h>

/* ---- elsewhere ------------------------------------------------------------------------------- */

ibx_gimp_hash ibx_gimp_recipe_hash(const ibx_recipe *recipe) {
    ibx_gimp_hash hash = {""};
    char *text = ibx_recipe_print(recipe);
    char *sum = text ? g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1) : NULL;
    if (sum) snprintf(hash.text, sizeof hash.text, "%.12s", sum);
    g_free(sum);
    free(text);
    return hash;
}

/* A word for the shell: as it is, or in single quotes. A name that begins with "-" would be taken
 * for an option. */
static char *shell_word(const char *text, bool is_file) {
    const char *here = is_file && *text == '-' ? "./" : "";
    char *whole = g_strconcat(here, text, NULL);
    const bool plain =
        *whole && strspn(whole, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_@%+=:,./-") == strlen(whole);
    char *word = plain ? g_strdup(whole) : g_shell_quote(whole);
    g_free(whole);
    return word;
}

char *ibx_gimp_command(const ibx_recipe *recipe, const char *file) {
    char *text = ibx_recipe_print(recipe), *command = NULL;
    if (!text) return NULL;
    char *a = shell_word(text, false), *b = shell_word(file, true);
    if (asprintf(&command, "imbrex run %s %s -o out/", a, b) < 0) command = NULL;
    g_free(a);
    g_free(b);
    free(text);
    return command;
}

char *ibx_gimp_address(const ibx_recipe *recipe, const char *file) {
    static const char ORIGIN[] = "http://127.0.0.1:8080", KEPT[] = "!*'()";
    char *text = ibx_recipe_print(recipe), *address = NULL;
    if (!text) return NULL;
    char *a = g_uri_escape_string(text, "!*'()/:,=", FALSE);
    char *b = g_uri_escape_string(file, KEPT, FALSE);
    if (asprintf(&address, "%s/v1/-/%s/file/%s", ORIGIN, a, b) < 0) address = NULL;
    g_free(a);
    g_free(b);
    free(text);
    return address;
}

/* ---- files that were used lately ---------------------------------------------------------------
 */

void ibx_gimp_recent_read(ibx_gimp_recent *recent, const char *path) {
    *recent = (ibx_gimp_recent){{NULL}};
    char *text = NULL;
    int count = 0;
    if (!g_file_get_contents(path, &text, NULL, NULL)) return;
    char **lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line && count < IBX_GIMP_RECENT; line++)
        if (**line && g_file_test(*line, G_FILE_TEST_EXISTS))
            recent->name[count++] = g_strdup(*line);
    g_strfreev(lines);
    g_free(text);
}

void ibx_gimp_recent_free(ibx_gimp_recent *recent) {
    for (char **name = recent->name; *name; name++) g_free(*name);
    *recent = (ibx_gimp_recent){{NULL}};
}

bool ibx_gimp_recent_add(const char *path, const char *name, ibx_error *err) {
    ibx_gimp_recent old;
    ibx_gimp_recent_read(&old, path);
    GString *text = g_string_new(name);
    int count = 1;
    g_string_append_c(text, '\n');
    for (char **other = old.name; *other && count < IBX_GIMP_RECENT; other++)
        if (strcmp(*other, name) != 0) {
            g_string_append_printf(text, "%s\n", *other);
            count++;
        }
    ibx_gimp_recent_free(&old);
    char *folder = g_path_get_dirname(path);
    GError *problem = NULL;
    g_mkdir_with_parents(folder, 0700);
    const bool ok = g_file_set_contents(path, text->str, -1, &problem);
    if (!ok) ibx_fail(err, IBX_IO, "the list of recent recipes: %s", problem->message);
    g_clear_error(&problem);
    g_free(folder);
    g_string_free(text, TRUE);
    return ok;
}
