/* batch_window.c - the window of batches. Work is done in threads (model/batch_work.h); ten times a
 * second the window looks how far they are. */
#include "gimp/window/batch_window.h"
#include "describe/batch.h"
#include "gimp/model/batch_work.h"
#include "gimp/window/inputs.h"
#include "gimp/window/parts.h"
#include "gimp/window/progress.h"
#include "gimp/window/recipe_files.h"
#include "gimp/window/settings.h"
#include "gimp/words.h"
#include <libgimp/gimp.h>
#include <libgimp/gimpui.h>
#include <stdlib.h>

enum { RUN = 1, STOP, CANCEL, REPORT };
enum { LOOK_MS = 100, FIRST_W = 880, FIRST_H = 600 };

typedef struct {
    GtkDialog *dialog;
    GtkWidget *form, *icon, *plan;
    ibx_window_inputs *inputs;
    ibx_window_text *recipe;
    ibx_window_settings *settings;
    ibx_window_progress *progress;
    ibx_gimp_order now, *done; /* what the controls say, and what was run last */
    ibx_window_look *look;
    ibx_window_run *run;
    bool changed; /* since the look began */
    bool ready;   /* the look found nothing wrong */
    bool running, stopped, was_run;
} window;

/* ---- what may be pressed ----------------------------------------------------------------------
 */

static void set_buttons(const window *w) {
    GtkDialog *d = w->dialog;
    gtk_widget_set_sensitive(w->form, !w->running);
    gtk_dialog_set_response_sensitive(d, RUN, w->ready && !w->running && !w->changed);
    gtk_dialog_set_response_sensitive(d, STOP, w->running && !w->stopped);
    gtk_dialog_set_response_sensitive(d, CANCEL, w->running);
    gtk_dialog_set_response_sensitive(d, REPORT, w->run && !w->running);
    gtk_dialog_set_response_sensitive(d, GTK_RESPONSE_CLOSE, !w->running);
}

static void set_title(const window *w, const char *words) {
    char *title = g_strdup_printf("Batch%s%s", words ? ": " : "", words ? words : "");
    gtk_window_set_title(GTK_WINDOW(w->dialog), title);
    g_free(title);
}

/* ---- what would be done -----------------------------------------------------------------------
 */

static void say_plan(const window *w, const char *icon, const char *words) {
    gtk_image_set_from_stock(GTK_IMAGE(w->icon), icon, GTK_ICON_SIZE_MENU);
    gtk_label_set_text(GTK_LABEL(w->plan), words);
}

static char *words_of(const ibx_gimp_outline *o, int if_exists) {
    static const char *const FATE[] = {"; they stay as they are, and their images fail",
                                       "; they are replaced", "; they are left as they are",
                                       "; they are replaced where the image is newer"};
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%zu image%s will become %zu file%s.", o->images,
                           o->images == 1 ? "" : "s", o->files, o->files == 1 ? "" : "s");
    if (o->existing)
        g_string_append_printf(text, " %zu of them exist already%s.", o->existing, FATE[if_exists]);
    if (o->unsized)
        g_string_append(text, " Names with sizes are known only when the images are read.");
    if (o->unreadable) g_string_append_printf(text, " %zu cannot be read.", o->unreadable);
    return g_string_free(text, FALSE);
}

/* The sentence, or all of them where files collide. */
static char *words_of_trouble(const ibx_window_sight *s) {
    enum { SHOWN = 3 };
    if (!*s->collisions) return g_strdup(s->error.text);
    char **line = g_strsplit(s->collisions, "\n", -1);
    const int count = (int)g_strv_length(line) - 1; /* the last one is empty */
    GString *text = g_string_new(NULL);
    for (int i = 0; i < count && i < SHOWN; i++)
        g_string_append_printf(text, "%s%s", i ? "\n" : "", line[i]);
    if (count > SHOWN) g_string_append_printf(text, "\n.. and %d more", count - SHOWN);
    if (s->by_name)
        g_string_append(text, "\nTell them apart by Name, or by the name of the save step, "
                              "as in {dir}{stem}-{n}{ext}.");
    g_strfreev(line);
    return g_string_free(text, FALSE);
}

static void show_plan(window *w, const ibx_window_sight *s) {
    char *words = s->ok ? words_of(&s->outline, w->now.if_exists) : words_of_trouble(s);
    const bool trouble = !s->ok || s->outline.unreadable ||
                         (s->outline.existing && w->now.if_exists == IBX_EXISTS_FAIL);
    w->ready = s->ok;
    say_plan(w, trouble ? GTK_STOCK_DIALOG_WARNING : GTK_STOCK_APPLY, words);
    g_free(words);
}

/* The first thing that is missing, as a hint rather than an error; NULL: nothing. */
static const char *missing(const window *w) {
    if (!*w->now.input) return "Add a folder or files, or drag them into the list.";
    if (!*w->now.output) return "Choose a folder for the results.";
    if (ibx_window_text_error(w->recipe)->code != IBX_OK) return "The recipe is not complete.";
    return NULL;
}

/* One look at a time: as it cannot be called back, the next one waits for its end. */
static void look_again(window *w) {
    const char *hint = missing(w);
    if (w->look || !w->changed || w->running) return;
    w->changed = false;
    w->ready = false;
    if (hint)
        say_plan(w, GTK_STOCK_INFO, hint);
    else
        w->look = ibx_window_look_start(&w->now);
    set_buttons(w);
}

static void take_look(window *w) {
    const ibx_window_sight *sight = w->look ? ibx_window_look_result(w->look) : NULL;
    if (!sight) return;
    if (!w->changed) show_plan(w, sight);
    ibx_window_look_free(w->look);
    w->look = NULL;
    set_buttons(w);
}

/* ---- the run ----------------------------------------------------------------------------------
 */

static void start(window *w) {
    ibx_error err = {0};
    char *text = ibx_gimp_order_print(&w->now);
    ibx_window_run_free(w->run);
    w->run = ibx_window_run_start(&w->now, &err);
    w->running = w->run != NULL;
    w->stopped = false;
    if (w->run) ibx_window_progress_clear(w->progress, "Looking for images");
    if (!w->run)
        ibx_window_complain(w->form, err.text);
    else if (text && ibx_gimp_order_read(w->done, text))
        w->was_run = true;
    free(text);
    set_buttons(w);
}

/* As with signals: once finishes what is under way, twice drops it. */
static void stop(window *w, bool at_once) {
    if (!w->running) return;
    if (at_once || w->stopped)
        ibx_window_run_cancel(w->run);
    else
        ibx_window_run_stop(w->run);
    w->stopped = true;
    say_plan(w, GTK_STOCK_STOP,
             at_once ? "Images under way are dropped; no half of a file is left."
                     : "Images under way are finished. Cancel now drops them.");
    set_buttons(w);
}

static void show_run(window *w) {
    const char *words;
    if (!w->running) return;
    w->running = !ibx_window_progress_show(w->progress, w->run, &words);
    set_title(w, words);
    if (w->running) return;
    w->changed = true; /* files are there now that were not */
    set_buttons(w);
}

static gboolean on_time(gpointer data) {
    window *w = data;
    show_run(w);
    take_look(w);
    look_again(w);
    return TRUE;
}

static void save_report(const window *w) {
    size_t size;
    const char *report = ibx_window_run_report(w->run, &size);
    GtkWidget *chooser = gtk_file_chooser_dialog_new(
        "Save the report", GTK_WINDOW(w->dialog), GTK_FILE_CHOOSER_ACTION_SAVE, GTK_STOCK_CANCEL,
        GTK_RESPONSE_CANCEL, GTK_STOCK_SAVE, GTK_RESPONSE_ACCEPT, NULL);
    gtk_dialog_set_default_response(GTK_DIALOG(chooser), GTK_RESPONSE_ACCEPT);
    gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(chooser), "report.jsonl");
    gtk_file_chooser_set_do_overwrite_confirmation(GTK_FILE_CHOOSER(chooser), TRUE);
    char *name = gtk_dialog_run(GTK_DIALOG(chooser)) == GTK_RESPONSE_ACCEPT
                     ? gtk_file_chooser_get_filename(GTK_FILE_CHOOSER(chooser))
                     : NULL;
    GError *problem = NULL;
    gtk_widget_destroy(chooser);
    if (name && !g_file_set_contents(name, report, (gssize)size, &problem))
        ibx_window_complain(w->form, problem->message);
    g_clear_error(&problem);
    g_free(name);
}

/* ---- made -------------------------------------------------------------------------------------
 */

static void on_change(void *user) {
    window *w = user;
    char *recipe = ibx_window_text_get(w->recipe), *inputs = ibx_window_inputs_get(w->inputs);
    ibx_gimp_order_text(&w->now.recipe, recipe);
    ibx_gimp_order_text(&w->now.input, inputs);
    ibx_window_settings_get(w->settings, &w->now);
    w->changed = true;
    g_free(recipe);
    g_free(inputs);
    set_buttons(w);
}

static GtkDialog *make_dialog(void) {
    GtkWidget *dialog =
        gimp_dialog_new("Batch", IBX_GIMP_BATCH, NULL, 0, gimp_standard_help_func, IBX_GIMP_BATCH,
                        "Save repo_rt...", REPORT, "_Stop", STOP, "Cancel no_w", CANCEL, "_Close",
                        GTK_RESPONSE_CLOSE, "R_un", RUN, NULL);
    gtk_dialog_set_default_response(GTK_DIALOG(dialog), RUN);
    gimp_window_set_transient(GTK_WINDOW(dialog));
    return GTK_DIALOG(dialog);
}

static GtkWidget *make_plan(window *w) {
    GtkWidget *line = gtk_hbox_new(FALSE, 8);
    w->icon = gtk_image_new();
    w->plan = ibx_window_sentence("");
    gtk_misc_set_alignment(GTK_MISC(w->icon), 0, 0);
    gtk_misc_set_alignment(GTK_MISC(w->plan), 0, 0);
    gtk_label_set_selectable(GTK_LABEL(w->plan), TRUE);
    gtk_widget_set_can_focus(w->plan, FALSE);
    gtk_widget_set_size_request(w->plan, 640, -1);
    gtk_box_pack_start(GTK_BOX(line), w->icon, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(line), w->plan, TRUE, TRUE, 0);
    return line;
}

static void fill(window *w) {
    GtkWidget *all = gtk_vbox_new(FALSE, 18), *left = gtk_vbox_new(FALSE, 18);
    GtkWidget *settings = ibx_window_settings_widget(w->settings);
    GtkWidget *recipe = ibx_window_text_widget(w->recipe);
    ibx_window_text_add(w->recipe, ibx_window_open_button(w->recipe));
    w->form = gtk_hbox_new(FALSE, 24);
    gtk_box_pack_start(GTK_BOX(left),
                       ibx_window_section("Images", ibx_window_inputs_widget(w->inputs)), TRUE,
                       TRUE, 0);
    gtk_box_pack_start(GTK_BOX(left), ibx_window_section("Recipe", recipe), FALSE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(w->form), left, TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(w->form), ibx_window_section("Results", settings), FALSE, TRUE, 0);
    gtk_container_set_border_width(GTK_CONTAINER(all), 12);
    gtk_box_pack_start(GTK_BOX(all), w->form, TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(all), make_plan(w), FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(all), ibx_window_progress_widget(w->progress), FALSE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(gtk_dialog_get_content_area(w->dialog)), all, TRUE, TRUE, 0);
    gtk_widget_show_all(all);
}

/* Until it is closed, which it is only when nothing runs. */
static void answer(window *w) {
    for (;;) {
        const int response = gimp_dialog_run(GIMP_DIALOG(w->dialog));
        switch (response) {
        case RUN:
            start(w);
            break;
        case REPORT:
            save_report(w);
            break;
        case STOP:
        case CANCEL:
            stop(w, response == CANCEL);
            break;
        default:
            if (!w->running) return;
            stop(w, w->stopped);
        }
    }
}

bool ibx_window_ask_batch(ibx_gimp_order *order, ibx_gimp_order *done) {
    window w = {.done = done, .changed = true};
    char *text = ibx_gimp_order_print(order);
    gimp_ui_init("imbrex", FALSE);
    const bool ok = ibx_gimp_order_new(&w.now, NULL) && text && ibx_gimp_order_read(&w.now, text);
    free(text);
    if (!ok) return false;
    w.dialog = make_dialog();
    gtk_window_set_default_size(GTK_WINDOW(w.dialog), FIRST_W, FIRST_H);
    w.recipe = ibx_window_text_new(true, 3);
    w.inputs = ibx_window_inputs_new(on_change, &w);
    w.settings = ibx_window_settings_new(&w.now, on_change, &w);
    w.progress = ibx_window_progress_new();
    fill(&w);
    ibx_window_inputs_set(w.inputs, order->input);
    ibx_window_text_set(w.recipe, order->recipe);
    ibx_window_text_watch(w.recipe, on_change, NULL, &w);
    on_change(&w);
    const guint timer = g_timeout_add(LOOK_MS, on_time, &w);
    answer(&w);
    g_source_remove(timer);
    gtk_widget_destroy(GTK_WIDGET(w.dialog));
    ibx_window_look_free(w.look);
    ibx_window_run_free(w.run);
    ibx_gimp_order_free(order);
    *order = w.now;
    return w.was_run;
}
