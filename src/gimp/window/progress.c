/* progress.c - the bar and the list of failures. */
#include "gimp/window/progress.h"
#include "describe/run.h"
#include "gimp/window/parts.h"

enum { ICON, NAME, SENTENCE, PATH, COLUMNS };

struct ibx_window_progress {
    GtkWidget *box, *failures, *heading;
    GtkProgressBar *bar;
    GtkListStore *store;
    size_t shown; /* failures */
    char words[400];
};

GtkWidget *ibx_window_progress_widget(const ibx_window_progress *p) {
    return p->box;
}

static void say(ibx_window_progress *p, double part, const char *words) {
    const char *end;
    g_strlcpy(p->words, words, sizeof p->words);
    g_utf8_validate(p->words, -1, &end); /* half of a letter where it was cut */
    p->words[end - p->words] = 0;
    gtk_progress_bar_set_fraction(p->bar, CLAMP(part, 0, 1));
    gtk_progress_bar_set_text(p->bar, words);
}

void ibx_window_progress_clear(ibx_window_progress *p, const char *sentence) {
    gtk_list_store_clear(p->store);
    gtk_widget_hide(p->failures);
    gtk_widget_show(GTK_WIDGET(p->bar));
    p->shown = 0;
    say(p, 0, sentence);
}

/* ---- failures ---------------------------------------------------------------------------------
 */

static void show_failure(ibx_window_progress *p, const ibx_window_failure *f) {
    char *name = g_filename_display_basename(f->input), *path = g_filename_display_name(f->input);
    gtk_list_store_insert_with_values(p->store, NULL, -1, ICON,
                                      f->failed ? GTK_STOCK_DIALOG_ERROR : GTK_STOCK_DIALOG_WARNING,
                                      NAME, name, SENTENCE, f->sentence, PATH, path, -1);
    g_free(name);
    g_free(path);
}

static void show_failures(ibx_window_progress *p, ibx_window_run *run) {
    const ibx_window_failure *f;
    const size_t before = p->shown;
    while ((f = ibx_window_run_failure(run, p->shown))) {
        show_failure(p, f);
        p->shown++;
    }
    if (p->shown == before) return;
    char *text = g_strdup_printf("%zu file%s with errors", p->shown, p->shown == 1 ? "" : "s");
    gtk_label_set_text(GTK_LABEL(p->heading), text);
    gtk_widget_show(p->failures);
    g_free(text);
}

/* All of them as text, for a letter or a terminal. */
static void copy(GtkWidget *button, gpointer data) {
    ibx_window_progress *p = data;
    GtkTreeModel *model = GTK_TREE_MODEL(p->store);
    GtkTreeIter at;
    GString *all = g_string_new(NULL);
    for (gboolean more = gtk_tree_model_get_iter_first(model, &at); more;
         more = gtk_tree_model_iter_next(model, &at)) {
        char *path, *sentence;
        gtk_tree_model_get(model, &at, PATH, &path, SENTENCE, &sentence, -1);
        g_string_append_printf(all, "%s: %s\n", path, sentence);
        g_free(path);
        g_free(sentence);
    }
    gtk_clipboard_set_text(gtk_widget_get_clipboard(button, GDK_SELECTION_CLIPBOARD), all->str, -1);
    g_string_free(all, TRUE);
}

/* ---- totals -----------------------------------------------------------------------------------
 */

static void say_end(ibx_window_progress *p, const ibx_totals *t, const ibx_error *err) {
    const int64_t finished = t->done + t->failed + t->skipped;
    char *words;
    if (err->code != IBX_OK && err->code != IBX_CANCELLED)
        words = g_strdup(err->text);
    else
        words = g_strdup_printf(
            "%s%lld done, %lld failed, %lld skipped in %s; %.1f MP/s, %s written",
            err->code == IBX_CANCELLED ? "Stopped: " : "", (long long)t->done, (long long)t->failed,
            (long long)t->skipped, ibx_seconds_in_words(t->seconds).text,
            t->seconds > 0 ? (double)t->pixels / 1e6 / t->seconds : 0,
            ibx_bytes_in_words(t->bytes_out).text);
    say(p, t->listed ? (double)finished / (double)t->listed : 0, words);
    g_free(words);
}

bool ibx_window_progress_show(ibx_window_progress *p, ibx_window_run *run, const char **words) {
    ibx_totals t;
    ibx_error err;
    const bool ended = ibx_window_run_look(run, &t, &err);
    show_failures(p, run);
    if (ended)
        say_end(p, &t, &err);
    else if (t.listed)
        say(p, (double)(t.done + t.failed + t.skipped) / (double)t.listed,
            ibx_state_in_words(&t).text);
    if (words) *words = p->words;
    return ended;
}

/* ---- made -------------------------------------------------------------------------------------
 */

static void add_column(GtkTreeView *list, const char *title, GtkCellRenderer *cell,
                       const char *property, int from) {
    GtkTreeViewColumn *column =
        gtk_tree_view_column_new_with_attributes(title, cell, property, from, NULL);
    gtk_tree_view_column_set_resizable(column, from == NAME);
    gtk_tree_view_append_column(list, column);
}

static GtkWidget *make_failures(ibx_window_progress *p) {
    GtkWidget *box = gtk_vbox_new(FALSE, 6), *line = gtk_hbox_new(FALSE, 6);
    p->store =
        gtk_list_store_new(COLUMNS, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);
    GtkWidget *list = gtk_tree_view_new_with_model(GTK_TREE_MODEL(p->store));
    g_object_unref(p->store); /* the view has it now */
    add_column(GTK_TREE_VIEW(list), "", gtk_cell_renderer_pixbuf_new(), "stock-id", ICON);
    add_column(GTK_TREE_VIEW(list), "File", gtk_cell_renderer_text_new(), "text", NAME);
    add_column(GTK_TREE_VIEW(list), "What is wrong", gtk_cell_renderer_text_new(), "text",
               SENTENCE);
    p->heading = ibx_window_sentence("");
    gtk_box_pack_start(GTK_BOX(line), p->heading, TRUE, TRUE, 0);
    ibx_window_button(GTK_BOX(line), GTK_STOCK_COPY, "Copy _list",
                      "Copy names and sentences as text.", G_CALLBACK(copy), p);
    gtk_box_pack_start(GTK_BOX(box), line, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(box), ibx_window_scrolled(list, 500, 120), TRUE, TRUE, 0);
    gtk_widget_show_all(box);
    gtk_widget_hide(box);
    gtk_widget_set_no_show_all(box, TRUE);
    return box;
}

ibx_window_progress *ibx_window_progress_new(void) {
    ibx_window_progress *p = g_new0(ibx_window_progress, 1);
    p->box = gtk_vbox_new(FALSE, 12);
    p->bar = GTK_PROGRESS_BAR(gtk_progress_bar_new());
    gtk_progress_bar_set_ellipsize(p->bar, PANGO_ELLIPSIZE_END);
    gtk_widget_set_size_request(GTK_WIDGET(p->bar), -1, 28);
    gtk_widget_set_no_show_all(GTK_WIDGET(p->bar), TRUE);
    p->failures = make_failures(p);
    gtk_box_pack_start(GTK_BOX(p->box), GTK_WIDGET(p->bar), FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(p->box), p->failures, TRUE, TRUE, 0);
    g_signal_connect_swapped(p->box, "destroy", G_CALLBACK(g_free), p);
    return p;
}
