/* recipe_window.c - asks for a recipe. */
#include "gimp/window/recipe_window.h"
#include "gimp/model/share.h"
#include "gimp/model/timing.h"
#include "gimp/window/parts.h"
#include "gimp/window/preview.h"
#include "gimp/window/recipe_files.h"
#include "gimp/window/step_form.h"
#include "gimp/window/steps_list.h"
#include "gimp/words.h"
#include <libgimp/gimp.h>
#include <libgimp/gimpui.h>
#include <stdlib.h>

enum { LOOK_MS = 100, FIRST_W = 1000, FIRST_H = 760 };

typedef struct {
    const ibx_gimp_subject *subject;
    GtkDialog *dialog;
    GtkWidget *hash, *copy, *measure;
    ibx_window_text *text;
    ibx_window_steps *steps;
    ibx_window_step_form *form;
    ibx_window_preview *preview;
    ibx_gimp_timing *timing;
} window;

/* ---- shown ------------------------------------------------------------------------------------
 */

static void set_buttons(const window *w) {
    const bool right = ibx_window_text_recipe(w->text) != NULL;
    gtk_dialog_set_response_sensitive(w->dialog, GTK_RESPONSE_OK,
                                      right && ibx_window_step_form_is_valid(w->form));
    gtk_widget_set_sensitive(w->copy, right);
    gtk_widget_set_sensitive(w->measure, right && !w->timing);
}

static void show_hash(const window *w) {
    const ibx_recipe *recipe = ibx_window_text_recipe(w->text);
    char *words = recipe ? g_strdup_printf("Hash <tt>%s</tt>", ibx_gimp_recipe_hash(recipe).text)
                         : g_strdup("");
    gtk_label_set_markup(GTK_LABEL(w->hash), words);
    g_free(words);
}

static void stop_timing(window *w) {
    ibx_gimp_timing_free(w->timing);
    w->timing = NULL;
}

/* The chosen step, in bold in the text and as a form. */
static void show_chosen(window *w) {
    ibx_gimp_stretch s = {0};
    char *text = ibx_window_text_get(w->text);
    const int chosen = ibx_window_steps_chosen(w->steps);
    ibx_gimp_find_step(text, chosen, &s);
    ibx_window_text_point(w->text, s.all);
    ibx_window_step_form_show(w->form, chosen);
    g_free(text);
}

static void on_chosen(void *user) {
    show_chosen(user);
    set_buttons(user);
}

/* Follows the cursor to the step that it is in. */
static void on_cursor(void *user) {
    window *w = user;
    char *text = ibx_window_text_get(w->text);
    const int step = ibx_gimp_step_at(text, ibx_window_text_cursor(w->text));
    if (step >= 0) ibx_window_steps_choose(w->steps, step);
    g_free(text);
}

static void on_text(void *user) {
    window *w = user;
    stop_timing(w);
    ibx_window_steps_tell(w->steps);
    if (ibx_window_text_is_typed(w->text)) on_cursor(w);
    show_chosen(w);
    show_hash(w);
    set_buttons(w);
    if (!ibx_window_text_recipe(w->text)) return; /* the last picture stays */
    char *text = ibx_window_text_get(w->text);
    ibx_window_preview_show(w->preview, text);
    g_free(text);
}

static void on_value(void *user) {
    set_buttons(user);
}

/* ---- time -------------------------------------------------------------------------------------
 */

static void measure(GtkWidget *button, gpointer data) {
    window *w = data;
    char *text = ibx_window_text_get(w->text);
    (void)button;
    stop_timing(w);
    ibx_window_steps_time(w->steps, NULL);
    ibx_gimp_ahead_free(ibx_window_preview_take_ahead(w->preview)); /* it takes threads as well */
    w->timing = ibx_gimp_timing_start(text, w->subject->pixels, w->subject->profile);
    set_buttons(w);
    g_free(text);
}

static gboolean on_time(gpointer data) {
    window *w = data;
    bool ended;
    if (!w->timing) return TRUE;
    ibx_gimp_timing_look(w->timing, &ended);
    ibx_window_steps_time(w->steps, w->timing);
    if (ended) stop_timing(w);
    set_buttons(w);
    return TRUE;
}

/* ---- copied -----------------------------------------------------------------------------------
 */

/* The image's file by its name alone, as a server knows it, or in full, as a shell wants it. */
static char *file_of(const window *w, bool whole) {
    char *path = gimp_image_get_filename(w->subject->image);
    char *name = path && !whole ? g_path_get_basename(path) : g_strdup(path ? path : "FILE");
    g_free(path);
    return name;
}

static void copy(const window *w, bool address) {
    const ibx_recipe *recipe = ibx_window_text_recipe(w->text);
    char *file = file_of(w, !address);
    char *text = recipe ? ibx_gimp_recipe_for_file(recipe, w->subject->profile.size > 0) : NULL;
    char *words = !text     ? NULL
                  : address ? ibx_gimp_address(text, file)
                            : ibx_gimp_command(text, file);
    if (words)
        gtk_clipboard_set_text(gtk_widget_get_clipboard(w->copy, GDK_SELECTION_CLIPBOARD), words,
                               -1);
    free(words);
    free(text);
    g_free(file);
}

static void copy_command(GtkWidget *item, gpointer data) {
    (void)item;
    copy(data, false);
}

static void copy_address(GtkWidget *item, gpointer data) {
    (void)item;
    copy(data, true);
}

static void on_copy(GtkWidget *button, gpointer data) {
    GtkWidget *menu = gtk_menu_new();
    GtkWidget *command = gtk_menu_item_new_with_mnemonic("Copy as _command line");
    GtkWidget *address = gtk_menu_item_new_with_mnemonic("Copy as _URL");
    gtk_widget_set_tooltip_text(command, "The command that does the same to the image's file.");
    gtk_widget_set_tooltip_text(address, "The address of a server on this machine (imbrex serve) "
                                         "that has the file in its folder.");
    g_signal_connect(command, "activate", G_CALLBACK(copy_command), data);
    g_signal_connect(address, "activate", G_CALLBACK(copy_address), data);
    gtk_menu_shell_append(GTK_MENU_SHELL(menu), command);
    gtk_menu_shell_append(GTK_MENU_SHELL(menu), address);
    ibx_window_pop_menu(menu, button);
}

/* ---- made -------------------------------------------------------------------------------------
 */

static GtkDialog *make_dialog(void) {
    GtkWidget *dialog = gimp_dialog_new("Recipe", IBX_GIMP_RECIPE, NULL, 0, gimp_standard_help_func,
                                        IBX_GIMP_RECIPE, "_Cancel", GTK_RESPONSE_CANCEL, "_OK",
                                        GTK_RESPONSE_OK, NULL);
    gtk_dialog_set_alternative_button_order(GTK_DIALOG(dialog), GTK_RESPONSE_OK,
                                            GTK_RESPONSE_CANCEL, -1);
    gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_OK);
    gtk_window_set_default_size(GTK_WINDOW(dialog), FIRST_W, FIRST_H);
    gimp_window_set_transient(GTK_WINDOW(dialog));
    return GTK_DIALOG(dialog);
}

static GtkWidget *make_text(window *w) {
    GtkWidget *box = gtk_vbox_new(FALSE, 6), *line = gtk_hbox_new(FALSE, 6);
    gtk_box_pack_start(GTK_BOX(line), ibx_window_open_button(w->text), FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(line), ibx_window_save_button(w->text), FALSE, FALSE, 0);
    w->copy =
        ibx_window_button(GTK_BOX(line), GTK_STOCK_COPY, "Cop_y",
                          "Copy the recipe for a terminal or a browser.", G_CALLBACK(on_copy), w);
    w->hash = gtk_label_new("");
    gtk_label_set_selectable(GTK_LABEL(w->hash), TRUE);
    gtk_widget_set_can_focus(w->hash, FALSE);
    gtk_widget_set_tooltip_text(w->hash, "The same for all spellings of this recipe.");
    gtk_box_pack_end(GTK_BOX(line), w->hash, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(box), ibx_window_text_widget(w->text), TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(box), line, FALSE, FALSE, 0);
    return box;
}

static GtkWidget *make_steps(window *w) {
    w->measure = ibx_window_button(
        ibx_window_steps_buttons(w->steps), GTK_STOCK_EXECUTE, "_Time",
        "Measure what each step adds to the time that the whole layer takes, with all threads.",
        G_CALLBACK(measure), w);
    return ibx_window_steps_widget(w->steps);
}

static GtkWidget *make_side(window *w, ibx_gimp_subject *subject) {
    GtkWidget *side = gtk_vbox_new(FALSE, 14);
    gtk_box_pack_start(GTK_BOX(side), ibx_window_section("Recipe", make_text(w)), FALSE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(side), ibx_window_section("Steps", make_steps(w)), TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(side), ibx_window_step_form_widget(w->form), TRUE, TRUE, 0);
    GtkWidget *all = ibx_window_all_layers(subject);
    if (all) gtk_box_pack_start(GTK_BOX(side), all, FALSE, FALSE, 0);
    return side;
}

static void fill(window *w, ibx_gimp_subject *subject) {
    GtkWidget *box = gtk_hbox_new(FALSE, 12);
    gtk_container_set_border_width(GTK_CONTAINER(box), 12);
    gtk_box_pack_start(GTK_BOX(box), ibx_window_preview_widget(w->preview), TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(box), make_side(w, subject), FALSE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(gtk_dialog_get_content_area(w->dialog)), box, TRUE, TRUE, 0);
    gtk_widget_show_all(box);
}

static bool is_taken(const window *w) {
    char *text = ibx_window_text_get(w->text);
    const bool taken = ibx_window_is_taken(GTK_WIDGET(w->dialog), w->subject, text);
    g_free(text);
    return taken;
}

/* OK may also come from a key, when the button is grey. What the layer does not take can be
 * changed. */
static bool run(const window *w) {
    int answer;
    do {
        answer = gimp_dialog_run(GIMP_DIALOG(w->dialog));
    } while (answer == GTK_RESPONSE_OK && (!ibx_window_text_recipe(w->text) || !is_taken(w)));
    return answer == GTK_RESPONSE_OK;
}

/* Takes what stands there. */
static bool store(const window *w, char **text) {
    char *chosen = ibx_window_text_get(w->text), *copied = strdup(chosen);
    g_free(chosen);
    if (!copied) return false;
    free(*text);
    *text = copied;
    return true;
}

bool ibx_window_ask_recipe(ibx_gimp_subject *subject, char **text) {
    gimp_ui_init("imbrex", FALSE);
    window w = {.subject = subject, .preview = ibx_window_preview_new(subject)};
    if (!w.preview) return false;
    w.dialog = make_dialog();
    w.text = ibx_window_text_new(false, 4);
    w.steps = ibx_window_steps_new(w.text, on_chosen, &w);
    w.form = ibx_window_step_form_new(w.text, on_value, &w);
    fill(&w, subject);
    ibx_window_text_watch(w.text, on_text, on_cursor, &w);
    ibx_window_text_set(w.text, *text);
    ibx_window_steps_choose(w.steps, 0);
    ibx_window_text_focus(w.text);
    set_buttons(&w);
    const guint timer = g_timeout_add(LOOK_MS, on_time, &w);
    const bool taken = run(&w), ok = store(&w, text) && taken;
    if (ok) subject->ahead = ibx_window_preview_take_ahead(w.preview);
    g_source_remove(timer);
    stop_timing(&w);
    gtk_widget_destroy(GTK_WIDGET(w.dialog));
    return ok;
}
