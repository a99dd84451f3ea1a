/* step_form.c - the form of the chosen step. */
#include "gimp/window/step_form.h"
#include "core/recipe.h"
#include "gimp/window/form.h"
#include "gimp/window/parts.h"
#include <stdlib.h>

/* Most forms fit into that width, so that the preview beside them seldom changes its own. */
enum { LEAST_W = 440, LEAST_H = 170 };

struct ibx_window_step_form {
    GtkWidget *box, *heading, *room, *inside;
    ibx_window_text *text;
    ibx_window_form *form; /* NULL: there is none for what is chosen */
    char *shown;           /* the step that the form was made for, or that it wrote */
    int number;
    bool writing;
    void (*checked)(void *user);
    void *user;
};

GtkWidget *ibx_window_step_form_widget(const ibx_window_step_form *f) {
    return f->box;
}

bool ibx_window_step_form_is_valid(const ibx_window_step_form *f) {
    return !f->form || ibx_window_form_is_valid(f->form);
}

/* ---- from the form to the text ------------------------------------------------------------------
 */

static void on_change(void *user) {
    ibx_window_step_form *f = user;
    char *step = ibx_window_form_is_valid(f->form)
                     ? ibx_window_values_print(ibx_window_form_values(f->form))
                     : NULL;
    char *text = ibx_window_text_get(f->text);
    char *edited = step ? ibx_gimp_replace_step(text, f->number, step) : NULL;
    if (edited) {
        g_free(f->shown);
        f->shown = g_strdup(step);
        f->writing = true;
        ibx_window_text_set(f->text, edited);
        f->writing = false;
    }
    free(edited);
    g_free(text);
    free(step);
    f->checked(f->user);
}

/* ---- from the text to the form ------------------------------------------------------------------
 */

static void clear(ibx_window_step_form *f, const char *heading) {
    if (f->inside) gtk_widget_destroy(f->inside);
    f->inside = NULL;
    f->form = NULL;
    g_free(f->shown);
    f->shown = NULL;
    gtk_label_set_markup(GTK_LABEL(f->heading), heading);
}

static void show_form(ibx_window_step_form *f, const ibx_step *step) {
    const bool filter = step->filter != NULL;
    char *heading = g_markup_printf_escaped("<b>%s</b>  %s", filter ? step->filter->name : "save",
                                            filter         ? step->filter->summary
                                            : step->format ? step->format->summary
                                                           : "");
    clear(f, heading);
    g_free(heading);
    f->form = ibx_window_form_new(step);
    if (!f->form) return;
    f->inside = ibx_window_form_widget(f->form);
    ibx_window_form_watch(f->form, on_change, f);
    gtk_scrolled_window_add_with_viewport(GTK_SCROLLED_WINDOW(f->room), f->inside);
    GtkWidget *port = gtk_bin_get_child(GTK_BIN(f->room));
    gtk_viewport_set_shadow_type(GTK_VIEWPORT(port), GTK_SHADOW_NONE);
    f->inside = port;
    gtk_widget_show_all(port);
}

/* A step that is not right by itself has a form with defaults, if there is such a filter: it cannot
 * be right before a value is given, for some. */
static void make_form(ibx_window_step_form *f, const char *step, const char *name) {
    ibx_recipe *recipe = ibx_recipe_parse(step, NULL);
    const ibx_filter *filter = ibx_filter_find(name);
    if (recipe && recipe->count == 1)
        show_form(f, &recipe->steps[0]);
    else if (filter)
        show_form(f, &(ibx_step){.filter = filter});
    else
        clear(f, "There is no step of this name.");
    ibx_recipe_free(recipe);
}

void ibx_window_step_form_show(ibx_window_step_form *f, int number) {
    ibx_gimp_stretch s;
    if (f->writing) return;
    char *text = ibx_window_text_get(f->text);
    if (!ibx_gimp_find_step(text, number, &s)) {
        clear(f, "");
    } else {
        char *step = g_strndup(text + s.all.at, s.all.length);
        char *name = g_strndup(text + s.name.at, s.name.length);
        const bool same = f->shown && number == f->number && strcmp(step, f->shown) == 0;
        if (!same) make_form(f, step, name);
        if (!same) f->shown = g_strdup(step);
        g_free(name);
        g_free(step);
    }
    f->number = number;
    g_free(text);
}

/* ---- made -------------------------------------------------------------------------------------
 */

static void on_end(GtkWidget *box, gpointer data) {
    ibx_window_step_form *f = data;
    (void)box;
    g_free(f->shown);
    g_free(f);
}

ibx_window_step_form *ibx_window_step_form_new(ibx_window_text *text, void (*checked)(void *user),
                                               void *user) {
    ibx_window_step_form *f = g_new0(ibx_window_step_form, 1);
    *f = (ibx_window_step_form){.text = text, .checked = checked, .user = user, .number = -1};
    GtkWidget *inside = gtk_vbox_new(FALSE, 8);
    f->box = gtk_alignment_new(0, 0, 1, 1);
    f->heading = ibx_window_sentence("");
    f->room = gtk_scrolled_window_new(NULL, NULL);
    gtk_widget_set_size_request(f->heading, LEAST_W, -1);
    gtk_widget_set_size_request(f->room, -1, LEAST_H); /* as wide as the form in it */
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(f->room), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_box_pack_start(GTK_BOX(inside), f->heading, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(inside), f->room, TRUE, TRUE, 0);
    gtk_alignment_set_padding(GTK_ALIGNMENT(f->box), 0, 0, 12, 0); /* as in a section */
    gtk_container_add(GTK_CONTAINER(f->box), inside);
    g_signal_connect(f->box, "destroy", G_CALLBACK(on_end), f);
    return f;
}
