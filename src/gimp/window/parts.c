/* parts.c - small pieces of windows. */
#include "gimp/window/parts.h"

GtkWidget *ibx_window_section(const char *heading, GtkWidget *inside) {
    GtkWidget *frame = gtk_frame_new(NULL), *label = gtk_label_new(NULL);
    GtkWidget *room = gtk_alignment_new(0, 0, 1, 1);
    char *bold = g_markup_printf_escaped("<b>%s</b>", heading);
    gtk_label_set_markup(GTK_LABEL(label), bold);
    g_free(bold);
    gtk_frame_set_shadow_type(GTK_FRAME(frame), GTK_SHADOW_NONE);
    gtk_frame_set_label_widget(GTK_FRAME(frame), label);
    gtk_alignment_set_padding(GTK_ALIGNMENT(room), 6, 0, 12, 0);
    gtk_container_add(GTK_CONTAINER(room), inside);
    gtk_container_add(GTK_CONTAINER(frame), room);
    return frame;
}

void ibx_window_row(GtkTable *table, int line, const char *words, GtkWidget *control,
                    const char *says) {
    GtkWidget *label = gtk_label_new_with_mnemonic(words);
    gtk_misc_set_alignment(GTK_MISC(label), 0, 0.5f);
    gtk_label_set_mnemonic_widget(GTK_LABEL(label), control);
    gtk_widget_set_tooltip_text(control, says);
    gtk_table_attach(table, label, 0, 1, (guint)line, (guint)line + 1, GTK_FILL, GTK_FILL, 0, 0);
    gtk_table_attach(table, control, 1, 2, (guint)line, (guint)line + 1, GTK_EXPAND | GTK_FILL,
                     GTK_FILL, 0, 0);
}

GtkWidget *ibx_window_button(GtkBox *box, const char *icon, const char *label, const char *says,
                             GCallback clicked, gpointer data) {
    GtkWidget *button = gtk_button_new_with_mnemonic(label);
    gtk_button_set_image(GTK_BUTTON(button), gtk_image_new_from_stock(icon, GTK_ICON_SIZE_BUTTON));
    gtk_widget_set_tooltip_text(button, says);
    if (box) gtk_box_pack_start(box, button, FALSE, FALSE, 0);
    g_signal_connect(button, "clicked", clicked, data);
    return button;
}

GtkWidget *ibx_window_scrolled(GtkWidget *inside, int w, int h) {
    GtkWidget *scroll = gtk_scrolled_window_new(NULL, NULL);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroll), GTK_POLICY_AUTOMATIC,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_shadow_type(GTK_SCROLLED_WINDOW(scroll), GTK_SHADOW_IN);
    gtk_widget_set_size_request(scroll, w, h);
    gtk_container_add(GTK_CONTAINER(scroll), inside);
    return scroll;
}

GtkWidget *ibx_window_sentence(const char *text) {
    GtkWidget *label = gtk_label_new(text);
    gtk_misc_set_alignment(GTK_MISC(label), 0, 0.5f);
    gtk_label_set_line_wrap(GTK_LABEL(label), TRUE);
    return label;
}

GtkWidget *ibx_window_words(const char *first, const char *const *words) {
    GtkWidget *box = gtk_combo_box_text_new();
    if (first) gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(box), first);
    for (; *words; words++) gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(box), *words);
    gtk_combo_box_set_active(GTK_COMBO_BOX(box), 0);
    return box;
}

static void below(GtkMenu *menu, int *x, int *y, gboolean *inside, gpointer data) {
    GtkAllocation at;
    (void)menu;
    gtk_widget_get_allocation(data, &at);
    gdk_window_get_origin(gtk_widget_get_window(data), x, y);
    *x += at.x;
    *y += at.y + at.height;
    *inside = TRUE;
}

/* When it is hidden its item is still to be told, so it ends a moment later. */
static gboolean destroy_menu(gpointer menu) {
    gtk_widget_destroy(menu);
    g_object_unref(menu);
    return FALSE;
}

static void on_hidden(GtkWidget *menu, gpointer data) {
    (void)data;
    g_idle_add(destroy_menu, menu);
}

void ibx_window_pop_menu(GtkWidget *menu, GtkWidget *button) {
    g_object_ref_sink(menu);
    g_signal_connect(menu, "selection-done", G_CALLBACK(on_hidden), NULL);
    gtk_widget_show_all(menu);
    gtk_menu_popup(GTK_MENU(menu), NULL, NULL, below, button, 0, gtk_get_current_event_time());
}

void ibx_window_complain(GtkWidget *parent, const char *sentence) {
    GtkWidget *box =
        gtk_message_dialog_new(GTK_WINDOW(gtk_widget_get_toplevel(parent)), GTK_DIALOG_MODAL,
                               GTK_MESSAGE_ERROR, GTK_BUTTONS_CLOSE, "%s", sentence);
    gtk_window_set_title(GTK_WINDOW(box), "imbrex");
    gtk_dialog_run(GTK_DIALOG(box));
    gtk_widget_destroy(box);
}

bool ibx_window_may_replace(GtkWidget *parent, const char *name) {
    if (!g_file_test(name, G_FILE_TEST_EXISTS)) return true;
    char *shown = g_filename_display_basename(name), *folder = g_path_get_dirname(name);
    char *where = g_filename_display_name(folder);
    GtkWidget *box = gtk_message_dialog_new(
        GTK_WINDOW(gtk_widget_get_toplevel(parent)), GTK_DIALOG_MODAL, GTK_MESSAGE_QUESTION,
        GTK_BUTTONS_NONE, "%s exists already in %s. Replace it?", shown, where);
    gtk_dialog_add_buttons(GTK_DIALOG(box), GTK_STOCK_CANCEL, GTK_RESPONSE_CANCEL, "_Replace",
                           GTK_RESPONSE_ACCEPT, NULL);
    gtk_dialog_set_default_response(GTK_DIALOG(box), GTK_RESPONSE_CANCEL);
    gtk_window_set_title(GTK_WINDOW(box), "Replace the file");
    const bool may = gtk_dialog_run(GTK_DIALOG(box)) == GTK_RESPONSE_ACCEPT;
    gtk_widget_destroy(box);
    g_free(where);
    g_free(folder);
    g_free(shown);
    return may;
}

static void all_toggled(GtkToggleButton *check, gpointer data) {
    ibx_gimp_subject *subject = data;
    subject->all_marked = gtk_toggle_button_get_active(check);
}

GtkWidget *ibx_window_all_layers(ibx_gimp_subject *subject) {
    if (subject->marked < 2) return NULL;
    char *words = g_strdup_printf("A_ll %d linked layers", subject->marked);
    GtkWidget *check = gtk_check_button_new_with_mnemonic(words);
    gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(check), subject->all_marked);
    g_signal_connect(check, "toggled", G_CALLBACK(all_toggled), subject);
    g_free(words);
    return check;
}

bool ibx_window_is_taken(GtkWidget *parent, const ibx_gimp_subject *subject, const char *recipe) {
    ibx_error err = {0};
    if (!subject->takes || subject->takes(subject, recipe, &err)) return true;
    ibx_window_complain(parent, err.text);
    return false;
}
