/* field.c - widgets for a row, by its type. Each kind makes its control, tells it a value, and
 * takes one from it. */
#include "gimp/window/field.h"
#include "core/label.h"
#include <libgimp/gimp.h>
#include <libgimpwidgets/gimpwidgets.h>
#include <stdlib.h>

/* Words in the spelling of recipes, to the values and to who watches. */
static void take(ibx_window_field *f, const char *words) {
    if (f->told) return;
    ibx_window_values_set(f->values, f->row, words);
    f->changed(f);
}

static void tell(ibx_window_field *f, void (*show)(ibx_window_field *f, const char *words)) {
    char *words = ibx_window_values_words(f->values, f->row);
    f->told = true;
    if (words) show(f, words);
    f->told = false;
    free(words);
}

/* ---- numbers --------------------------------------------------------------------------------- */

static void tell_slider(ibx_window_field *f, double value) {
    const bool told = f->told;
    f->told = true;
    gtk_range_set_value(GTK_RANGE(f->slider), ibx_window_range_position(&f->range, value));
    f->told = told;
}

static void spin_changed(GtkSpinButton *spin, ibx_window_field *f) {
    char words[G_ASCII_DTOSTR_BUF_SIZE], format[8];
    const double value = gtk_spin_button_get_value(spin);
    if (f->told) return;
    snprintf(format, sizeof format, "%%.%df", (int)gtk_spin_button_get_digits(spin));
    g_ascii_formatd(words, sizeof words, format, value);
    tell_slider(f, value);
    take(f, words);
}

static void slider_moved(GtkRange *slider, ibx_window_field *f) {
    if (f->told) return;
    const double value = ibx_window_range_value(&f->range, gtk_range_get_value(slider));
    gtk_spin_button_set_value(GTK_SPIN_BUTTON(f->control), value);
}

/* As many digits as the value has: an entry that shows fewer would round it when it is left. */
static int digits_of(const ibx_window_field *f, const char *words) {
    const char *point = strchr(words, '.');
    const int needed = point && !strchr(words, 'e') ? (int)strlen(point + 1) : 0;
    return ibx_min(ibx_max(f->range.digits, needed), 9);
}

static void show_number(ibx_window_field *f, const char *words) {
    const double value = g_ascii_strtod(words, NULL);
    gtk_spin_button_set_digits(GTK_SPIN_BUTTON(f->control), (guint)digits_of(f, words));
    gtk_spin_button_set_value(GTK_SPIN_BUTTON(f->control), value);
    tell_slider(f, value);
}

static void make_number(ibx_window_field *f) {
    f->range = ibx_window_range_of(f->param);
    const ibx_window_range *r = &f->range;
    f->control = gtk_spin_button_new_with_range(f->param->min, f->param->max, r->step);
    gtk_spin_button_set_increments(GTK_SPIN_BUTTON(f->control), r->step, r->page);
    gtk_spin_button_set_numeric(GTK_SPIN_BUTTON(f->control), TRUE);
    gtk_entry_set_alignment(GTK_ENTRY(f->control), 1);
    gtk_entry_set_width_chars(GTK_ENTRY(f->control), 7);
    gtk_entry_set_activates_default(GTK_ENTRY(f->control), TRUE);
    f->slider = gtk_hscale_new_with_range(0, 1, 0.01);
    gtk_scale_set_draw_value(GTK_SCALE(f->slider), FALSE);
    gtk_widget_set_size_request(f->slider, 170, -1);
    g_signal_connect(f->control, "value-changed", G_CALLBACK(spin_changed), f);
    g_signal_connect(f->slider, "value-changed", G_CALLBACK(slider_moved), f);
}

/* ---- checks and choices ---------------------------------------------------------------------- */

static void check_toggled(GtkToggleButton *check, ibx_window_field *f) {
    take(f, gtk_toggle_button_get_active(check) ? "yes" : "no");
}

static void show_check(ibx_window_field *f, const char *words) {
    gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(f->control), strcmp(words, "yes") == 0);
}

static void make_check(ibx_window_field *f) {
    f->control = gtk_check_button_new();
    g_signal_connect(f->control, "toggled", G_CALLBACK(check_toggled), f);
}

static void choice_changed(GtkComboBox *box, ibx_window_field *f) {
    const int i = gtk_combo_box_get_active(box);
    if (i >= 0) take(f, f->param->choices[i]);
}

static void show_choice(ibx_window_field *f, const char *words) {
    for (int i = 0; f->param->choices[i]; i++)
        if (strcmp(f->param->choices[i], words) == 0)
            gtk_combo_box_set_active(GTK_COMBO_BOX(f->control), i);
}

static void make_choice(ibx_window_field *f) {
    f->control = gtk_combo_box_text_new();
    for (int i = 0; f->param->choices[i]; i++)
        gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(f->control),
                                       ibx_label_of_choice(f->param, i).text);
    g_signal_connect(f->control, "changed", G_CALLBACK(choice_changed), f);
}

/* ---- colours --------------------------------------------------------------------------------- */

static unsigned byte_of(double sample) {
    return (unsigned)floor(fmin(fmax(sample, 0), 1) * 255 + 0.5);
}

static void colour_chosen(GimpColorButton *button, ibx_window_field *f) {
    GimpRGB c;
    char words[16];
    gimp_color_button_get_color(button, &c);
    snprintf(words, sizeof words, "#%02x%02x%02x%02x", byte_of(c.r), byte_of(c.g), byte_of(c.b),
             byte_of(c.a));
    take(f, words);
}

static void show_colour(ibx_window_field *f, const char *words) {
    ibx_colour c;
    (void)words; /* the field is its samples */
    memcpy(&c, (const char *)ibx_window_values_block(f->values) + f->param->offset, sizeof c);
    const GimpRGB rgb = {(double)c.r, (double)c.g, (double)c.b, (double)c.a};
    gimp_color_button_set_color(GIMP_COLOR_BUTTON(f->control), &rgb);
}

static void make_colour(ibx_window_field *f) {
    const GimpRGB white = {1, 1, 1, 1};
    f->control =
        gimp_color_button_new("Choose a colour", 60, 20, &white, GIMP_COLOR_AREA_SMALL_CHECKS);
    gimp_color_button_set_update(GIMP_COLOR_BUTTON(f->control), TRUE);
    g_signal_connect(f->control, "color-changed", G_CALLBACK(colour_chosen), f);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void file_chosen(GtkFileChooserButton *button, ibx_window_field *f) {
    char *name = gtk_file_chooser_get_filename(GTK_FILE_CHOOSER(button));
    if (name) take(f, name);
    g_free(name);
}

static void show_file(ibx_window_field *f, const char *words) {
    if (*words)
        gtk_file_chooser_set_filename(GTK_FILE_CHOOSER(f->control), words);
    else
        gtk_file_chooser_unselect_all(GTK_FILE_CHOOSER(f->control));
}

static void make_file(ibx_window_field *f) {
    f->control = gtk_file_chooser_button_new("Choose a file", GTK_FILE_CHOOSER_ACTION_OPEN);
    g_signal_connect(f->control, "file-set", G_CALLBACK(file_chosen), f);
}

/* ---- words ----------------------------------------------------------------------------------- */

static void entry_changed(GtkEditable *entry, ibx_window_field *f) {
    take(f, gtk_entry_get_text(GTK_ENTRY(entry)));
}

static void show_entry(ibx_window_field *f, const char *words) {
    gtk_entry_set_text(GTK_ENTRY(f->control), words);
}

static void make_entry(ibx_window_field *f) {
    f->control = gtk_entry_new();
    gtk_entry_set_activates_default(GTK_ENTRY(f->control), TRUE);
    g_signal_connect(f->control, "changed", G_CALLBACK(entry_changed), f);
}

/* ---- by type --------------------------------------------------------------------------------- */

static const struct {
    void (*make)(ibx_window_field *f);
    void (*show)(ibx_window_field *f, const char *words);
} KINDS[] = {
    [IBX_TYPE_FLOAT] = {make_number, show_number},  [IBX_TYPE_INT] = {make_number, show_number},
    [IBX_TYPE_BOOL] = {make_check, show_check},     [IBX_TYPE_CHOICE] = {make_choice, show_choice},
    [IBX_TYPE_COLOUR] = {make_colour, show_colour}, [IBX_TYPE_TEXT] = {make_entry, show_entry},
    [IBX_TYPE_FILE] = {make_file, show_file},       [IBX_TYPE_EXTENT] = {make_entry, show_entry},
    [IBX_TYPE_LENGTH] = {make_entry, show_entry},
};

void ibx_window_field_make(ibx_window_field *f) {
    KINDS[f->param->type].make(f);
    ibx_window_field_tell(f);
}

void ibx_window_field_tell(ibx_window_field *f) {
    tell(f, KINDS[f->param->type].show);
}
