/* text.c - a box for the text of a recipe. */
#include "gimp/window/text.h"
#include "gimp/recipe.h"
#include "gimp/sentence.h"
#include "gimp/window/popup.h"
#include <gdk/gdkkeysyms.h>
#include <stdlib.h>

struct ibx_window_text {
    GtkWidget *box, *line, *sentence, *icon;
    GtkTextView *view;
    GtkTextBuffer *buffer;
    GtkTextTag *wrong, *pointed;
    ibx_window_popup *popup;
    bool files, typing, filling, typed;
    ibx_recipe *recipe;
    ibx_error err;
    void (*changed)(void *user);
    void (*moved)(void *user);
    void *user;
};

GtkWidget *ibx_window_text_widget(const ibx_window_text *b) {
    return b->box;
}

bool ibx_window_text_is_typed(const ibx_window_text *b) {
    return b->typed;
}

const ibx_recipe *ibx_window_text_recipe(const ibx_window_text *b) {
    return b->recipe;
}

void ibx_window_text_add(ibx_window_text *b, GtkWidget *button) {
    GtkWidget *room = gtk_alignment_new(0, 0, 0, 0); /* no higher than it must be */
    gtk_container_add(GTK_CONTAINER(room), button);
    gtk_box_pack_end(GTK_BOX(b->line), room, FALSE, FALSE, 0);
}

const ibx_error *ibx_window_text_error(const ibx_window_text *b) {
    return &b->err;
}

char *ibx_window_text_get(const ibx_window_text *b) {
    GtkTextIter begin, end;
    gtk_text_buffer_get_bounds(b->buffer, &begin, &end);
    return gtk_text_buffer_get_text(b->buffer, &begin, &end, TRUE);
}

void ibx_window_text_focus(ibx_window_text *b) {
    gtk_widget_grab_focus(GTK_WIDGET(b->view));
}

/* ---- places: the buffer counts characters, recipes count bytes --------------------------------
 */

static GtkTextIter place_of(const ibx_window_text *b, const char *text, size_t byte) {
    GtkTextIter at;
    gtk_text_buffer_get_iter_at_offset(b->buffer, &at, (int)g_utf8_strlen(text, (gssize)byte));
    return at;
}

size_t ibx_window_text_cursor(const ibx_window_text *b) {
    GtkTextIter begin, at;
    gtk_text_buffer_get_start_iter(b->buffer, &begin);
    gtk_text_buffer_get_iter_at_mark(b->buffer, &at, gtk_text_buffer_get_insert(b->buffer));
    char *text = gtk_text_buffer_get_text(b->buffer, &begin, &at, TRUE);
    const size_t bytes = strlen(text);
    g_free(text);
    return bytes;
}

static void mark(const ibx_window_text *b, GtkTextTag *tag, ibx_gimp_slice part) {
    GtkTextIter begin, end;
    char *text = ibx_window_text_get(b);
    gtk_text_buffer_get_bounds(b->buffer, &begin, &end);
    gtk_text_buffer_remove_tag(b->buffer, tag, &begin, &end);
    if (part.length && part.at + part.length <= strlen(text)) {
        begin = place_of(b, text, part.at);
        end = place_of(b, text, part.at + part.length);
        gtk_text_buffer_apply_tag(b->buffer, tag, &begin, &end);
    }
    g_free(text);
}

void ibx_window_text_point(ibx_window_text *b, ibx_gimp_slice part) {
    mark(b, b->pointed, part);
}

/* ---- checked ----------------------------------------------------------------------------------
 */

static void say(const ibx_window_text *b) {
    const bool wrong = b->err.code != IBX_OK;
    gtk_label_set_text(GTK_LABEL(b->sentence), b->err.text);
    gtk_widget_set_visible(b->icon, wrong);
    gtk_image_set_from_stock(GTK_IMAGE(b->icon),
                             b->err.step ? GTK_STOCK_DIALOG_WARNING : GTK_STOCK_INFO,
                             GTK_ICON_SIZE_MENU);
}

static void check(ibx_window_text *b) {
    char *text = ibx_window_text_get(b);
    ibx_error err = {0};
    ibx_recipe_free(b->recipe);
    b->recipe = NULL;
    b->err = (ibx_error){0};
    if (!b->files && ibx_gimp_count_steps(text) == 0) {
        ibx_fail(&b->err, IBX_USAGE, "Type a recipe, open one, or add a step.");
    } else {
        b->recipe = ibx_gimp_recipe_read(text, &err);
        if (b->recipe && !b->files && !ibx_gimp_recipe_for_layer(b->recipe, &err)) {
            ibx_recipe_free(b->recipe);
            b->recipe = NULL;
        }
        if (!b->recipe) b->err = err;
        ibx_gimp_sentence(b->err.text);
    }
    mark(b, b->wrong, ibx_gimp_error_place(text, &b->err));
    say(b);
    g_free(text);
}

static void tell(ibx_window_text *b) {
    check(b);
    if (b->changed) b->changed(b->user);
}

static void on_changed(GtkTextBuffer *buffer, gpointer data) {
    ibx_window_text *b = data;
    (void)buffer;
    if (b->filling) return;
    b->typed = true;
    tell(b);
}

void ibx_window_text_set(ibx_window_text *b, const char *text) {
    char *now = ibx_window_text_get(b);
    if (strcmp(now, text) != 0) {
        b->filling = true; /* the old text is taken away first: that is no change to tell */
        gtk_text_buffer_begin_user_action(b->buffer);
        gtk_text_buffer_set_text(b->buffer, text, -1);
        gtk_text_buffer_end_user_action(b->buffer);
        b->filling = false;
        b->typed = false;
        tell(b);
    }
    g_free(now);
}

void ibx_window_text_watch(ibx_window_text *b, void (*changed)(void *user),
                           void (*moved)(void *user), void *user) {
    b->changed = changed;
    b->moved = moved;
    b->user = user;
}

/* ---- completed --------------------------------------------------------------------------------
 */

/* asked: also where nothing is typed yet, or all of a word is. */
static void complete(ibx_window_text *b, bool asked) {
    ibx_gimp_choices choices;
    char *text = ibx_window_text_get(b);
    const size_t cursor = ibx_window_text_cursor(b);
    const bool found = ibx_gimp_complete(text, cursor, b->files, &choices);
    const char before = cursor > 0 ? text[cursor - 1] : ' ';
    const char *typed = text + choices.typed.at;
    const bool begun = choices.typed.length || before == ':' || before == ',' || before == '=';
    const bool whole = choices.count == 1 &&
                       strlen(choices.choice[0].text) == choices.typed.length &&
                       strncmp(choices.choice[0].text, typed, choices.typed.length) == 0;
    if (found && (asked || (begun && !whole)))
        ibx_window_popup_show(b->popup, &choices);
    else
        ibx_window_popup_hide(b->popup);
    ibx_gimp_choices_free(&choices);
    g_free(text);
}

static void take(void *user, const char *choice) {
    ibx_window_text *b = user;
    ibx_gimp_choices choices;
    char *text = ibx_window_text_get(b);
    const size_t cursor = ibx_window_text_cursor(b);
    ibx_gimp_complete(text, cursor, b->files, &choices);
    GtkTextIter begin = place_of(b, text, choices.typed.at), end = place_of(b, text, cursor);
    b->filling = true;
    gtk_text_buffer_delete(b->buffer, &begin, &end);
    b->filling = false;
    gtk_text_buffer_insert(b->buffer, &begin, choice, -1);
    ibx_gimp_choices_free(&choices);
    g_free(text);
    if (choice[strlen(choice) - 1] == '=') complete(b, false);
}

static gboolean on_key(GtkWidget *view, GdkEventKey *key, gpointer data) {
    ibx_window_text *b = data;
    (void)view;
    if (ibx_window_popup_key(b->popup, key)) return TRUE;
    if (key->keyval == GDK_KEY_space && key->state & GDK_CONTROL_MASK) {
        complete(b, true);
        return TRUE;
    }
    if (key->keyval == GDK_KEY_Tab || key->keyval == GDK_KEY_ISO_Left_Tab) {
        gtk_widget_child_focus(gtk_widget_get_toplevel(view), key->keyval == GDK_KEY_Tab
                                                                  ? GTK_DIR_TAB_FORWARD
                                                                  : GTK_DIR_TAB_BACKWARD);
        return TRUE; /* a recipe needs no tabs */
    }
    b->typing = key->keyval >= GDK_KEY_space && key->keyval <= GDK_KEY_asciitilde &&
                !(key->state & (GDK_CONTROL_MASK | GDK_MOD1_MASK));
    if (key->keyval == GDK_KEY_BackSpace) b->typing = gtk_text_buffer_get_char_count(b->buffer) > 1;
    return FALSE;
}

static gboolean on_key_up(GtkWidget *view, GdkEventKey *key, gpointer data) {
    ibx_window_text *b = data;
    (void)view, (void)key;
    if (b->typing) complete(b, false);
    b->typing = false;
    return FALSE;
}

static void on_moved(GtkTextBuffer *buffer, const GtkTextIter *at, GtkTextMark *moved,
                     gpointer data) {
    ibx_window_text *b = data;
    (void)at;
    if (!b->filling && b->moved && moved == gtk_text_buffer_get_insert(buffer)) b->moved(b->user);
}

/* ---- made -------------------------------------------------------------------------------------
 */

static void on_end(GtkWidget *box, gpointer data) {
    ibx_window_text *b = data;
    (void)box;
    g_signal_handlers_disconnect_matched(b->buffer, G_SIGNAL_MATCH_DATA, 0, 0, NULL, NULL, b);
    ibx_recipe_free(b->recipe);
    g_free(b);
}

static GtkWidget *make_view(ibx_window_text *b, int lines) {
    GtkWidget *scroll = gtk_scrolled_window_new(NULL, NULL), *view = gtk_text_view_new();
    PangoFontDescription *font = pango_font_description_from_string("Monospace");
    b->view = GTK_TEXT_VIEW(view);
    b->buffer = gtk_text_view_get_buffer(b->view);
    b->wrong = gtk_text_buffer_create_tag(b->buffer, NULL, "underline", PANGO_UNDERLINE_ERROR,
                                          "foreground", "#c01818", NULL);
    b->pointed = gtk_text_buffer_create_tag(b->buffer, NULL, "weight", PANGO_WEIGHT_BOLD, NULL);
    gtk_text_view_set_wrap_mode(b->view, GTK_WRAP_WORD_CHAR);
    gtk_text_view_set_left_margin(b->view, 6);
    gtk_text_view_set_right_margin(b->view, 6);
    gtk_text_view_set_pixels_above_lines(b->view, 3);
    gtk_widget_modify_font(view, font);
    gtk_widget_set_size_request(view, 300, lines * 20 + 4);
    gtk_scrolled_window_set_shadow_type(GTK_SCROLLED_WINDOW(scroll), GTK_SHADOW_IN);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroll), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_container_add(GTK_CONTAINER(scroll), view);
    pango_font_description_free(font);
    return scroll;
}

/* At least as high as two lines, so that nothing jumps while somebody types; a longer sentence is
 * not cut. */
static void make_sentence(ibx_window_text *b) {
    GtkWidget *strut = gtk_alignment_new(0, 0, 0, 0);
    b->line = gtk_hbox_new(FALSE, 6);
    gtk_widget_set_size_request(strut, 0, 36);
    b->icon = gtk_image_new_from_stock(GTK_STOCK_DIALOG_WARNING, GTK_ICON_SIZE_MENU);
    b->sentence = gtk_label_new("");
    gtk_misc_set_alignment(GTK_MISC(b->icon), 0, 0);
    gtk_misc_set_alignment(GTK_MISC(b->sentence), 0, 0);
    gtk_label_set_line_wrap(GTK_LABEL(b->sentence), TRUE);
    gtk_label_set_selectable(GTK_LABEL(b->sentence), TRUE);
    gtk_widget_set_can_focus(b->sentence, FALSE);
    gtk_widget_set_size_request(b->sentence, 260, -1);
    gtk_widget_set_no_show_all(b->icon, TRUE);
    gtk_box_pack_start(GTK_BOX(b->line), b->icon, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(b->line), b->sentence, TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(b->line), strut, FALSE, FALSE, 0);
}

ibx_window_text *ibx_window_text_new(bool files, int lines) {
    ibx_window_text *b = g_new0(ibx_window_text, 1);
    b->files = files;
    b->box = gtk_vbox_new(FALSE, 4);
    gtk_box_pack_start(GTK_BOX(b->box), make_view(b, lines), TRUE, TRUE, 0);
    make_sentence(b);
    gtk_box_pack_start(GTK_BOX(b->box), b->line, FALSE, FALSE, 0);
    b->popup = ibx_window_popup_new(b->view, take, b);
    g_signal_connect(b->buffer, "changed", G_CALLBACK(on_changed), b);
    g_signal_connect(b->buffer, "mark-set", G_CALLBACK(on_moved), b);
    g_signal_connect(b->view, "key-press-event", G_CALLBACK(on_key), b);
    g_signal_connect(b->view, "key-release-event", G_CALLBACK(on_key_up), b);
    g_signal_connect(b->box, "destroy", G_CALLBACK(on_end), b);
    check(b);
    return b;
}
