/* settings.c - the controls for results. */
#include "gimp/window/settings.h"
#include "describe/batch.h"
#include "gimp/home.h"
#include "gimp/window/parts.h"
#include <stdlib.h>

struct ibx_window_settings {
    char *folder; /* for results, in the bytes of the file system; the entry shows them in UTF-8 */
    GtkWidget *table, *output, *format, *quality, *name, *exists, *keep, *time, *threads, *memory;
    void (*changed)(void *user);
    void *user;
};

GtkWidget *ibx_window_settings_widget(const ibx_window_settings *s) {
    return s->table;
}

static int chosen(GtkWidget *box) {
    return gtk_combo_box_get_active(GTK_COMBO_BOX(box));
}

static int number(GtkWidget *spin) {
    return gtk_spin_button_get_value_as_int(GTK_SPIN_BUTTON(spin));
}

static const char *words(GtkWidget *entry) {
    return gtk_entry_get_text(GTK_ENTRY(entry));
}

/* ---- the folder for results -------------------------------------------------------------------
 */

static void show_folder(ibx_window_settings *s, const char *name) {
    char *before = s->folder, *shown = g_filename_display_name(name);
    s->folder = g_strdup(name);
    gtk_entry_set_text(GTK_ENTRY(s->output), shown);
    gtk_editable_set_position(GTK_EDITABLE(s->output), -1); /* the end says more */
    g_free(before);
    g_free(shown);
}

/* What is typed, or what was shown and is still there: that may be no UTF-8. For g_free. */
static char *folder_of(const ibx_window_settings *s) {
    char *shown = g_filename_display_name(s->folder);
    const bool same = strcmp(shown, words(s->output)) == 0;
    char *name =
        same ? g_strdup(s->folder) : g_filename_from_utf8(words(s->output), -1, NULL, NULL, NULL);
    g_free(shown);
    return name ? name : g_strdup("");
}

/* ---- from controls to an order ----------------------------------------------------------------
 */

bool ibx_window_settings_get(const ibx_window_settings *s, ibx_gimp_order *o) {
    size_t count;
    const ibx_format *const *formats = ibx_formats(&count);
    const int format = chosen(s->format);
    char *output = folder_of(s);
    o->quality = number(s->quality);
    o->if_exists = chosen(s->exists);
    o->metadata = chosen(s->keep);
    o->threads = number(s->threads);
    o->memory = number(s->memory);
    if (o->memory > 0 && o->memory < IBX_LEAST_MEMORY) o->memory = IBX_LEAST_MEMORY;
    o->keep_time = gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(s->time));
    const bool ok = ibx_gimp_order_text(&o->output, output) &&
                    ibx_gimp_order_text(&o->format, format > 0 ? formats[format - 1]->name : "") &&
                    ibx_gimp_order_text(&o->name, words(s->name));
    g_free(output);
    return ok;
}

/* ---- from the user ----------------------------------------------------------------------------
 */

static void on_change(GtkWidget *control, gpointer data) {
    const ibx_window_settings *s = data;
    (void)control;
    s->changed(s->user);
}

/* Begins in the folder that is there, or at home. */
static void begin_in(GtkFileChooser *chooser, const ibx_window_settings *s) {
    char *name = folder_of(s), *path = ibx_gimp_at_home(name);
    if (path && *path)
        gtk_file_chooser_set_filename(chooser, path);
    else
        gtk_file_chooser_set_current_folder(chooser, g_get_home_dir());
    free(path);
    g_free(name);
}

static void browse(GtkWidget *button, gpointer data) {
    ibx_window_settings *s = data;
    (void)button;
    GtkWidget *chooser = gtk_file_chooser_dialog_new(
        "Folder for results", GTK_WINDOW(gtk_widget_get_toplevel(s->table)),
        GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, GTK_STOCK_CANCEL, GTK_RESPONSE_CANCEL, GTK_STOCK_OK,
        GTK_RESPONSE_ACCEPT, NULL);
    gtk_dialog_set_default_response(GTK_DIALOG(chooser), GTK_RESPONSE_ACCEPT);
    begin_in(GTK_FILE_CHOOSER(chooser), s);
    if (gtk_dialog_run(GTK_DIALOG(chooser)) == GTK_RESPONSE_ACCEPT) {
        char *name = gtk_file_chooser_get_filename(GTK_FILE_CHOOSER(chooser));
        if (name) show_folder(s, name);
        s->changed(s->user); /* another one may be shown alike */
        g_free(name);
    }
    gtk_widget_destroy(chooser);
}

/* 0 stands for what happens without the number: the word says so. */
static gboolean show_number(GtkSpinButton *spin, gpointer zero) {
    if (gtk_spin_button_get_value_as_int(spin) != 0) return FALSE;
    gtk_entry_set_text(GTK_ENTRY(spin), zero);
    return TRUE;
}

static int read_number(GtkSpinButton *spin, double *value, gpointer zero) {
    if (strcmp(words(GTK_WIDGET(spin)), zero) != 0) return FALSE;
    *value = 0;
    return TRUE;
}

/* ---- made -------------------------------------------------------------------------------------
 */

static GtkWidget *spin(ibx_window_settings *s, int most, int value, const char *zero) {
    GtkWidget *button = gtk_spin_button_new_with_range(0, most, 1);
    gpointer word = (gpointer)(guintptr)zero;
    gtk_spin_button_set_numeric(GTK_SPIN_BUTTON(button), FALSE);
    g_signal_connect(button, "output", G_CALLBACK(show_number), word);
    g_signal_connect(button, "input", G_CALLBACK(read_number), word);
    gtk_spin_button_set_value(GTK_SPIN_BUTTON(button), value);
    show_number(GTK_SPIN_BUTTON(button), word);
    g_signal_connect(button, "value-changed", G_CALLBACK(on_change), s);
    return button;
}

static void watch_entry(ibx_window_settings *s, GtkWidget *entry) {
    gtk_entry_set_activates_default(GTK_ENTRY(entry), TRUE);
    g_signal_connect(entry, "changed", G_CALLBACK(on_change), s);
}

static GtkWidget *entry(ibx_window_settings *s, const char *text) {
    GtkWidget *made = gtk_entry_new();
    gtk_entry_set_text(GTK_ENTRY(made), text);
    watch_entry(s, made);
    return made;
}

static GtkWidget *choice(ibx_window_settings *s, const char *const *list, int active) {
    GtkWidget *box = ibx_window_words(NULL, list);
    gtk_combo_box_set_active(GTK_COMBO_BOX(box), active);
    g_signal_connect(box, "changed", G_CALLBACK(on_change), s);
    return box;
}

static GtkWidget *format_choice(ibx_window_settings *s, const char *name) {
    static const char *const NONE[] = {NULL};
    size_t count;
    const ibx_format *const *formats = ibx_formats(&count);
    GtkWidget *box = ibx_window_words("as the recipe or the image says", NONE);
    for (size_t i = 0; i < count; i++) {
        gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(box), formats[i]->name);
        if (strcmp(formats[i]->name, name) == 0)
            gtk_combo_box_set_active(GTK_COMBO_BOX(box), (int)i + 1);
    }
    g_signal_connect(box, "changed", G_CALLBACK(on_change), s);
    return box;
}

/* The entry with a button beside it that looks for a folder. */
static GtkWidget *output_row(ibx_window_settings *s, const ibx_gimp_order *o) {
    GtkWidget *line = gtk_hbox_new(FALSE, 6);
    s->output = gtk_entry_new();
    show_folder(s, o->output);
    watch_entry(s, s->output);
    gtk_widget_set_size_request(s->output, 200, -1);
    gtk_box_pack_start(GTK_BOX(line), s->output, TRUE, TRUE, 0);
    ibx_window_button(GTK_BOX(line), GTK_STOCK_OPEN, "_Browse...", "Choose or make a folder.",
                      G_CALLBACK(browse), s);
    return line;
}

static void make_rows(ibx_window_settings *s, const ibx_gimp_order *o) {
    GtkTable *table = GTK_TABLE(s->table);
    GtkWidget *folder = output_row(s, o);
    ibx_window_row(table, 0, "F_older", folder,
                   "Made if it is missing. It gets the sub-folders of the inputs.");
    ibx_window_row(table, 1, "For_mat", s->format = format_choice(s, o->format), IBX_SAYS_FORMAT);
    ibx_window_row(table, 2, "_Quality",
                   s->quality = spin(s, IBX_MOST_QUALITY, o->quality, "that of the format"),
                   IBX_SAYS_QUALITY);
    ibx_window_row(table, 3, "N_ame", s->name = entry(s, o->name), IBX_SAYS_NAME);
    ibx_window_row(table, 4, "If a file e_xists",
                   s->exists = choice(s, ibx_exists_words, o->if_exists), IBX_SAYS_EXISTS);
    ibx_window_row(table, 5, "Me_tadata", s->keep = choice(s, ibx_keep_words, o->metadata),
                   IBX_SAYS_KEEP);
    ibx_window_row(table, 6, "Threa_ds", s->threads = spin(s, IBX_MOST_THREADS, o->threads, "all"),
                   IBX_SAYS_THREADS);
    ibx_window_row(table, 7, "Memor_y (MB)",
                   s->memory = spin(s, IBX_MOST_MEMORY, o->memory, "half of what there is"),
                   IBX_SAYS_MEMORY("in megabytes"));
}

static void free_settings(ibx_window_settings *s) {
    g_free(s->folder);
    g_free(s);
}

ibx_window_settings *ibx_window_settings_new(const ibx_gimp_order *o, void (*changed)(void *user),
                                             void *user) {
    ibx_window_settings *s = g_new0(ibx_window_settings, 1);
    s->changed = changed;
    s->user = user;
    s->table = gtk_table_new(9, 2, FALSE);
    gtk_table_set_row_spacings(GTK_TABLE(s->table), 6);
    gtk_table_set_col_spacings(GTK_TABLE(s->table), 12);
    make_rows(s, o);
    s->time = gtk_check_button_new_with_mnemonic("_Keep the time of the input");
    gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(s->time), o->keep_time);
    gtk_widget_set_tooltip_text(s->time, IBX_SAYS_KEEP_TIME);
    g_signal_connect(s->time, "toggled", G_CALLBACK(on_change), s);
    gtk_table_attach(GTK_TABLE(s->table), s->time, 1, 2, 8, 9, GTK_FILL, GTK_FILL, 0, 0);
    g_signal_connect_swapped(s->table, "destroy", G_CALLBACK(free_settings), s);
    return s;
}
