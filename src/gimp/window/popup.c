/* popup.c - a window without frame, with a list. It never has the keys: the text keeps them. */
#include "gimp/window/popup.h"
#include <gdk/gdkkeysyms.h>

enum { TEXT, SAYS, COLUMNS };
enum { MOST_ROWS = 9, WIDTH = 460 };

struct ibx_window_popup {
    GtkTextView *view;
    GtkWidget *window, *scroll;
    GtkTreeView *list;
    GtkListStore *store;
    int count;
    void (*take)(void *user, const char *choice);
    void *user;
};

static void end(GtkWidget *view, gpointer data) {
    ibx_window_popup *p = data;
    (void)view;
    gtk_widget_destroy(p->window);
    g_object_unref(p->store);
    g_free(p);
}

void ibx_window_popup_hide(ibx_window_popup *p) {
    gtk_widget_hide(p->window);
}

static gboolean leave(GtkWidget *view, GdkEventFocus *event, gpointer data) {
    (void)view, (void)event;
    ibx_window_popup_hide(data);
    return FALSE;
}

static bool selected(const ibx_window_popup *p, GtkTreeIter *at) {
    GtkTreeSelection *selection = gtk_tree_view_get_selection(p->list);
    return gtk_tree_selection_get_selected(selection, NULL, at);
}

static bool take_selected(ibx_window_popup *p) {
    GtkTreeIter at;
    char *text = NULL;
    if (!selected(p, &at)) return false;
    gtk_tree_model_get(GTK_TREE_MODEL(p->store), &at, TEXT, &text, -1);
    ibx_window_popup_hide(p);
    p->take(p->user, text);
    g_free(text);
    return true;
}

static gboolean click(GtkWidget *list, GdkEventButton *event, gpointer data) {
    GtkTreePath *path = NULL;
    ibx_window_popup *p = data;
    (void)list;
    if (gtk_tree_view_get_path_at_pos(p->list, (int)event->x, (int)event->y, &path, NULL, NULL,
                                      NULL)) {
        gtk_tree_view_set_cursor(p->list, path, NULL, FALSE);
        gtk_tree_path_free(path);
        take_selected(p);
    }
    return TRUE;
}

static GtkTreeViewColumn *column(const char *property, int from, const char *colour) {
    GtkCellRenderer *cell = gtk_cell_renderer_text_new();
    g_object_set(cell, "ypad", 1, "ellipsize", from == SAYS ? PANGO_ELLIPSIZE_END : 0, NULL);
    if (colour) g_object_set(cell, "foreground", colour, NULL);
    return gtk_tree_view_column_new_with_attributes(NULL, cell, property, from, NULL);
}

static void make_list(ibx_window_popup *p) {
    p->store = gtk_list_store_new(COLUMNS, G_TYPE_STRING, G_TYPE_STRING);
    p->list = GTK_TREE_VIEW(gtk_tree_view_new_with_model(GTK_TREE_MODEL(p->store)));
    gtk_tree_view_set_headers_visible(p->list, FALSE);
    gtk_tree_view_append_column(p->list, column("text", TEXT, NULL));
    gtk_tree_view_append_column(p->list, column("text", SAYS, "#777777"));
    g_signal_connect(p->list, "button-release-event", G_CALLBACK(click), p);
}

ibx_window_popup *ibx_window_popup_new(GtkTextView *view,
                                       void (*take)(void *user, const char *choice), void *user) {
    ibx_window_popup *p = g_new0(ibx_window_popup, 1);
    GtkWidget *frame = gtk_frame_new(NULL);
    *p = (ibx_window_popup){.view = view, .take = take, .user = user};
    make_list(p);
    p->window = gtk_window_new(GTK_WINDOW_POPUP);
    p->scroll = gtk_scrolled_window_new(NULL, NULL);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(p->scroll), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_container_add(GTK_CONTAINER(p->scroll), GTK_WIDGET(p->list));
    gtk_container_add(GTK_CONTAINER(frame), p->scroll);
    gtk_container_add(GTK_CONTAINER(p->window), frame);
    gtk_widget_show_all(frame);
    g_signal_connect(view, "destroy", G_CALLBACK(end), p);
    g_signal_connect(view, "focus-out-event", G_CALLBACK(leave), p);
    return p;
}

/* ---- shown ------------------------------------------------------------------------------------
 */

static void place(const ibx_window_popup *p) {
    GtkTextIter cursor;
    GdkRectangle at;
    int x, y, left, top, row = 20;
    GtkTextBuffer *buffer = gtk_text_view_get_buffer(p->view);
    gtk_text_buffer_get_iter_at_mark(buffer, &cursor, gtk_text_buffer_get_insert(buffer));
    gtk_text_view_get_iter_location(p->view, &cursor, &at);
    gtk_text_view_buffer_to_window_coords(p->view, GTK_TEXT_WINDOW_WIDGET, at.x, at.y + at.height,
                                          &x, &y);
    gdk_window_get_origin(gtk_widget_get_window(GTK_WIDGET(p->view)), &left, &top);
    gtk_tree_view_column_cell_get_size(gtk_tree_view_get_column(p->list, 0), NULL, NULL, NULL, NULL,
                                       &row);
    const int rows = p->count < MOST_ROWS ? p->count : MOST_ROWS;
    gtk_widget_set_size_request(p->window, WIDTH, rows * (row + 2) + 4);
    gtk_window_resize(GTK_WINDOW(p->window), WIDTH, rows * (row + 2) + 4);
    const int most = gdk_screen_get_width(gtk_widget_get_screen(p->window)) - WIDTH;
    gtk_window_move(GTK_WINDOW(p->window), MIN(left + x, MAX(most, 0)), top + y + 2);
}

void ibx_window_popup_show(ibx_window_popup *p, const ibx_gimp_choices *choices) {
    gtk_list_store_clear(p->store);
    p->count = choices->count;
    for (int i = 0; i < choices->count; i++)
        gtk_list_store_insert_with_values(p->store, NULL, -1, TEXT, choices->choice[i].text, SAYS,
                                          choices->choice[i].says, -1);
    if (p->count == 0 || !gtk_widget_get_realized(GTK_WIDGET(p->view))) {
        ibx_window_popup_hide(p);
        return;
    }
    GtkTreePath *first = gtk_tree_path_new_first();
    gtk_tree_view_set_cursor(p->list, first, NULL, FALSE);
    gtk_tree_path_free(first);
    place(p);
    gtk_widget_show(p->window);
}

static void step(ibx_window_popup *p, int by) {
    GtkTreeIter at;
    if (!selected(p, &at)) return;
    GtkTreePath *path = gtk_tree_model_get_path(GTK_TREE_MODEL(p->store), &at);
    const int now = gtk_tree_path_get_indices(path)[0];
    gtk_tree_path_free(path);
    path = gtk_tree_path_new_from_indices((now + by + p->count) % p->count, -1);
    gtk_tree_view_set_cursor(p->list, path, NULL, FALSE);
    gtk_tree_path_free(path);
}

bool ibx_window_popup_key(ibx_window_popup *p, const GdkEventKey *key) {
    if (!gtk_widget_get_visible(p->window)) return false;
    switch (key->keyval) {
    case GDK_KEY_Down:
        step(p, 1);
        return true;
    case GDK_KEY_Up:
        step(p, -1);
        return true;
    case GDK_KEY_Escape:
        ibx_window_popup_hide(p);
        return true;
    case GDK_KEY_Tab:
    case GDK_KEY_Return:
    case GDK_KEY_KP_Enter:
        return take_selected(p);
    case GDK_KEY_Left:
    case GDK_KEY_Right:
        ibx_window_popup_hide(p);
        return false;
    default:
        return false;
    }
}
