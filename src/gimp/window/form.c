/* form.c - the rows of a form, in a table of label, control, unit and a button that resets. */
#include "gimp/window/form.h"
#include "core/label.h"
#include "core/param.h"
#include "gimp/window/field.h"
#include <ctype.h>
#include <stdlib.h>

struct ibx_window_form {
    GtkWidget *widget;
    ibx_window_values *values;
    ibx_window_field *field;
    GtkWidget **reset; /* the button of each row */
    int count;
    GtkWidget *problem, *sentence;
    bool valid;
    void (*changed)(void *user);
    void *user;
};

/* Columns of the table. What has no slider and no unit takes their columns too. */
enum { LABEL, SLIDER, ENTRY, UNIT, RESET, COLUMNS };

/* ---- changes --------------------------------------------------------------------------------- */

/* Shows what is wrong, and which rows could be reset. */
static void judge(ibx_window_form *form) {
    ibx_error err;
    form->valid = ibx_window_values_check(form->values, &err);
    gtk_label_set_text(GTK_LABEL(form->sentence), err.text);
    g_object_set(form->problem, "visible", !form->valid, NULL);
    for (int i = 0; i < form->count; i++)
        gtk_widget_set_sensitive(form->reset[i], !ibx_window_values_is_default(form->values, i));
}

static void field_changed(ibx_window_field *field) {
    ibx_window_form *form = field->form;
    judge(form);
    if (form->changed) form->changed(form->user);
}

static void reset_clicked(GtkButton *button, ibx_window_field *field) {
    (void)button;
    ibx_window_values_reset(field->values, field->row);
    ibx_window_field_tell(field);
    field_changed(field);
}

/* ---- making ---------------------------------------------------------------------------------- */

/* "Out _black:": with the first letter underlined that no row above has, and that the buttons of a
 * dialog do not have. */
static void label_text(const char *label, char *text, size_t size, bool used[256]) {
    size_t at = strlen(label);
    for (size_t i = 0; label[i] && at == strlen(label); i++)
        if (isalpha((unsigned char)label[i]) && !used[tolower((unsigned char)label[i])]) at = i;
    if (label[at]) used[tolower((unsigned char)label[at])] = true;
    snprintf(text, size, "%.*s%s%s:", (int)at, label, label[at] ? "_" : "", label + at);
}

static const char *unit_of(const ibx_param *row) {
    if (row->type == IBX_TYPE_EXTENT || row->type == IBX_TYPE_LENGTH) return "px or %";
    return strcmp(row->unit, "deg") == 0 ? "\302\260" : row->unit;
}

static void add_label(GtkTable *table, const ibx_window_field *field, bool used[256]) {
    char text[80];
    label_text(ibx_label_of_row(field->param).text, text, sizeof text, used);
    GtkWidget *label = gtk_label_new_with_mnemonic(text);
    gtk_label_set_mnemonic_widget(GTK_LABEL(label), field->control);
    gtk_misc_set_alignment(GTK_MISC(label), 0, 0.5F);
    gtk_widget_set_tooltip_text(label, field->param->doc);
    const guint row = (guint)field->row;
    gtk_table_attach(table, label, LABEL, LABEL + 1, row, row + 1, GTK_FILL, GTK_FILL, 0, 0);
}

static void add_reset(GtkTable *table, ibx_window_form *form, ibx_window_field *field) {
    GtkWidget *button = gtk_button_new();
    gtk_container_add(GTK_CONTAINER(button),
                      gtk_image_new_from_icon_name("edit-undo", GTK_ICON_SIZE_MENU));
    gtk_button_set_relief(GTK_BUTTON(button), GTK_RELIEF_NONE);
    gtk_widget_set_tooltip_text(button, "Back to the default");
    g_signal_connect(button, "clicked", G_CALLBACK(reset_clicked), field);
    form->reset[field->row] = button;
    const guint row = (guint)field->row;
    gtk_table_attach(table, button, RESET, RESET + 1, row, row + 1, 0, 0, 0, 0);
}

static void add_control(GtkTable *table, ibx_window_field *field) {
    const guint row = (guint)field->row, first = field->slider ? ENTRY : SLIDER;
    const char *unit = unit_of(field->param);
    const GtkAttachOptions wide = GTK_EXPAND | GTK_FILL;
    gtk_widget_set_tooltip_text(field->control, field->param->doc);
    gtk_table_attach(table, field->control, first, ENTRY + 1, row, row + 1,
                     field->slider ? GTK_FILL : wide, GTK_FILL, 0, 0);
    if (field->slider) {
        gtk_widget_set_tooltip_text(field->slider, field->param->doc);
        gtk_table_attach(table, field->slider, SLIDER, SLIDER + 1, row, row + 1, wide, GTK_FILL, 0,
                         0);
    }
    if (!*unit) return;
    GtkWidget *label = gtk_label_new(unit);
    gtk_misc_set_alignment(GTK_MISC(label), 0, 0.5F);
    gtk_table_attach(table, label, UNIT, UNIT + 1, row, row + 1, GTK_FILL, GTK_FILL, 0, 0);
}

/* The letters that buttons and checks of the windows have: a key of two controls would only go from
 * one to the other. */
static const char TAKEN[] = "acdhlnoprstuvy";

static GtkWidget *make_table(ibx_window_form *form) {
    GtkWidget *table = gtk_table_new((guint)ibx_max(form->count, 1), COLUMNS, FALSE);
    gtk_table_set_row_spacings(GTK_TABLE(table), 6);
    gtk_table_set_col_spacings(GTK_TABLE(table), 6);
    bool used[256] = {false};
    for (const char *letter = TAKEN; *letter; letter++) used[(unsigned char)*letter] = true;
    for (int i = 0; i < form->count; i++) {
        ibx_window_field *field = &form->field[i];
        *field = (ibx_window_field){.values = form->values,
                                    .param = &ibx_window_values_rows(form->values)[i],
                                    .row = i,
                                    .changed = field_changed,
                                    .form = form};
        ibx_window_field_make(field);
        add_control(GTK_TABLE(table), field);
        add_label(GTK_TABLE(table), field, used);
        add_reset(GTK_TABLE(table), form, field);
    }
    return table;
}

/* The sentence, with a sign in front. It is shown where there is something to say. */
static GtkWidget *make_problem(ibx_window_form *form) {
    form->problem = gtk_hbox_new(FALSE, 6);
    form->sentence = gtk_label_new(NULL);
    GtkWidget *sign = gtk_image_new_from_stock(GTK_STOCK_DIALOG_WARNING, GTK_ICON_SIZE_MENU);
    gtk_misc_set_alignment(GTK_MISC(sign), 0.5F, 0);
    gtk_label_set_line_wrap(GTK_LABEL(form->sentence), TRUE);
    gtk_misc_set_alignment(GTK_MISC(form->sentence), 0, 0);
    gtk_widget_set_size_request(form->sentence, 300, -1);
    gtk_box_pack_start(GTK_BOX(form->problem), sign, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(form->problem), form->sentence, TRUE, TRUE, 0);
    gtk_widget_show_all(form->problem);
    gtk_widget_set_no_show_all(form->problem, TRUE);
    return form->problem;
}

/* ---- the form -------------------------------------------------------------------------------- */

static void free_form(void *data) {
    ibx_window_form *form = data;
    ibx_window_values_free(form->values);
    free(form->field);
    free(form->reset);
    free(form);
}

ibx_window_form *ibx_window_form_new(const ibx_step *step) {
    ibx_window_form *form = calloc(1, sizeof *form);
    if (!form) return NULL;
    form->count = ibx_param_count(ibx_step_rows(step));
    form->values = ibx_window_values_new(step);
    form->field = calloc((size_t)form->count + 1, sizeof *form->field);
    form->reset = calloc((size_t)form->count + 1, sizeof(GtkWidget *));
    if (!form->values || !form->field || !form->reset) {
        free_form(form);
        return NULL;
    }
    form->widget = gtk_vbox_new(FALSE, 12);
    gtk_box_pack_start(GTK_BOX(form->widget), make_table(form), FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(form->widget), make_problem(form), FALSE, FALSE, 0);
    /* Entries may still signal while the widget is destroyed, so the form goes with the last of it.
     */
    g_object_set_data_full(G_OBJECT(form->widget), "imbrex-form", form, free_form);
    judge(form);
    return form;
}

GtkWidget *ibx_window_form_widget(const ibx_window_form *form) {
    return form->widget;
}

void ibx_window_form_watch(ibx_window_form *form, void (*changed)(void *user), void *user) {
    form->changed = changed;
    form->user = user;
}

bool ibx_window_form_is_valid(const ibx_window_form *form) {
    return form->valid;
}

const ibx_window_values *ibx_window_form_values(const ibx_window_form *form) {
    return form->values;
}

void ibx_window_form_reset(ibx_window_form *form) {
    for (int i = 0; i < form->count; i++) {
        ibx_window_values_reset(form->values, i);
        ibx_window_field_tell(&form->field[i]);
    }
    judge(form);
    if (form->changed) form->changed(form->user);
}

void ibx_window_form_focus(ibx_window_form *form) {
    if (form->count > 0) gtk_widget_grab_focus(form->field[0].control);
}

bool ibx_window_form_is_default(const ibx_window_form *form) {
    for (int i = 0; i < form->count; i++)
        if (!ibx_window_values_is_default(form->values, i)) return false;
    return true;
}
