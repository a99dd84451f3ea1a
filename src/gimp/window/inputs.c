/* inputs.c - the list of files and folders. */
#include "gimp/window/inputs.h"
#include "gimp/home.h"
#include "gimp/window/parts.h"
#include <stdlib.h>
#include <string.h>

enum { PATH, SHOWN, ICON, COLUMNS };

struct ibx_window_inputs {
    GtkWidget *box, *remove;
    GtkTreeView *list;
    GtkListStore *store;
    void (*changed)(void *user);
    void *user;
};

GtkWidget *ibx_window_inputs_widget(const ibx_window_inputs *i) {
    return i->box;
}

char *ibx_window_inputs_get(const ibx_window_inputs *i) {
    GString *lines = g_string_new(NULL);
    GtkTreeIter at;
    GtkTreeModel *model = GTK_TREE_MODEL(i->store);
    for (gboolean more = gtk_tree_model_get_iter_first(model, &at); more;
         more = gtk_tree_model_iter_next(model, &at)) {
        char *path = NULL;
        gtk_tree_model_get(model, &at, PATH, &path, -1);
        g_string_append_printf(lines, "%s%s", lines->len ? "\n" : "", path);
        g_free(path);
    }
    return g_string_free(lines, FALSE);
}

/* A name that is in the list already is not added again, nor one that no line can hold. */
static void add(ibx_window_inputs *i, const char *path) {
    char *lines = ibx_window_inputs_get(i), **line = g_strsplit(lines, "\n", -1);
    const bool known = g_strv_contains((const char *const *)line, path);
    if (!known && !strchr(path, '\n')) {
        char *at_home = ibx_gimp_at_home(path);
        const bool folder = at_home && g_file_test(at_home, G_FILE_TEST_IS_DIR);
        char *shown = g_filename_display_name(path);
        gtk_list_store_insert_with_values(i->store, NULL, -1, PATH, path, SHOWN, shown, ICON,
                                          folder ? GTK_STOCK_DIRECTORY : GTK_STOCK_FILE, -1);
        g_free(shown);
        free(at_home);
    }
    g_strfreev(line);
    g_free(lines);
}

void ibx_window_inputs_set(ibx_window_inputs *i, const char *lines) {
    char **line = g_strsplit(lines, "\n", -1);
    gtk_list_store_clear(i->store);
    for (char **l = line; *l; l++)
        if (**l) add(i, *l);
    g_strfreev(line);
}

/* ---- from the user ----------------------------------------------------------------------------
 */

static void choose(ibx_window_inputs *i, const char *title, GtkFileChooserAction action) {
    GtkWidget *chooser = gtk_file_chooser_dialog_new(
        title, GTK_WINDOW(gtk_widget_get_toplevel(i->box)), action, GTK_STOCK_CANCEL,
        GTK_RESPONSE_CANCEL, GTK_STOCK_ADD, GTK_RESPONSE_ACCEPT, NULL);
    gtk_file_chooser_set_select_multiple(GTK_FILE_CHOOSER(chooser), TRUE);
    gtk_dialog_set_default_response(GTK_DIALOG(chooser), GTK_RESPONSE_ACCEPT);
    gtk_file_chooser_set_current_folder(GTK_FILE_CHOOSER(chooser), g_get_home_dir());
    if (gtk_dialog_run(GTK_DIALOG(chooser)) == GTK_RESPONSE_ACCEPT) {
        GSList *names = gtk_file_chooser_get_filenames(GTK_FILE_CHOOSER(chooser));
        for (GSList *n = names; n; n = n->next) add(i, n->data);
        g_slist_free_full(names, g_free);
        i->changed(i->user);
    }
    gtk_widget_destroy(chooser);
}

static void add_files(GtkWidget *button, gpointer data) {
    (void)button;
    choose(data, "Add images", GTK_FILE_CHOOSER_ACTION_OPEN);
}

static void add_folders(GtkWidget *button, gpointer data) {
    (void)button;
    choose(data, "Add folders of images", GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER);
}

static void remove_selected(GtkWidget *button, gpointer data) {
    ibx_window_inputs *i = data;
    GtkTreeModel *model = GTK_TREE_MODEL(i->store);
    GList *rows = gtk_tree_selection_get_selected_rows(gtk_tree_view_get_selection(i->list), NULL);
    (void)button;
    for (GList *r = g_list_last(rows); r; r = r->prev) { /* from below, so that paths stay right */
        GtkTreeIter at;
        if (gtk_tree_model_get_iter(model, &at, r->data)) gtk_list_store_remove(i->store, &at);
    }
    g_list_free_full(rows, (GDestroyNotify)gtk_tree_path_free);
    i->changed(i->user);
}

static void on_selection(GtkTreeSelection *selection, gpointer data) {
    ibx_window_inputs *i = data;
    gtk_widget_set_sensitive(i->remove, gtk_tree_selection_count_selected_rows(selection) > 0);
}

static void on_drop(GtkWidget *list, GdkDragContext *context, int x, int y,
                    GtkSelectionData *selection, guint info, guint when, gpointer data) {
    ibx_window_inputs *i = data;
    char **uris = gtk_selection_data_get_uris(selection);
    (void)list, (void)context, (void)x, (void)y, (void)info, (void)when;
    for (char **uri = uris; uri && *uri; uri++) {
        char *path = g_filename_from_uri(*uri, NULL, NULL);
        if (path) add(i, path);
        g_free(path);
    }
    g_strfreev(uris);
    i->changed(i->user);
}

/* ---- made -------------------------------------------------------------------------------------
 */

static void make_list(ibx_window_inputs *i) {
    i->store = gtk_list_store_new(COLUMNS, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);
    i->list = GTK_TREE_VIEW(gtk_tree_view_new_with_model(GTK_TREE_MODEL(i->store)));
    g_object_unref(i->store); /* the view has it now */
    GtkTreeViewColumn *column = gtk_tree_view_column_new();
    GtkCellRenderer *icon = gtk_cell_renderer_pixbuf_new(), *text = gtk_cell_renderer_text_new();
    g_object_set(text, "ellipsize", PANGO_ELLIPSIZE_START, NULL);
    gtk_tree_view_column_pack_start(column, icon, FALSE);
    gtk_tree_view_column_pack_start(column, text, TRUE);
    gtk_tree_view_column_add_attribute(column, icon, "stock-id", ICON);
    gtk_tree_view_column_add_attribute(column, text, "text", SHOWN);
    gtk_tree_view_append_column(i->list, column);
    gtk_tree_view_set_headers_visible(i->list, FALSE);
    gtk_tree_selection_set_mode(gtk_tree_view_get_selection(i->list), GTK_SELECTION_MULTIPLE);
    gtk_widget_set_tooltip_text(
        GTK_WIDGET(i->list), "Folders are searched with all their sub-folders. Files and folders "
                             "can be dragged here.");
    gtk_drag_dest_set(GTK_WIDGET(i->list), GTK_DEST_DEFAULT_ALL, NULL, 0, GDK_ACTION_COPY);
    gtk_drag_dest_add_uri_targets(GTK_WIDGET(i->list));
    g_signal_connect(i->list, "drag-data-received", G_CALLBACK(on_drop), i);
}

static GtkWidget *make_buttons(ibx_window_inputs *i) {
    GtkWidget *buttons = gtk_hbox_new(FALSE, 6);
    ibx_window_button(GTK_BOX(buttons), GTK_STOCK_DIRECTORY, "Add _folder...",
                      "Add a folder with all its sub-folders.", G_CALLBACK(add_folders), i);
    ibx_window_button(GTK_BOX(buttons), GTK_STOCK_FILE, "Add f_iles...", "Add single files.",
                      G_CALLBACK(add_files), i);
    i->remove = ibx_window_button(GTK_BOX(buttons), GTK_STOCK_REMOVE, "R_emove",
                                  "Take what is marked out of the list; files stay on the disk.",
                                  G_CALLBACK(remove_selected), i);
    gtk_widget_set_sensitive(i->remove, FALSE);
    return buttons;
}

static void on_end(GtkWidget *box, gpointer data) {
    ibx_window_inputs *i = data;
    (void)box;
    g_signal_handlers_disconnect_matched(gtk_tree_view_get_selection(i->list), G_SIGNAL_MATCH_DATA,
                                         0, 0, NULL, NULL, i);
    g_free(i);
}

ibx_window_inputs *ibx_window_inputs_new(void (*changed)(void *user), void *user) {
    ibx_window_inputs *i = g_new0(ibx_window_inputs, 1);
    i->changed = changed;
    i->user = user;
    i->box = gtk_vbox_new(FALSE, 6);
    make_list(i);
    gtk_box_pack_start(GTK_BOX(i->box), ibx_window_scrolled(GTK_WIDGET(i->list), 360, 110), TRUE,
                       TRUE, 0);
    gtk_box_pack_start(GTK_BOX(i->box), make_buttons(i), FALSE, FALSE, 0);
    g_signal_connect(gtk_tree_view_get_selection(i->list), "changed", G_CALLBACK(on_selection), i);
    g_signal_connect(i->box, "destroy", G_CALLBACK(on_end), i);
    return i;
}
