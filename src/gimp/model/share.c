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

/* The parameter of a filter that may keep things as they are; NULL if none may. */
static const ibx_param *keeping_row(const ibx_filter *filter) {
    for (const ibx_param *row = filter->params; row->name; row++)
        for (int i = 0; row->type == IBX_TYPE_CHOICE && row->choices[i]; i++)
            if (strcmp(row->choices[i], "keep") == 0) return row;
    return NULL;
}

/* The step that manages colours by leaving them, and a separator. NULL without memory. */
static char *keeping_step(void) {
    size_t count;
    const ibx_filter *const *filters = ibx_filters(&count);
    for (size_t i = 0; i < count; i++) {
        const ibx_param *row = filters[i]->traits & IBX_MANAGE ? keeping_row(filters[i]) : NULL;
        if (row) return g_strdup_printf("%s:%s=keep/", filters[i]->name, row->name);
    }
    return NULL;
}

char *ibx_gimp_recipe_for_file(const ibx_recipe *recipe, bool own_space) {
    char *text = ibx_recipe_print(recipe);
    if (!own_space || !text || ibx_recipe_has(recipe, IBX_MANAGE)) return text;
    char *step = keeping_step(), *both = g_strconcat(step, text, NULL);
    ibx_recipe *whole = step ? ibx_recipe_parse(both, NULL) : NULL;
    free(text);
    text = whole ? ibx_recipe_print(whole) : NULL;
    ibx_recipe_free(whole);
    g_free(both);
    g_free(step);
    return text;
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

char *ibx_gimp_command(const char *recipe, const char *file) {
    char *command = NULL, *a = shell_word(recipe, false), *b = shell_word(file, true);
    if (asprintf(&command, "imbrex run %s %s -o out/", a, b) < 0) command = NULL;
    g_free(a);
    g_free(b);
    return command;
}

char *ibx_gimp_address(const char *recipe, const char *file) {
    static const char ORIGIN[] = "http://127.0.0.1:8080", KEPT[] = "!*'()";
    char *address = NULL, *a = g_uri_escape_string(recipe, "!*'()/:,=", FALSE);
    char *b = g_uri_escape_string(file, KEPT, FALSE);
    if (asprintf(&address, "%s/v1/-/%s/file/%s", ORIGIN, a, b) < 0) address = NULL;
    g_free(a);
    g_free(b);
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
