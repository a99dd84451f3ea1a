/* steps_list.c - the list of steps. */
#include "gimp/window/steps_list.h"
#include "core/label.h"
#include "describe/parts.h"
#include "gimp/window/parts.h"
#include "gimp/words.h"
#include <stdlib.h>

enum { NUMBER, LABEL, WORDS, ICON, TIME, COLUMNS };

struct ibx_window_steps {
    GtkWidget *box, *buttons, *remove, *up, *down;
    GtkTreeView *list;
    GtkListStore *store;
    ibx_window_text *text;
    bool filling; /* rows change because the text has changed */
    int last;     /* the step that was chosen last */
    void (*selected)(void *user);
    void *user;
};

GtkWidget *ibx_window_steps_widget(const ibx_window_steps *s) {
    return s->box;
}

GtkBox *ibx_window_steps_buttons(const ibx_window_steps *s) {
    return GTK_BOX(s->buttons);
}

static int count(const ibx_window_steps *s) {
    return gtk_tree_model_iter_n_children(GTK_TREE_MODEL(s->store), NULL);
}

/* ---- chosen -----------------------------------------------------------------------------------
 */

int ibx_window_steps_chosen(const ibx_window_steps *s) {
    GtkTreeIter at;
    int number = -1;
    if (gtk_tree_selection_get_selected(gtk_tree_view_get_selection(s->list), NULL, &at))
        gtk_tree_model_get(GTK_TREE_MODEL(s->store), &at, NUMBER, &number, -1);
    return number;
}

static void set_buttons(const ibx_window_steps *s) {
    const int chosen = ibx_window_steps_chosen(s);
    gtk_widget_set_sensitive(s->remove, chosen >= 0);
    gtk_widget_set_sensitive(s->up, chosen > 0);
    gtk_widget_set_sensitive(s->down, chosen >= 0 && chosen + 1 < count(s));
}

void ibx_window_steps_choose(ibx_window_steps *s, int number) {
    GtkTreeIter at;
    GtkTreeSelection *selection = gtk_tree_view_get_selection(s->list);
    if (number == ibx_window_steps_chosen(s)) return;
    if (gtk_tree_model_iter_nth_child(GTK_TREE_MODEL(s->store), &at, NULL, number)) {
        gtk_tree_selection_select_iter(selection, &at);
        GtkTreePath *path = gtk_tree_model_get_path(GTK_TREE_MODEL(s->store), &at);
        gtk_tree_view_scroll_to_cell(s->list, path, NULL, FALSE, 0, 0);
        gtk_tree_path_free(path);
    }
}

static void on_selected(GtkTreeSelection *selection, gpointer data) {
    ibx_window_steps *s = data;
    (void)selection;
    if (s->filling) return;
    const int chosen = ibx_window_steps_chosen(s);
    if (chosen >= 0) s->last = chosen;
    set_buttons(s);
    s->selected(s->user);
}

/* ---- shown ------------------------------------------------------------------------------------
 */

/* "2  blur  sigma=3", the name in bold. */
static void show_step(ibx_window_steps *s, const char *text, int number,
                      const ibx_gimp_stretch *step, bool wrong) {
    char *name = g_strndup(text + step->name.at, step->name.length);
    const size_t end = step->name.at + step->name.length;
    char *values = g_strndup(text + end, step->all.at + step->all.length - end);
    char *label = g_strdup_printf("%d", number + 1);
    char *words = g_markup_printf_escaped("<b>%s</b>  %s", name, *values ? values + 1 : "");
    gtk_list_store_insert_with_values(s->store, NULL, -1, NUMBER, number, LABEL, label, WORDS,
                                      words, ICON, wrong ? GTK_STOCK_DIALOG_WARNING : NULL, -1);
    g_free(words);
    g_free(label);
    g_free(values);
    g_free(name);
}

void ibx_window_steps_tell(ibx_window_steps *s) {
    const int chosen = ibx_window_steps_chosen(s);
    const ibx_error *err = ibx_window_text_error(s->text);
    char *text = ibx_window_text_get(s->text);
    ibx_gimp_stretch step = {0};
    s->filling = true;
    gtk_list_store_clear(s->store);
    for (int i = 0; ibx_gimp_next_step(text, step.all.at + step.all.length, &step); i++)
        show_step(s, text, i, &step, err->code != IBX_OK && err->step == i + 1);
    ibx_window_steps_choose(s, chosen < count(s) ? chosen : count(s) - 1);
    s->filling = false;
    set_buttons(s);
    g_free(text);
}

void ibx_window_steps_time(ibx_window_steps *s, ibx_gimp_timing *timing) {
    GtkTreeModel *model = GTK_TREE_MODEL(s->store);
    GtkTreeIter at;
    bool ended;
    const int measured = timing ? ibx_gimp_timing_look(timing, &ended) : 0;
    gboolean more = gtk_tree_model_get_iter_first(model, &at);
    for (int i = 0; more; i++, more = gtk_tree_model_iter_next(model, &at)) {
        char words[32] = "";
        if (i < measured) {
            const double ms = ibx_gimp_timing_of(timing, i);
            snprintf(words, sizeof words, "%.*f ms", ms < 10 ? 1 : 0, ms);
        }
        gtk_list_store_set(s->store, &at, TIME, words, -1);
    }
}

/* ---- edits: each makes another text, and the list follows --------------------------------------
 */

/* Takes the text, and then chooses a step. */
static void edit(ibx_window_steps *s, char *text, int choose) {
    if (!text) return;
    ibx_window_text_set(s->text, text);
    free(text);
    ibx_window_steps_choose(s, choose);
}

static void move(ibx_window_steps *s, int from, int to) {
    char *text = ibx_window_text_get(s->text);
    edit(s, ibx_gimp_move_step(text, from, to), to);
    g_free(text);
}

static void move_up(GtkWidget *button, gpointer data) {
    const int chosen = ibx_window_steps_chosen(data);
    (void)button;
    move(data, chosen, chosen - 1);
}

static void move_down(GtkWidget *button, gpointer data) {
    const int chosen = ibx_window_steps_chosen(data);
    (void)button;
    move(data, chosen, chosen + 1);
}

static void remove_step(GtkWidget *button, gpointer data) {
    ibx_window_steps *s = data;
    char *text = ibx_window_text_get(s->text);
    const int chosen = ibx_window_steps_chosen(s);
    (void)button;
    edit(s, ibx_gimp_remove_step(text, chosen), chosen);
    g_free(text);
}

static void add_step(GtkWidget *item, gpointer data) {
    ibx_window_steps *s = data;
    const ibx_filter *filter = g_object_get_data(G_OBJECT(item), "filter");
    char *text = ibx_window_text_get(s->text);
    const int chosen = ibx_window_steps_chosen(s), at = chosen < 0 ? count(s) : chosen + 1;
    edit(s, ibx_gimp_insert_step(text, at, filter->name), at);
    g_free(text);
}

/* A drag has put a copy of the row elsewhere and taken the old one away, which was the chosen one,
 * also where it was dropped at its own place. */
static gboolean follow_drag(gpointer data) {
    ibx_window_steps *s = data;
    GtkTreeModel *model = GTK_TREE_MODEL(s->store);
    GtkTreeIter at;
    const int rows = count(s);
    int *order = g_new0(int, rows + 1), from, to;
    for (int i = 0; i < rows && gtk_tree_model_iter_nth_child(model, &at, NULL, i); i++)
        gtk_tree_model_get(model, &at, NUMBER, &order[i], -1);
    if (ibx_gimp_find_move(order, rows, &from, &to)) {
        move(s, from, to);
        ibx_window_steps_tell(s); /* equal steps that change places leave the text as it is */
        ibx_window_steps_choose(s, to);
    } else {
        ibx_window_steps_choose(s, s->last);
    }
    g_free(order);
    return FALSE;
}

static void on_dragged(GtkTreeModel *model, GtkTreePath *path, gpointer data) {
    ibx_window_steps *s = data;
    (void)model, (void)path;
    if (!s->filling) g_idle_add(follow_drag, s);
}

/* ---- the menu of filters ------------------------------------------------------------------------
 */

/* "Box blur", as in GIMP's menu. */
static GtkWidget *filter_item(const ibx_filter *filter) {
    ibx_gimp_word label = ibx_gimp_label(filter);
    char *dots = strstr(label.text, "...");
    if (dots) *dots = 0;
    GtkWidget *item = gtk_menu_item_new_with_label(label.text);
    gtk_widget_set_tooltip_text(item, filter->summary);
    g_object_set_data(G_OBJECT(item), "filter", (gpointer)(guintptr)filter);
    return item;
}

static GtkWidget *category_menu(ibx_window_steps *s, const char *category) {
    size_t filters;
    const ibx_filter *const *filter = ibx_filters(&filters);
    GtkWidget *menu = gtk_menu_new();
    for (size_t i = 0; i < filters; i++) {
        if (strcmp(filter[i]->category, category) != 0) continue;
        GtkWidget *item = filter_item(filter[i]);
        g_signal_connect(item, "activate", G_CALLBACK(add_step), s);
        gtk_menu_shell_append(GTK_MENU_SHELL(menu), item);
    }
    return menu;
}

static void on_add(GtkWidget *button, gpointer data) {
    const char *category[IBX_MAX_CATEGORIES];
    const int categories = ibx_categories(category);
    GtkWidget *menu = gtk_menu_new();
    for (int i = 0; i < categories; i++) {
        char *label = g_strconcat("_", ibx_label_of_name(category[i]).text, NULL);
        GtkWidget *item = gtk_menu_item_new_with_mnemonic(label);
        gtk_menu_item_set_submenu(GTK_MENU_ITEM(item), category_menu(data, category[i]));
        gtk_menu_shell_append(GTK_MENU_SHELL(menu), item);
        g_free(label);
    }
    ibx_window_pop_menu(menu, button);
}

/* ---- made -------------------------------------------------------------------------------------
 */

static void add_column(ibx_window_steps *s, GtkCellRenderer *cell, const char *property, int from,
                       bool wide) {
    GtkTreeViewColumn *column =
        gtk_tree_view_column_new_with_attributes(NULL, cell, property, from, NULL);
    gtk_tree_view_column_set_expand(column, wide);
    gtk_tree_view_append_column(s->list, column);
}

static void make_list(ibx_window_steps *s) {
    GtkCellRenderer *words = gtk_cell_renderer_text_new(), *time = gtk_cell_renderer_text_new();
    s->store = gtk_list_store_new(COLUMNS, G_TYPE_INT, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING,
                                  G_TYPE_STRING);
    s->list = GTK_TREE_VIEW(gtk_tree_view_new_with_model(GTK_TREE_MODEL(s->store)));
    g_object_unref(s->store); /* the view has it now */
    g_object_set(words, "ellipsize", PANGO_ELLIPSIZE_END, NULL);
    g_object_set(time, "xalign", 1.0, NULL);
    gtk_tree_view_set_headers_visible(s->list, FALSE);
    gtk_tree_view_set_reorderable(s->list, TRUE);
    add_column(s, gtk_cell_renderer_text_new(), "text", LABEL, false);
    add_column(s, words, "markup", WORDS, true);
    add_column(s, gtk_cell_renderer_pixbuf_new(), "stock-id", ICON, false);
    add_column(s, time, "text", TIME, false);
    g_signal_connect(gtk_tree_view_get_selection(s->list), "changed", G_CALLBACK(on_selected), s);
    g_signal_connect(s->store, "row-deleted", G_CALLBACK(on_dragged), s);
}

static void make_buttons(ibx_window_steps *s) {
    s->buttons = gtk_hbox_new(FALSE, 6);
    GtkBox *box = GTK_BOX(s->buttons);
    ibx_window_button(box, GTK_STOCK_ADD, "_Add", "Add a step behind the one that is chosen.",
                      G_CALLBACK(on_add), s);
    s->remove = ibx_window_button(box, GTK_STOCK_REMOVE, "_Remove", "Remove the step.",
                                  G_CALLBACK(remove_step), s);
    s->up = ibx_window_button(box, GTK_STOCK_GO_UP, "_Up", "Do this step earlier.",
                              G_CALLBACK(move_up), s);
    s->down = ibx_window_button(box, GTK_STOCK_GO_DOWN, "_Down", "Do this step later.",
                                G_CALLBACK(move_down), s);
}

static void on_end(GtkWidget *box, gpointer data) {
    ibx_window_steps *s = data;
    (void)box;
    s->filling = true;
    g_idle_remove_by_data(s);
    g_signal_handlers_disconnect_matched(gtk_tree_view_get_selection(s->list), G_SIGNAL_MATCH_DATA,
                                         0, 0, NULL, NULL, s);
    g_signal_handlers_disconnect_matched(s->store, G_SIGNAL_MATCH_DATA, 0, 0, NULL, NULL, s);
    g_free(s);
}

ibx_window_steps *ibx_window_steps_new(ibx_window_text *text, void (*selected)(void *user),
                                       void *user) {
    ibx_window_steps *s = g_new0(ibx_window_steps, 1);
    *s = (ibx_window_steps){.text = text, .selected = selected, .user = user};
    s->box = gtk_vbox_new(FALSE, 6);
    make_list(s);
    make_buttons(s);
    gtk_box_pack_start(GTK_BOX(s->box), ibx_window_scrolled(GTK_WIDGET(s->list), 340, 110), TRUE,
                       TRUE, 0);
    gtk_box_pack_start(GTK_BOX(s->box), s->buttons, FALSE, FALSE, 0);
    g_signal_connect(s->box, "destroy", G_CALLBACK(on_end), s);
    set_buttons(s);
    return s;
}
