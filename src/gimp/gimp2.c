/* gimp2.c - the plug-in of GIMP 2: what it is asked to run, and what it answers. */
#include "gimp/gimp2.h"
#include "gimp/pages.h"
#include "gimp/sentence.h"
#include "gimp/words.h"
#include <stdlib.h>
#include <unistd.h>

char *ibx_gimp2_last(const char *procedure) {
    const int size = gimp_get_data_size(procedure);
    char *text = size > 0 ? calloc(1, (size_t)size + 1) : NULL;
    if (text) gimp_get_data(procedure, text);
    return text;
}

void ibx_gimp2_keep(const char *procedure, const char *text) {
    gimp_set_data(procedure, text, (guint32)strlen(text) + 1);
}

/* GIMP keeps it under the name of the procedure and a word. */
static ibx_gimp_word left_key(const char *procedure) {
    ibx_gimp_word key;
    snprintf(key.text, sizeof key.text, "%s-left", procedure);
    return key;
}

char *ibx_gimp2_left(const char *procedure) {
    char *text = ibx_gimp2_last(left_key(procedure).text);
    if (text && *text) return text;
    free(text);
    return NULL;
}

void ibx_gimp2_leave(const char *procedure, const char *text) {
    ibx_gimp2_keep(left_key(procedure).text, text);
}

bool ibx_gimp2_count_is(const ibx_gimp2_call *r, int count, ibx_error *err) {
    return r->arguments == count || ibx_fail(err, IBX_USAGE, "%s takes %d arguments, but %d came",
                                             r->procedure, count, r->arguments);
}

static bool run_procedure(const ibx_gimp2_call *r, ibx_error *err) {
    const ibx_filter *filter = ibx_gimp_filter(r->procedure);
    if (r->mode != GIMP_RUN_INTERACTIVE && r->mode != GIMP_RUN_NONINTERACTIVE &&
        r->mode != GIMP_RUN_WITH_LAST_VALS)
        return ibx_fail(err, IBX_USAGE, "run-mode is %d, but must be 0 to 2", (int)r->mode);
    if (strcmp(r->procedure, IBX_GIMP_BATCH) == 0) return ibx_gimp2_batch(r, err);
    if (r->arguments < IBX_GIMP2_FIRST)
        return ibx_fail(err, IBX_USAGE, "%s takes an image and a drawable", r->procedure);
    if (filter) return ibx_gimp2_filter(r, filter, err);
    if (strcmp(r->procedure, IBX_GIMP_RECIPE) == 0) return ibx_gimp2_recipe(r, err);
    return ibx_fail(err, IBX_USAGE, "there is no procedure %s", r->procedure);
}

static GimpPDBStatusType status_of(ibx_code code) {
    if (code == IBX_CANCELLED) return GIMP_PDB_CANCEL;
    return code == IBX_USAGE ? GIMP_PDB_CALLING_ERROR : GIMP_PDB_EXECUTION_ERROR;
}

/* Buffers are all that is needed of GEGL: without a folder to look for operations in it starts in a
 * third less time. Each pixel is moved once, so a cache of a few tiles does, which stay in the
 * processor's: a layer of 24 megapixels is read and written in two thirds of the time. */
static void start_gegl(void) {
    enum { CACHE = 1 << 20 };
    g_setenv("GEGL_PATH", "/dev/null", TRUE);
    gegl_init(NULL, NULL);
    g_object_set(gegl_config(), "tile-cache-size", (guint64)CACHE, NULL);
}

/* GIMP reads the answer when this has returned, so it is static. */
static void run(const gchar *name, gint arguments, const GimpParam *argument, gint *answers,
                GimpParam **answer) {
    static GimpParam values[2];
    static ibx_error err;
    const ibx_gimp2_call r = {.procedure = name,
                              .mode = arguments > 0 ? argument[0].data.d_int32
                                                    : GIMP_RUN_NONINTERACTIVE,
                              .argument = argument,
                              .arguments = arguments};
    start_gegl();
    gimp_plugin_enable_precision();
    gimp_plugin_set_pdb_error_handler(GIMP_PDB_ERROR_HANDLER_PLUGIN);
    const bool ok = run_procedure(&r, &err);
    ibx_gimp_sentence(err.text);
    values[0].type = GIMP_PDB_STATUS;
    values[0].data.d_status = ok ? GIMP_PDB_SUCCESS : status_of(err.code);
    values[1].type = GIMP_PDB_STRING;
    values[1].data.d_string = err.text;
    *answers = !ok && err.text[0] ? 2 : 1;
    *answer = values;
    gegl_exit();
}

/* The OpenMP runtime reads OMP_WAIT_POLICY when it is loaded, before main: without "passive" its
 * idle threads spin. So the program starts itself once more with the variable set. */
static void start_passive(char **argv) {
    if (getenv("OMP_WAIT_POLICY")) return;
    if (setenv("OMP_WAIT_POLICY", "passive", 1) == 0) execv("/proc/self/exe", argv);
}

/* "imbrex --pages FOLDER", when it is built: the help comes from the same tables as the menu. */
static int write_pages(const char *folder) {
    ibx_error err = {0};
    if (ibx_gimp_pages(folder, &err)) return 0;
    fprintf(stderr, "%s\n", err.text);
    return 1;
}

int main(int argc, char **argv) {
    static const GimpPlugInInfo INFO = {.query_proc = ibx_gimp2_query, .run_proc = run};
    if (argc == 3 && strcmp(argv[1], "--pages") == 0) return write_pages(argv[2]);
    start_passive(argv);
    return gimp_main(&INFO, argc, argv);
}
