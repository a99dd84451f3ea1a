/* operation.c - one class for all operations; what differs is the filter in it.
 *
 * Filters are point and area filters in one for GEGL: the bounding box is that of the input, the
 * source of a region is what the engine says, and pixels beyond the edge are what the engine makes
 * of them, as on the command line. GEGL cuts regions up and gives the parts to its threads, each of
 * which renders alone. Only where the whole image is looked at first is it the other way round:
 * GEGL asks once, in one thread, and a team of ours does the work. */
#include "gegl/operation.h"
#include "core/label.h"
#include "core/param.h"
#include "gegl/property.h"
#include "gegl/sight.h"

typedef struct {
    const ibx_filter *filter; /* NULL: the recipe is a property */
    bool looks;
} kind;

typedef struct {
    GeglOperationFilterClass parent;
    const kind *kind;
    GeglOperationFilterClass *above; /* GEGL's own class */
    GParamSpec **property;
    guint properties;
} operation_class;

typedef struct {
    GeglOperationFilter parent;
    GValue *value; /* of the properties */
    GMutex lock;   /* of what follows */
    ibx_gegl_sight *sight;
} operation;

static operation_class *class_of(gpointer object) {
    return (operation_class *)G_OBJECT_GET_CLASS(object);
}

/* ---- properties ------------------------------------------------------------------------------ */

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec) {
    GValue *own = &((operation *)object)->value[id - 1];
    if (!G_IS_VALUE(own)) g_value_init(own, G_PARAM_SPEC_VALUE_TYPE(spec));
    g_value_copy(value, own);
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec) {
    (void)spec;
    g_value_copy(&((operation *)object)->value[id - 1], value);
}

/* The recipe that the properties stand for. Freed with g_free. */
static char *recipe_of(operation *o) {
    const operation_class *c = class_of(o);
    const ibx_filter *filter = c->kind->filter;
    if (!filter) {
        const char *text = g_value_get_string(o->value);
        return g_strdup(text ? text : "");
    }
    GString *recipe = g_string_new(filter->name);
    for (guint i = 0; i < c->properties; i++)
        ibx_gegl_property_print(&filter->params[i], c->property[i], &o->value[i], recipe);
    return g_string_free(recipe, FALSE);
}

/* ---- what GEGL asks -------------------------------------------------------------------------- */

static ibx_gegl_sight *sight_of(GeglOperation *self) {
    operation *o = (operation *)self;
    g_mutex_lock(&o->lock);
    ibx_gegl_sight *s = ibx_gegl_sight_ref(o->sight);
    g_mutex_unlock(&o->lock);
    return s;
}

/* Says once what is wrong: GEGL has no other way for an operation that cannot do its work. */
static void complain(GeglOperation *self, const ibx_gegl_sight *s) {
    if (s->error.code) g_warning("%s: %s", gegl_operation_get_name(self), s->error.text);
}

static void prepare(GeglOperation *self) {
    static const GeglRectangle NOTHING = {0, 0, 0, 0};
    operation *o = (operation *)self;
    const Babl *source = gegl_operation_get_source_format(self, "input");
    const GeglRectangle *box = gegl_operation_source_get_bounding_box(self, "input");
    char *text = recipe_of(o);
    if (!box) box = &NOTHING;
    if (!ibx_gegl_sight_is(o->sight, text, source, box)) {
        ibx_gegl_sight *fresh = ibx_gegl_sight_new(text, source, box), *old = o->sight;
        g_mutex_lock(&o->lock);
        o->sight = fresh;
        g_mutex_unlock(&o->lock);
        ibx_gegl_sight_unref(old);
        complain(self, fresh);
    }
    g_free(text);
    gegl_operation_set_format(self, "input", o->sight->from.format);
    gegl_operation_set_format(self, "output", o->sight->to);
}

static GeglRectangle required(GeglOperation *self, const char *pad, const GeglRectangle *out) {
    (void)pad;
    ibx_gegl_sight *s = sight_of(self);
    const GeglRectangle r = s ? ibx_gegl_sight_source(s, out) : *out;
    ibx_gegl_sight_unref(s);
    return r;
}

static GeglRectangle changed(GeglOperation *self, const char *pad, const GeglRectangle *in) {
    (void)pad;
    ibx_gegl_sight *s = sight_of(self);
    const GeglRectangle r = s ? ibx_gegl_sight_changed(s, in) : *in;
    ibx_gegl_sight_unref(s);
    return r;
}

static GeglRectangle cached(GeglOperation *self, const GeglRectangle *out) {
    ibx_gegl_sight *s = sight_of(self);
    const GeglRectangle r = s && ibx_gegl_sight_looks(s) ? s->box : *out;
    ibx_gegl_sight_unref(s);
    return r;
}

/* ---- pixels ---------------------------------------------------------------------------------- */

static gboolean process(GeglOperation *self, GeglBuffer *input, GeglBuffer *output,
                        const GeglRectangle *region, int level) {
    (void)level;
    ibx_gegl_sight *s = sight_of(self);
    if (s) ibx_gegl_sight_render(s, input, output, region, 1);
    ibx_gegl_sight_unref(s);
    return TRUE;
}

/* With a look at the whole image, by a team of ours. */
static void process_whole(const ibx_gegl_sight *s, GeglOperationContext *context,
                          const GeglRectangle *region) {
    int threads = 1;
    GObject *input = gegl_operation_context_dup_object(context, "input");
    GeglBuffer *output = gegl_operation_context_get_target(context, "output");
    g_object_get(gegl_config(), "threads", &threads, NULL);
    ibx_gegl_sight_render(s, GEGL_BUFFER(input), output, region, threads);
    g_object_unref(input);
}

static gboolean process_context(GeglOperation *self, GeglOperationContext *context, const char *pad,
                                const GeglRectangle *region, int level) {
    ibx_gegl_sight *s = sight_of(self);
    const bool whole = s && ibx_gegl_sight_looks(s);
    if (whole) process_whole(s, context, region);
    ibx_gegl_sight_unref(s);
    const GeglOperationClass *above = (GeglOperationClass *)class_of(self)->above;
    return whole || above->process(self, context, pad, region, level);
}

/* ---- the class ------------------------------------------------------------------------------- */

static void finalize(GObject *object) {
    operation *o = (operation *)object;
    for (guint i = 0; i < class_of(o)->properties; i++)
        if (G_IS_VALUE(&o->value[i])) g_value_unset(&o->value[i]);
    g_free(o->value);
    ibx_gegl_sight_unref(o->sight);
    g_mutex_clear(&o->lock);
    ((GObjectClass *)class_of(o)->above)->finalize(object);
}

static void init_object(GTypeInstance *instance, gpointer class) {
    operation *o = (operation *)instance;
    o->value = g_new0(GValue, ((operation_class *)class)->properties);
    g_mutex_init(&o->lock);
}

static void install(operation_class *c, GParamSpec *spec) {
    c->property = g_renew(GParamSpec *, c->property, c->properties + 1);
    c->property[c->properties++] = spec;
    g_object_class_install_property((GObjectClass *)c, c->properties, spec);
}

static void install_parameters(operation_class *c, const ibx_filter *filter) {
    void *defaults = ibx_params_new(filter->params, filter->params_size);
    for (const ibx_param *row = filter->params; defaults && row && row->name; row++)
        install(c, ibx_gegl_property_new(filter, row, defaults));
    if (defaults) ibx_params_free(filter->params, defaults);
}

static void install_recipe(operation_class *c) {
    GParamSpec *spec = gegl_param_spec_string(
        "recipe", "Recipe", "Steps one after another, as in exposure:0.5/unsharp:0.8.", FALSE,
        FALSE, "", (GParamFlags)(G_PARAM_READWRITE | G_PARAM_CONSTRUCT | GEGL_PARAM_PAD_INPUT));
    gegl_param_spec_set_property_key(spec, "multiline", "true");
    install(c, spec);
}

/* What user interfaces show; those that begin with "gimp:" are for GIMP from 3.0 on. There is no
 * "license": GEGL refuses operations with one that it does not know, such as MIT. */
static void set_keys(GeglOperationClass *c, const char *name, const char *category,
                     const char *title, const char *summary, const char *details) {
    char *full = g_strconcat(IBX_GEGL_PREFIX, name, NULL);
    char *path = g_strconcat("<Image>/Filters/imbrex/", ibx_label_of_name(category).text, NULL);
    char *label = g_strconcat(title, "...", NULL);
    gegl_operation_class_set_keys(c, "name", full, "title", title, "categories", category,
                                  "description", summary, "gimp:menu-path", path, "gimp:menu-label",
                                  label, NULL);
    if (details) gegl_operation_class_set_key(c, "reference", details);
    if (strchr(full, '_'))
        gegl_operation_class_set_key(c, "compat-name", g_strdelimit(full, "_", '-'));
    g_free(full);
    g_free(path);
    g_free(label);
}

static void init_class(gpointer class, gpointer data) {
    operation_class *c = class;
    GObjectClass *object = class;
    GeglOperationClass *gegl = class;
    const ibx_filter *f = ((const kind *)data)->filter;
    c->kind = data;
    c->above = g_type_class_peek_parent(class);
    object->set_property = set_property;
    object->get_property = get_property;
    object->finalize = finalize;
    gegl->prepare = prepare;
    gegl->get_required_for_output = required;
    gegl->get_invalidated_by_change = changed;
    if (c->kind->looks) gegl->get_cached_region = cached;
    gegl->process = process_context;
    c->parent.process = process;
    if (f)
        install_parameters(c, f);
    else
        install_recipe(c);
    if (f)
        set_keys(gegl, f->name, f->category, ibx_label_of_filter(f).text, f->summary, f->details);
    else
        set_keys(gegl, "recipe", "recipe", "Recipe", "Apply a recipe: steps one after another.",
                 "Any chain of imbrex's steps that keeps the image's size, as on the command line: "
                 "samples are not rounded between the steps.");
}

void ibx_gegl_operation_register(GTypeModule *module, const ibx_filter *filter, bool looks) {
    kind *k = g_new(kind, 1); /* stays with the type */
    *k = (kind){filter, looks};
    char *name = g_strconcat("imbrex-", filter ? filter->name : "recipe:", NULL);
    const GTypeInfo info = {.class_size = sizeof(operation_class),
                            .class_init = init_class,
                            .class_data = k,
                            .instance_size = sizeof(operation),
                            .instance_init = init_object};
    g_strdelimit(name, ":", '+');
    g_type_module_register_type(module, GEGL_TYPE_OPERATION_FILTER, name, &info, 0);
    g_free(name);
}
