/* options.c - the table of options. */
#include "cli/options.h"
#include "describe/batch.h"

static const char *const ON_ERROR[] = {"continue", "stop", NULL};
static const char *const ON_DAMAGE[] = {"fail", "accept", NULL};
static const char *const PROGRESS[] = {"auto", "plain", "none", NULL};

enum { BATCH = IBX_RUN | IBX_PLAN, ALL = ~0 };
static const double MEGA = 1024.0 * 1024.0;

/* The field behind a row; a row whose field has another type does not compile. */
#define FIELD(kind, field, T) .type = (kind), .offset = IBX_FIELD(ibx_options, field, T)
#define FLAG(field) FIELD(IBX_OPTION_FLAG, field, bool)
#define TEXT(kind, field) FIELD(kind, field, const char *)
#define LIST(field) FIELD(IBX_OPTION_LIST, field, ibx_words)
#define CHOICE(field, words) FIELD(IBX_OPTION_CHOICE, field, int), .choices = (words)
#define RANGE(lo, hi) .min = (lo), .max = (hi)

#define ROW(g, l, n, v, c, d, ...)                                                                 \
    {                                                                                              \
        .group = (g), .letter = (l), .name = (n), .value = (v), .commands = (unsigned)(c),         \
        .doc = (d), __VA_ARGS__                                                                    \
    }

const ibx_option ibx_option_rows[] = {
    ROW("Recipe", 'f', "recipe-file", "FILE", BATCH,
        "Read the recipe from FILE; then every argument is an input.",
        TEXT(IBX_OPTION_FILE, recipe_file)),

    ROW("Input", 0, "include", "GLOB", BATCH, "Take only files that match; may be repeated.",
        LIST(include)),
    ROW("Input", 0, "exclude", "GLOB", BATCH,
        "Leave out files and folders that match; may be repeated.", LIST(exclude)),
    ROW("Input", 0, "files-from", "FILE", BATCH,
        "Read the names of further inputs from FILE, one a line; - is standard input.",
        TEXT(IBX_OPTION_FILE, files_from)),
    ROW("Input", '0', "null", NULL, BATCH,
        "Names in --files-from end with a zero byte, as find -print0 writes them.", FLAG(null)),
    ROW("Input", 0, "max-pixels", "N", BATCH | IBX_INFO,
        "Refuse larger images, as in 100M; default 1G.",
        FIELD(IBX_OPTION_COUNT, max_pixels, int64_t), RANGE(1, 1e15)),
    ROW("Input", 0, "allow-loader", "NAME", BATCH | IBX_INFO,
        "Let libvips use a loader that it marks as unsafe for files of unknown origin; may be "
        "repeated.",
        LIST(allow_loaders)),
    ROW("Input", 0, "on-damage", "WORD", BATCH,
        "What becomes of truncated or corrupt files: they fail, or what can be read is accepted.",
        CHOICE(on_damage, ON_DAMAGE)),

    ROW("Output", 'o', "output", "DIR", BATCH,
        "Write below DIR, with the folders of the input; - is standard output.",
        TEXT(IBX_OPTION_FOLDER, output)),
    ROW("Output", 0, "format", "NAME", BATCH, IBX_SAYS_FORMAT, TEXT(IBX_OPTION_FORMAT, format)),
    ROW("Output", 0, "quality", "N", BATCH, IBX_SAYS_QUALITY, FIELD(IBX_OPTION_INT, quality, int),
        RANGE(1, IBX_MOST_QUALITY)),
    ROW("Output", 0, "name", "TEMPLATE", BATCH, IBX_SAYS_NAME, TEXT(IBX_OPTION_TEXT, name)),
    ROW("Output", 0, "if-exists", "WORD", BATCH, IBX_SAYS_EXISTS,
        CHOICE(if_exists, ibx_exists_words)),
    ROW("Output", 0, "in-place", NULL, BATCH,
        "Allow that images are written over themselves; without -o, into their own folder.",
        FLAG(in_place)),
    ROW("Output", 0, "metadata", "WORD", BATCH, IBX_SAYS_KEEP, CHOICE(metadata, ibx_keep_words)),
    ROW("Output", 0, "keep-mtime", NULL, BATCH, IBX_SAYS_KEEP_TIME, FLAG(keep_mtime)),

    ROW("Work", 'j', "threads", "N", BATCH, IBX_SAYS_THREADS, FIELD(IBX_OPTION_INT, threads, int),
        RANGE(1, IBX_MOST_THREADS)),
    ROW("Work", 0, "memory", "SIZE", BATCH, IBX_SAYS_MEMORY("as in 512M or 2G"),
        FIELD(IBX_OPTION_BYTES, memory, int64_t),
        RANGE(IBX_LEAST_MEMORY *MEGA, IBX_MOST_MEMORY *MEGA)),
    ROW("Work", 0, "on-error", "WORD", BATCH,
        "Whether the other images are still done when one has failed.", CHOICE(on_error, ON_ERROR)),
    ROW("Work", 0, "dry-run", NULL, IBX_RUN, "Print what would be done, as plan does.",
        FLAG(dry_run)),

    ROW("Messages", 0, "progress", "WORD", IBX_RUN,
        "A line that changes in place, plain lines, or no progress at all.",
        CHOICE(progress, PROGRESS)),
    ROW("Messages", 0, "report", "FILE", IBX_RUN,
        "Write one line of JSON per image to FILE, and one for the whole run.",
        TEXT(IBX_OPTION_FILE, report)),
    ROW("Messages", 0, "stats", NULL, IBX_RUN,
        "Say at the end where the processor time went, by step and format; also in the report.",
        FLAG(stats)),
    ROW("Messages", 0, "trace", "FILE", IBX_RUN,
        "Write a timeline of all threads to FILE, as JSON for Perfetto or chrome://tracing.",
        TEXT(IBX_OPTION_FILE, trace)),

    ROW("Output", 0, "json", NULL, IBX_FILTERS | IBX_INFO, "Print JSON, for tools.", FLAG(json)),
    ROW("Output", 0, "markdown", NULL, IBX_FILTERS, "Print the reference of all of them.",
        FLAG(markdown)),

    ROW("Help", 'h', "help", NULL, ALL, "Print this page.", FLAG(help)),
    {.name = NULL}};
