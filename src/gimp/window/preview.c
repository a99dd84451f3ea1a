/* preview.c - the picture, its scrollbars and checks. */
#include "gimp/window/preview.h"
#include "gimp/model/render.h"
#include <gdk/gdkkeysyms.h>
#include <stdlib.h>

/* The picture's least size, the distance from the line at which a mouse takes it, how long
 * something may take before it is said that it does, and how long nothing must change before the
 * result is computed ahead. */
enum { LEAST_W = 400, LEAST_H = 320, NEAR_LINE = 6, PATIENCE_MS = 200, REST_MS = 250 };

typedef enum { NOTHING, PICTURE, LINE } held;

struct ibx_window_preview {
    const ibx_gimp_subject *subject;
    ibx_window_render *render;
    GtkWidget *widget, *area, *on, *split, *size, *note;
    GtkAdjustment *across, *down;
    char *recipe; /* the last one; shown where `on` is checked */
    ibx_window_state state;
    double line; /* where the split is, 0..1 of the area's width */
    held held;   /* what the mouse drags */
    double from_x, from_y, from_across, from_down; /* where that began */
    GdkCursor *hand, *sides;
    guint watch;           /* the timer that looks whether it is still busy, or 0 */
    guint rest;            /* the timer behind which the result is computed ahead, or 0 */
    ibx_gimp_ahead *ahead; /* what is computed ahead, or was for an earlier recipe; or NULL */
    bool begun;            /* nothing more is to be begun for this recipe */
    atomic_bool woken;     /* an idle call is on its way */
};

static bool is_checked(GtkWidget *check) {
    return gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(check));
}

/* ---- where it is ----------------------------------------------------------------------------- */

static int width(const ibx_window_preview *p) {
    GtkAllocation a;
    gtk_widget_get_allocation(p->area, &a);
    return a.width;
}

static int height(const ibx_window_preview *p) {
    GtkAllocation a;
    gtk_widget_get_allocation(p->area, &a);
    return a.height;
}

/* The picture's pixel in the upper left corner of the area; negative where it is smaller, and lies
 * in the middle. */
static int origin(GtkAdjustment *a, int picture, int area) {
    if (picture < area) return -((area - picture) / 2);
    return (int)floor(gtk_adjustment_get_value(a) + 0.5);
}

static int left(const ibx_window_preview *p) {
    return origin(p->across, p->state.w, width(p));
}

static int top(const ibx_window_preview *p) {
    return origin(p->down, p->state.h, height(p));
}

static void look(ibx_window_preview *p) {
    const ibx_rect visible = {left(p), top(p), width(p), height(p)};
    ibx_window_render_look(p->render, visible);
    gtk_widget_queue_draw(p->area);
}

/* Fits a scrollbar to a picture of a new size, around the same place. */
static void fit(GtkAdjustment *a, int picture, int area) {
    const double old = gtk_adjustment_get_upper(a), page = gtk_adjustment_get_page_size(a);
    const double middle = old > 0 ? (gtk_adjustment_get_value(a) + page / 2) / old : 0.5;
    const double most = ibx_max(picture - area, 0);
    const double value = floor(fmin(fmax(middle * picture - area / 2.0, 0), most));
    gtk_adjustment_configure(a, value, 0, ibx_max(picture, area), 16, area * 0.9, area);
}

static void fit_both(ibx_window_preview *p) {
    fit(p->across, p->state.w, width(p));
    fit(p->down, p->state.h, height(p));
    look(p);
}

/* ---- what it says ---------------------------------------------------------------------------- */

static void say(ibx_window_preview *p) {
    char text[80];
    const ibx_window_state *s = &p->state;
    snprintf(text, sizeof text, "%d \303\227 %d px, 100 %%", s->w, s->h);
    gtk_label_set_text(GTK_LABEL(p->size), text);
    gtk_label_set_text(GTK_LABEL(p->note), s->problem);
    g_object_set(p->note, "visible", s->problem[0] != 0, NULL);
    gtk_widget_set_sensitive(p->split, is_checked(p->on) && !s->resized);
}

/* ---- ahead ----------------------------------------------------------------------------------- */

/* Once that of an earlier recipe has ended, which may take a while where it reads a file. */
static gboolean begin_ahead(gpointer data) {
    ibx_window_preview *p = data;
    if (p->ahead && !ibx_gimp_ahead_has_ended(p->ahead)) return TRUE;
    p->rest = 0;
    p->begun = true;
    ibx_gimp_ahead_free(p->ahead);
    p->ahead = ibx_gimp_ahead_start(p->subject, p->recipe);
    return FALSE;
}

/* All that is visible is there. */
static void rest(ibx_window_preview *p) {
    if (p->begun || p->rest || !p->recipe || p->state.problem[0]) return;
    p->rest = g_timeout_add(REST_MS, begin_ahead, p);
}

/* Another recipe is wanted. */
static void forget_ahead(ibx_window_preview *p) {
    if (p->rest) g_source_remove(p->rest);
    p->rest = 0;
    p->begun = false;
    ibx_gimp_ahead_stop(p->ahead);
}

ibx_gimp_ahead *ibx_window_preview_take_ahead(ibx_window_preview *p) {
    ibx_gimp_ahead *ahead = p->ahead;
    if (p->rest) g_source_remove(p->rest);
    p->rest = 0;
    p->begun = true;
    p->ahead = NULL;
    return ahead;
}

/* ---- news ------------------------------------------------------------------------------------ */

/* The thread has news. The size is that of the newest result, so scrollbars follow. */
static gboolean take_news(gpointer data) {
    ibx_window_preview *p = data;
    const int w = p->state.w, h = p->state.h;
    atomic_store(&p->woken, false);
    ibx_window_render_state(p->render, &p->state);
    if (p->state.w != w || p->state.h != h) fit_both(p);
    if (!p->state.busy || p->state.problem[0]) say(p);
    if (!p->state.busy) rest(p);
    gtk_widget_queue_draw(p->area);
    return FALSE;
}

static void wake(void *data) {
    ibx_window_preview *p = data;
    if (!atomic_exchange(&p->woken, true)) g_idle_add(take_news, p);
}

static gboolean look_whether_busy(gpointer data) {
    ibx_window_preview *p = data;
    ibx_window_render_state(p->render, &p->state);
    if (p->state.busy) {
        gtk_label_set_text(GTK_LABEL(p->size), "Computing...");
        return TRUE;
    }
    say(p);
    p->watch = 0;
    return FALSE;
}

static void show(ibx_window_preview *p) {
    ibx_window_render_set(p->render, is_checked(p->on) ? p->recipe : NULL);
    if (!p->watch) p->watch = g_timeout_add(PATIENCE_MS, look_whether_busy, p);
}

/* ---- drawing --------------------------------------------------------------------------------- */

typedef struct {
    cairo_t *cairo;
    int x, y; /* the area's origin in the picture */
    int line; /* columns left of it show the layer; G_MININT: none */
} drawing;

static void draw_pixels(const drawing *d, ibx_rect at, const uint32_t *pixels, int from, int to) {
    if (!pixels || from >= to) return;
    cairo_surface_t *surface = cairo_image_surface_create_for_data(
        (unsigned char *)(uintptr_t)pixels, CAIRO_FORMAT_RGB24, at.w, at.h, 4 * at.w);
    cairo_set_source_surface(d->cairo, surface, at.x - d->x, at.y - d->y);
    cairo_rectangle(d->cairo, from - d->x, at.y - d->y, to - from, at.h);
    cairo_fill(d->cairo);
    cairo_surface_destroy(surface);
}

static void draw_tile(void *user, const ibx_window_tile *tile) {
    const drawing *d = user;
    const ibx_rect at = tile->at;
    const int right = at.x + at.w, line = ibx_min(ibx_max(d->line, at.x), right);
    const bool both = tile->before && tile->after;
    if (both) {
        draw_pixels(d, at, tile->before, at.x, line);
        draw_pixels(d, at, tile->after, line, right);
    } else {
        draw_pixels(d, at, tile->after ? tile->after : tile->before, at.x, right);
    }
}

static bool is_split(const ibx_window_preview *p) {
    return is_checked(p->split) && is_checked(p->on) && !p->state.resized;
}

static int line_at(const ibx_window_preview *p) {
    return (int)floor(p->line * width(p) + 0.5);
}

/* A white line between two black ones is seen on everything. */
static void draw_line(cairo_t *cairo, int x, int h) {
    cairo_set_source_rgba(cairo, 0, 0, 0, 0.6);
    cairo_rectangle(cairo, x - 1.5, 0, 3, h);
    cairo_fill(cairo);
    cairo_set_source_rgb(cairo, 1, 1, 1);
    cairo_rectangle(cairo, x - 0.5, 0, 1, h);
    cairo_fill(cairo);
}

static gboolean expose(GtkWidget *area, GdkEventExpose *event, ibx_window_preview *p) {
    drawing d = {.cairo = gdk_cairo_create(gtk_widget_get_window(area)),
                 .x = left(p),
                 .y = top(p),
                 .line = G_MININT};
    if (is_split(p)) d.line = d.x + line_at(p);
    gdk_cairo_region(d.cairo, event->region);
    cairo_clip(d.cairo);
    gdk_cairo_set_source_color(d.cairo, &gtk_widget_get_style(area)->mid[GTK_STATE_NORMAL]);
    cairo_paint(d.cairo);
    ibx_window_render_paint(p->render, draw_tile, &d);
    if (is_split(p)) draw_line(d.cairo, line_at(p), height(p));
    cairo_destroy(d.cairo);
    return TRUE;
}

/* ---- mouse and keys -------------------------------------------------------------------------- */

static held what_is_at(const ibx_window_preview *p, double x) {
    return is_split(p) && fabs(x - line_at(p)) <= NEAR_LINE ? LINE : PICTURE;
}

static void set_cursor(const ibx_window_preview *p, held at) {
    gdk_window_set_cursor(gtk_widget_get_window(p->area), at == LINE ? p->sides : p->hand);
}

static gboolean pressed(GtkWidget *area, GdkEventButton *event, ibx_window_preview *p) {
    if (event->button != 1) return FALSE;
    gtk_widget_grab_focus(area);
    p->held = what_is_at(p, event->x);
    p->from_x = event->x;
    p->from_y = event->y;
    p->from_across = gtk_adjustment_get_value(p->across);
    p->from_down = gtk_adjustment_get_value(p->down);
    return TRUE;
}

static void scroll_to(GtkAdjustment *a, double value) {
    const double most = gtk_adjustment_get_upper(a) - gtk_adjustment_get_page_size(a);
    gtk_adjustment_set_value(a, fmin(fmax(value, 0), most));
}

static gboolean moved(GtkWidget *area, GdkEventMotion *event, ibx_window_preview *p) {
    if (p->held == LINE) {
        p->line = fmin(fmax(event->x / width(p), 0), 1);
        gtk_widget_queue_draw(area);
    } else if (p->held == PICTURE) {
        scroll_to(p->across, p->from_across + p->from_x - event->x);
        scroll_to(p->down, p->from_down + p->from_y - event->y);
    } else {
        set_cursor(p, what_is_at(p, event->x));
    }
    return TRUE;
}

static gboolean released(GtkWidget *area, GdkEventButton *event, ibx_window_preview *p) {
    (void)area;
    if (event->button != 1) return FALSE;
    p->held = NOTHING;
    return TRUE;
}

static gboolean wheel(GtkWidget *area, GdkEventScroll *event, ibx_window_preview *p) {
    (void)area;
    const bool sideways = event->state & GDK_SHIFT_MASK || event->direction == GDK_SCROLL_LEFT ||
                          event->direction == GDK_SCROLL_RIGHT;
    GtkAdjustment *a = sideways ? p->across : p->down;
    const bool back = event->direction == GDK_SCROLL_UP || event->direction == GDK_SCROLL_LEFT;
    scroll_to(a, gtk_adjustment_get_value(a) + (back ? -64 : 64));
    return TRUE;
}

static gboolean key(GtkWidget *area, GdkEventKey *event, ibx_window_preview *p) {
    (void)area;
    const bool sideways = event->keyval == GDK_KEY_Left || event->keyval == GDK_KEY_Right;
    const bool back = event->keyval == GDK_KEY_Left || event->keyval == GDK_KEY_Up;
    if (!sideways && event->keyval != GDK_KEY_Up && event->keyval != GDK_KEY_Down) return FALSE;
    GtkAdjustment *a = sideways ? p->across : p->down;
    scroll_to(a, gtk_adjustment_get_value(a) + (back ? -32 : 32));
    return TRUE;
}

/* ---- making ---------------------------------------------------------------------------------- */

static void scrolled(GtkAdjustment *adjustment, ibx_window_preview *p) {
    (void)adjustment;
    look(p);
}

static void allocated(GtkWidget *area, GtkAllocation *allocation, ibx_window_preview *p) {
    (void)area;
    (void)allocation;
    fit_both(p);
}

static void toggled(GtkToggleButton *check, ibx_window_preview *p) {
    if (GTK_WIDGET(check) == p->on) show(p);
    gtk_widget_set_sensitive(p->split, is_checked(p->on) && !p->state.resized);
    gtk_widget_queue_draw(p->area);
}

static GtkWidget *make_area(ibx_window_preview *p) {
    p->area = gtk_drawing_area_new();
    gtk_widget_set_size_request(p->area, LEAST_W, LEAST_H);
    gtk_widget_set_can_focus(p->area, TRUE);
    gtk_widget_add_events(p->area, GDK_BUTTON_PRESS_MASK | GDK_BUTTON_RELEASE_MASK |
                                       GDK_POINTER_MOTION_MASK | GDK_SCROLL_MASK);
    g_signal_connect(p->area, "expose-event", G_CALLBACK(expose), p);
    g_signal_connect(p->area, "size-allocate", G_CALLBACK(allocated), p);
    g_signal_connect(p->area, "button-press-event", G_CALLBACK(pressed), p);
    g_signal_connect(p->area, "button-release-event", G_CALLBACK(released), p);
    g_signal_connect(p->area, "motion-notify-event", G_CALLBACK(moved), p);
    g_signal_connect(p->area, "scroll-event", G_CALLBACK(wheel), p);
    g_signal_connect(p->area, "key-press-event", G_CALLBACK(key), p);
    GtkWidget *frame = gtk_frame_new(NULL);
    gtk_frame_set_shadow_type(GTK_FRAME(frame), GTK_SHADOW_IN);
    gtk_container_add(GTK_CONTAINER(frame), p->area);
    return frame;
}

static GtkAdjustment *make_adjustment(ibx_window_preview *p) {
    GtkAdjustment *a = GTK_ADJUSTMENT(gtk_adjustment_new(0, 0, 0, 0, 0, 0));
    g_signal_connect(a, "value-changed", G_CALLBACK(scrolled), p);
    return a;
}

static GtkWidget *make_picture(ibx_window_preview *p) {
    const GtkAttachOptions wide = GTK_EXPAND | GTK_FILL;
    GtkWidget *table = gtk_table_new(2, 2, FALSE);
    p->across = make_adjustment(p);
    p->down = make_adjustment(p);
    gtk_table_attach(GTK_TABLE(table), make_area(p), 0, 1, 0, 1, wide, wide, 0, 0);
    gtk_table_attach(GTK_TABLE(table), gtk_vscrollbar_new(p->down), 1, 2, 0, 1, 0, wide, 0, 0);
    gtk_table_attach(GTK_TABLE(table), gtk_hscrollbar_new(p->across), 0, 1, 1, 2, wide, 0, 0, 0);
    return table;
}

static GtkWidget *make_checks(ibx_window_preview *p) {
    GtkWidget *box = gtk_hbox_new(FALSE, 12);
    p->on = gtk_check_button_new_with_mnemonic("_Preview");
    gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(p->on), TRUE);
    gtk_widget_set_tooltip_text(p->on, "The result; unchecked: the layer as it is.");
    p->split = gtk_check_button_new_with_mnemonic("_Split view");
    gtk_widget_set_tooltip_text(p->split, "Left of the line the layer as it is, right of it the "
                                          "result; the line can be dragged.");
    p->size = gtk_label_new(NULL);
    g_signal_connect(p->on, "toggled", G_CALLBACK(toggled), p);
    g_signal_connect(p->split, "toggled", G_CALLBACK(toggled), p);
    gtk_box_pack_start(GTK_BOX(box), p->on, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(box), p->split, FALSE, FALSE, 0);
    gtk_box_pack_end(GTK_BOX(box), p->size, FALSE, FALSE, 0);
    return box;
}

static void make_widget(ibx_window_preview *p) {
    p->widget = gtk_vbox_new(FALSE, 6);
    p->note = gtk_label_new(NULL);
    gtk_misc_set_alignment(GTK_MISC(p->note), 0, 0.5F);
    gtk_label_set_line_wrap(GTK_LABEL(p->note), TRUE);
    gtk_widget_set_no_show_all(p->note, TRUE);
    gtk_box_pack_start(GTK_BOX(p->widget), make_picture(p), TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(p->widget), make_checks(p), FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(p->widget), p->note, FALSE, FALSE, 0);
    say(p);
}

/* The thread ends first, so that nothing wakes us any more. */
static void destroyed(GtkWidget *widget, ibx_window_preview *p) {
    (void)widget;
    ibx_window_render_free(p->render);
    if (atomic_load(&p->woken)) g_idle_remove_by_data(p);
    if (p->watch) g_source_remove(p->watch);
    forget_ahead(p);
    ibx_gimp_ahead_free(p->ahead);
    gdk_cursor_unref(p->hand);
    gdk_cursor_unref(p->sides);
    g_signal_handlers_disconnect_by_data(p->across, p);
    g_signal_handlers_disconnect_by_data(p->down, p);
    g_signal_handlers_disconnect_by_data(p->area, p);
    free(p->recipe);
    free(p);
}

/* The middle of what will be changed. */
static void begin_at(ibx_window_preview *p, const ibx_gimp_subject *subject) {
    const ibx_rect s = subject->selected;
    gtk_adjustment_configure(p->across, s.x + s.w / 2.0, 0, p->state.w, 1, 1, 0);
    gtk_adjustment_configure(p->down, s.y + s.h / 2.0, 0, p->state.h, 1, 1, 0);
}

ibx_window_preview *ibx_window_preview_new(const ibx_gimp_subject *subject) {
    ibx_window_preview *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    p->line = 0.5;
    p->subject = subject;
    p->render = ibx_window_render_new(subject, wake, p);
    if (!p->render) {
        free(p);
        return NULL;
    }
    ibx_window_render_state(p->render, &p->state);
    p->hand = gdk_cursor_new(GDK_FLEUR);
    p->sides = gdk_cursor_new(GDK_SB_H_DOUBLE_ARROW);
    make_widget(p);
    begin_at(p, subject);
    g_signal_connect(p->widget, "destroy", G_CALLBACK(destroyed), p);
    return p;
}

GtkWidget *ibx_window_preview_widget(const ibx_window_preview *p) {
    return p->widget;
}

void ibx_window_preview_show(ibx_window_preview *p, const char *recipe) {
    free(p->recipe);
    p->recipe = recipe ? strdup(recipe) : NULL;
    forget_ahead(p);
    show(p);
}
