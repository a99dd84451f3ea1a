/* filter_dialog.c - asks for the parameters of a filter. */
#include "gimp/window/filter_dialog.h"
#include "gimp/window/form.h"
#include "gimp/window/parts.h"
#include "gimp/window/preview.h"
#include "gimp/words.h"
#include <libgimp/gimp.h>
#include <libgimp/gimpui.h>
#include <stdlib.h>

enum { RESET = 1 };

/* Largest size that is asked for when the dialog opens first. */
enum { FIRST_W = 900, FIRST_H = 520 };

typedef struct {
    const ibx_gimp_subject *subject;
    GtkDialog *dialog;
    ibx_window_form *form;
    ibx_window_preview *preview;
} window;

/* ---- size ------------------------------------------------------------------------------------ */

typedef struct {
    int w, h;
} size;

/* GIMP keeps it for the session, under the name of the procedure and a word. */
static void size_key(const ibx_filter *filter, char *key, size_t room) {
    snprintf(key, room, "%s-size", ibx_gimp_procedure(filter).text);
}

static size last_size(const ibx_filter *filter) {
    char key[160];
    size s = {FIRST_W, FIRST_H};
    size_key(filter, key, sizeof key);
    if (gimp_get_data_size(key) == (int)sizeof s) gimp_get_data(key, &s);
    return s;
}

static void keep_size(const ibx_filter *filter, GtkWindow *dialog) {
    char key[160];
    size s;
    size_key(filter, key, sizeof key);
    gtk_window_get_size(dialog, &s.w, &s.h);
    gimp_set_data(key, &s, sizeof s);
}

/* ---- the dialog ------------------------------------------------------------------------------ */

/* A value that is not allowed leaves the last picture. */
static void changed(void *user) {
    window *w = user;
    const bool valid = ibx_window_form_is_valid(w->form);
    gtk_dialog_set_response_sensitive(w->dialog, GTK_RESPONSE_OK, valid);
    gtk_dialog_set_response_sensitive(w->dialog, RESET, !ibx_window_form_is_default(w->form));
    if (!valid) return;
    char *text = ibx_window_values_print(ibx_window_form_values(w->form));
    if (text) ibx_window_preview_show(w->preview, text);
    free(text);
}

/* "Box blur", from the entry of the menu. */
static GtkDialog *make_dialog(const ibx_filter *filter) {
    ibx_gimp_word title = ibx_gimp_label(filter);
    char *dots = strstr(title.text, "...");
    if (dots) *dots = 0;
    GtkWidget *dialog =
        gimp_dialog_new(title.text, ibx_gimp_procedure(filter).text, NULL, 0,
                        gimp_standard_help_func, ibx_gimp_procedure(filter).text, "_Reset", RESET,
                        "_Cancel", GTK_RESPONSE_CANCEL, "_OK", GTK_RESPONSE_OK, NULL);
    gtk_dialog_set_alternative_button_order(GTK_DIALOG(dialog), GTK_RESPONSE_OK, RESET,
                                            GTK_RESPONSE_CANCEL, -1);
    gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_OK);
    gimp_window_set_transient(GTK_WINDOW(dialog));
    return GTK_DIALOG(dialog);
}

/* What the filter does, its values, and whether all marked layers are meant. */
static GtkWidget *make_side(window *w, const ibx_filter *filter, ibx_gimp_subject *subject) {
    GtkWidget *side = gtk_vbox_new(FALSE, 12), *summary = gtk_label_new(filter->summary);
    gtk_label_set_line_wrap(GTK_LABEL(summary), TRUE);
    gtk_misc_set_alignment(GTK_MISC(summary), 0, 0);
    gtk_widget_set_size_request(summary, 320, -1);
    gtk_box_pack_start(GTK_BOX(side), summary, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(side), ibx_window_form_widget(w->form), FALSE, FALSE, 0);
    GtkWidget *all = ibx_window_all_layers(subject);
    if (all) gtk_box_pack_start(GTK_BOX(side), all, FALSE, FALSE, 0);
    return side;
}

static void fill(window *w, GtkWidget *side) {
    GtkWidget *box = gtk_hbox_new(FALSE, 12);
    gtk_container_set_border_width(GTK_CONTAINER(box), 12);
    gtk_box_pack_start(GTK_BOX(box), ibx_window_preview_widget(w->preview), TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(box), side, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(gtk_dialog_get_content_area(w->dialog)), box, TRUE, TRUE, 0);
    gtk_widget_show_all(box);
}

static bool is_taken(const window *w) {
    char *text = ibx_window_values_print(ibx_window_form_values(w->form));
    const bool taken = !text || ibx_window_is_taken(GTK_WIDGET(w->dialog), w->subject, text);
    free(text);
    return taken;
}

/* Until it is closed. What the layer does not take can be changed. */
static bool run(const window *w) {
    for (;;) {
        const int answer = gimp_dialog_run(GIMP_DIALOG(w->dialog));
        const bool valid = ibx_window_form_is_valid(w->form);
        if (answer == RESET)
            ibx_window_form_reset(w->form);
        else if (answer != GTK_RESPONSE_OK || !valid || is_taken(w))
            return answer == GTK_RESPONSE_OK && valid;
    }
}

/* Ends what was made without a window to be in. */
static void discard(GtkWidget *widget) {
    g_object_ref_sink(widget);
    gtk_widget_destroy(widget);
    g_object_unref(widget);
}

static bool make_parts(window *w, const ibx_gimp_subject *subject, const ibx_step *step) {
    w->form = ibx_window_form_new(step);
    w->preview = ibx_window_preview_new(subject);
    if (w->form && w->preview) return true;
    if (w->form) discard(ibx_window_form_widget(w->form));
    if (w->preview) discard(ibx_window_preview_widget(w->preview));
    return false;
}

bool ibx_window_ask_filter(ibx_gimp_subject *subject, const ibx_filter *filter, void *params) {
    gimp_ui_init("imbrex", FALSE);
    window w = {.subject = subject};
    if (!make_parts(&w, subject, &(ibx_step){.filter = filter, .params = params})) return false;
    w.dialog = make_dialog(filter);
    fill(&w, make_side(&w, filter, subject));
    ibx_window_form_watch(w.form, changed, &w);
    const size s = last_size(filter);
    gtk_window_set_default_size(GTK_WINDOW(w.dialog), s.w, s.h);
    ibx_window_form_focus(w.form);
    changed(&w);
    const bool ok = run(&w) && ibx_window_values_store(ibx_window_form_values(w.form), params);
    if (ok) subject->ahead = ibx_window_preview_take_ahead(w.preview);
    keep_size(filter, GTK_WINDOW(w.dialog));
    gtk_widget_destroy(GTK_WIDGET(w.dialog));
    return ok;
}
