/* recipe_files.c - recipes and files. */
#include "gimp/window/recipe_files.h"
#include "gimp/model/share.h"
#include "gimp/window/parts.h"
#include <libgimp/gimp.h>
#include <stdlib.h>

static char *list_path(void) {
    return g_build_filename(gimp_directory(), "imbrex", "recent", NULL);
}

/* A list that cannot be kept is no reason to refuse a recipe. */
static void remember(const char *name) {
    char *path = list_path();
    ibx_gimp_recent_add(path, name, NULL);
    g_free(path);
}

static void add_filters(GtkFileChooser *chooser) {
    static const char *const NAMES[] = {"Recipes (*.ibx, *.recipe)", "All files"};
    for (int i = 0; i < 2; i++) {
        GtkFileFilter *filter = gtk_file_filter_new();
        gtk_file_filter_set_name(filter, NAMES[i]);
        gtk_file_filter_add_pattern(filter, i ? "*" : "*.ibx");
        gtk_file_filter_add_pattern(filter, i ? "*" : "*.recipe");
        gtk_file_chooser_add_filter(chooser, filter);
    }
}

/* Where the last recipe was, or at home; GTK would begin with files of other programs. */
static void begin_in(GtkFileChooser *chooser) {
    char *path = list_path();
    ibx_gimp_recent recent;
    ibx_gimp_recent_read(&recent, path);
    char *folder = recent.name[0] ? g_path_get_dirname(recent.name[0]) : g_strdup(g_get_home_dir());
    gtk_file_chooser_set_current_folder(chooser, folder);
    g_free(folder);
    ibx_gimp_recent_free(&recent);
    g_free(path);
}

static GtkWidget *chooser_new(const ibx_window_text *box, const char *title,
                              GtkFileChooserAction action, const char *stock) {
    GtkWidget *parent = gtk_widget_get_toplevel(ibx_window_text_widget(box));
    GtkWidget *chooser =
        gtk_file_chooser_dialog_new(title, GTK_WINDOW(parent), action, GTK_STOCK_CANCEL,
                                    GTK_RESPONSE_CANCEL, stock, GTK_RESPONSE_ACCEPT, NULL);
    gtk_dialog_set_default_response(GTK_DIALOG(chooser), GTK_RESPONSE_ACCEPT);
    add_filters(GTK_FILE_CHOOSER(chooser));
    begin_in(GTK_FILE_CHOOSER(chooser));
    return chooser;
}

/* ---- opened -----------------------------------------------------------------------------------
 */

/* Recipes that are wrong are opened too: the box says what is wrong. */
static void open_file(ibx_window_text *box, const char *name) {
    enum { MOST = 1 << 20 };
    char *text = NULL;
    gsize size = 0;
    GError *problem = NULL;
    if (!g_file_get_contents(name, &text, &size, &problem))
        ibx_window_complain(ibx_window_text_widget(box), problem->message);
    else if (size > MOST || strlen(text) != size || !g_utf8_validate(text, -1, NULL))
        ibx_window_complain(ibx_window_text_widget(box), "This file is no recipe.");
    else {
        ibx_window_text_set(box, g_strchomp(text));
        remember(name);
    }
    g_clear_error(&problem);
    g_free(text);
}

static void ask_file(GtkWidget *item, gpointer data) {
    ibx_window_text *box = data;
    (void)item;
    GtkWidget *chooser =
        chooser_new(box, "Open a recipe", GTK_FILE_CHOOSER_ACTION_OPEN, GTK_STOCK_OPEN);
    char *name = gtk_dialog_run(GTK_DIALOG(chooser)) == GTK_RESPONSE_ACCEPT
                     ? gtk_file_chooser_get_filename(GTK_FILE_CHOOSER(chooser))
                     : NULL;
    gtk_widget_destroy(chooser);
    if (name) open_file(box, name);
    g_free(name);
}

static void open_recent(GtkWidget *item, gpointer data) {
    open_file(data, g_object_get_data(G_OBJECT(item), "name"));
}

static void add_recent(GtkMenuShell *menu, ibx_window_text *box) {
    char *path = list_path();
    ibx_gimp_recent recent;
    ibx_gimp_recent_read(&recent, path);
    if (recent.name[0]) gtk_menu_shell_append(menu, gtk_separator_menu_item_new());
    for (char **name = recent.name; *name; name++) {
        char *shown = g_filename_display_basename(*name), *whole = g_filename_display_name(*name);
        GtkWidget *item = gtk_menu_item_new_with_label(shown);
        gtk_widget_set_tooltip_text(item, whole);
        g_object_set_data_full(G_OBJECT(item), "name", g_strdup(*name), g_free);
        g_signal_connect(item, "activate", G_CALLBACK(open_recent), box);
        gtk_menu_shell_append(menu, item);
        g_free(shown);
        g_free(whole);
    }
    ibx_gimp_recent_free(&recent);
    g_free(path);
}

static void on_open(GtkWidget *button, gpointer data) {
    GtkWidget *menu = gtk_menu_new();
    GtkWidget *item = gtk_menu_item_new_with_mnemonic("From a _file...");
    g_signal_connect(item, "activate", G_CALLBACK(ask_file), data);
    gtk_menu_shell_append(GTK_MENU_SHELL(menu), item);
    add_recent(GTK_MENU_SHELL(menu), data);
    ibx_window_pop_menu(menu, button);
}

GtkWidget *ibx_window_open_button(ibx_window_text *box) {
    return ibx_window_button(NULL, GTK_STOCK_OPEN, "Ope_n", "Open a recipe from a file.",
                             G_CALLBACK(on_open), box);
}

/* ---- saved ------------------------------------------------------------------------------------
 */

/* The name of the file, with an ending if none was typed, for g_free; NULL: none. What GTK asks
 * about is the name without it, so we ask, and the chooser stays until there is a name. */
static char *ask_name(GtkWidget *chooser) {
    while (gtk_dialog_run(GTK_DIALOG(chooser)) == GTK_RESPONSE_ACCEPT) {
        char *chosen = gtk_file_chooser_get_filename(GTK_FILE_CHOOSER(chooser));
        if (!chosen) continue;
        const char *base = strrchr(chosen, G_DIR_SEPARATOR);
        char *name = g_strconcat(chosen, strchr(base ? base : chosen, '.') ? "" : ".ibx", NULL);
        g_free(chosen);
        if (ibx_window_may_replace(chooser, name)) return name;
        g_free(name);
    }
    return NULL;
}

static void save_file(ibx_window_text *box, const char *name) {
    char *text = ibx_window_text_get(box);
    char *lines = g_strconcat(text, g_str_has_suffix(text, "\n") ? "" : "\n", NULL);
    GError *problem = NULL;
    if (g_file_set_contents(name, lines, -1, &problem))
        remember(name);
    else
        ibx_window_complain(ibx_window_text_widget(box), problem->message);
    g_clear_error(&problem);
    g_free(lines);
    g_free(text);
}

static void on_save(GtkWidget *button, gpointer data) {
    ibx_window_text *box = data;
    (void)button;
    GtkWidget *chooser =
        chooser_new(box, "Save the recipe", GTK_FILE_CHOOSER_ACTION_SAVE, GTK_STOCK_SAVE);
    gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(chooser), "recipe.ibx");
    char *name = ask_name(chooser);
    gtk_widget_destroy(chooser);
    if (name) save_file(box, name);
    g_free(name);
}

GtkWidget *ibx_window_save_button(ibx_window_text *box) {
    return ibx_window_button(NULL, GTK_STOCK_SAVE, "Sa_ve", "Save the recipe in a file.",
                             G_CALLBACK(on_save), box);
}
