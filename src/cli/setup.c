#include "cli/setup.h"
#include "engine/name.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_dash(const char *word) {
    return word && strcmp(word, "-") == 0;
}

/* All that a stream holds, with a zero behind it; NULL if it cannot be read (errno). */
static char *slurp(FILE *in, size_t *size) {
    size_t room = 1 << 16;
    char *text = malloc(room);
    *size = 0;
    while (text) {
        *size += fread(text + *size, 1, room - *size - 1, in);
        if (*size + 1 < room) break;
        char *more = realloc(text, room *= 2);
        if (!more) free(text);
        text = more;
    }
    if (text && ferror(in)) {
        free(text);
        return NULL;
    }
    if (text) text[*size] = 0;
    return text;
}

/* The text of a file or, for "-", of standard input; NULL with `code` and a sentence. */
static char *read_text(const char *path, size_t *size, ibx_code code, ibx_error *err) {
    FILE *in = is_dash(path) ? stdin : fopen(path, "re");
    char *text = in ? slurp(in, size) : NULL;
    if (!text) ibx_fail(err, code, "%s: %s", path, strerror(errno));
    if (in && in != stdin) fclose(in);
    return text;
}

/* ---- recipe --------------------------------------------------------------------------------- */

static bool recipe_from_file(ibx_setup *s, const char *path, ibx_error *err) {
    size_t size;
    ibx_error problem = {0};
    char *text = read_text(path, &size, IBX_USAGE, err);
    if (!text) return false;
    if (strlen(text) != size)
        ibx_fail(&problem, IBX_USAGE, "this is no text");
    else
        s->recipe = ibx_recipe_parse(text, &problem);
    free(text);
    return s->recipe || ibx_fail(err, problem.code, "%s: %s", path, problem.text);
}

/* The first argument is the recipe. What else people put there gets a hint. */
static bool recipe_from_words(ibx_setup *s, const char *text, ibx_error *err) {
    struct stat file;
    ibx_error problem = {0};
    s->recipe = ibx_recipe_parse(text, &problem);
    if (s->recipe) return true;
    const bool exists = stat(text, &file) == 0;
    const char *hint = !exists                 ? ""
                       : S_ISREG(file.st_mode) ? "; a recipe in a file is read with -f"
                                               : "; the recipe comes first, then the inputs";
    return ibx_fail(err, problem.code, "%s%s", problem.text, hint);
}

static bool find_recipe(ibx_setup *s, const ibx_options *o, const ibx_command *command,
                        ibx_error *err) {
    if (o->recipe_file) return recipe_from_file(s, o->recipe_file, err);
    if (o->arguments.count) return recipe_from_words(s, o->arguments.word[0], err);
    return ibx_fail(err, IBX_USAGE, "a recipe and an input are needed: imbrex %s %s", command->name,
                    command->arguments);
}

/* ---- inputs --------------------------------------------------------------------------------- */

static bool no_memory(ibx_error *err) {
    return ibx_fail(err, IBX_MEMORY, "no memory for the list of inputs");
}

/* Cuts the list into names, in place; empty ones are passed over. */
static bool inputs_from_list(ibx_setup *s, const ibx_options *o, ibx_error *err) {
    size_t size;
    s->list = read_text(o->files_from, &size, IBX_FORMAT, err);
    if (!s->list) return false;
    char *end = s->list + size;
    for (char *name = s->list; name < end; name++) {
        char *stop = memchr(name, o->null ? 0 : '\n', (size_t)(end - name));
        if (!stop) stop = end;
        *stop = 0;
        if (strlen(name) != (size_t)(stop - name))
            return ibx_fail(err, IBX_FORMAT,
                            "%s holds zero bytes; a list that find -print0 wrote is read with -0",
                            o->files_from);
        if (*name && !ibx_words_add(&s->inputs, name)) return no_memory(err);
        name = stop;
    }
    return true;
}

/* Standard input can be read by one of the three that may ask for it. */
static bool check_stdin(const ibx_setup *s, const ibx_options *o, ibx_error *err) {
    size_t images = 0;
    for (size_t i = 0; i < s->inputs.count; i++) images += is_dash(s->inputs.word[i]);
    if (images + is_dash(o->recipe_file) + is_dash(o->files_from) > 1)
        return ibx_fail(err, IBX_USAGE, "\"-\" (standard input) can be given only once");
    if (images && isatty(STDIN_FILENO))
        return ibx_fail(err, IBX_USAGE,
                        "standard input is a terminal; pipe or redirect an image into it");
    return true;
}

static bool find_inputs(ibx_setup *s, const ibx_options *o, const ibx_command *command,
                        ibx_error *err) {
    for (size_t i = o->recipe_file ? 0 : 1; i < o->arguments.count; i++)
        if (!ibx_words_add(&s->inputs, o->arguments.word[i])) return no_memory(err);
    if (o->files_from && !inputs_from_list(s, o, err)) return false;
    if (o->null && !o->files_from)
        return ibx_fail(err, IBX_USAGE,
                        "-0 is about the names of --files-from, which is not given");
    if (!s->inputs.count && o->files_from)
        return ibx_fail(err, IBX_FORMAT, "%s names no input", o->files_from);
    if (!s->inputs.count)
        return ibx_fail(err, IBX_USAGE, "an input is needed: imbrex %s %s", command->name,
                        command->arguments);
    return check_stdin(s, o, err);
}

/* ---- output --------------------------------------------------------------------------------- */

/* --in-place without -o: the one folder that all inputs lie in, or that is the input. */
static bool find_folder(ibx_setup *s, ibx_error *err) {
    struct stat st;
    const char *first = s->inputs.word[0];
    if (s->inputs.count == 1 && stat(first, &st) == 0 && S_ISDIR(st.st_mode)) {
        s->folder = strdup(first);
        return s->folder || no_memory(err);
    }
    const char *slash = strrchr(first, '/');
    const size_t length = slash ? (size_t)(slash - first) + 1 : 0;
    for (size_t i = 0; i < s->inputs.count; i++) {
        const char *path = s->inputs.word[i];
        const bool below = strncmp(path, first, length) == 0 && !strchr(path + length, '/');
        if (!below || is_dash(path) || (stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
            return ibx_fail(err, IBX_USAGE,
                            "--in-place takes one folder, or files of one folder; else name the "
                            "output with -o");
    }
    s->folder = length ? strndup(first, length) : strdup(".");
    return s->folder || no_memory(err);
}

static bool find_output(ibx_setup *s, const ibx_options *o, const ibx_command *command,
                        ibx_error *err) {
    s->batch.output = o->output;
    if (o->output && !is_dash(o->output)) return true;
    if (is_dash(o->output) && command->bit == IBX_RUN && !o->dry_run && isatty(STDOUT_FILENO))
        return ibx_fail(err, IBX_USAGE,
                        "standard output is a terminal; redirect it, or use -o DIR");
    if (o->output) return true;
    if (o->in_place) {
        if (!find_folder(s, err)) return false;
        s->batch.output = s->folder;
        return true;
    }
    if (command->bit == IBX_PLAN || o->dry_run) {
        s->batch.output = "DIR"; /* as the help calls it; nothing is written */
        return true;
    }
    return ibx_fail(err, IBX_USAGE, "where to write? Give -o DIR, or -o - for standard output");
}

/* ---- all of it ------------------------------------------------------------------------------ */

static int said(int choice) {
    return choice == IBX_UNSAID ? 0 : choice;
}

/* Of two files those that are given. */
static void pick(const char **list, const char *a, const char *b) {
    if (a) *list++ = a;
    if (b) *list = b;
}

static void fill(ibx_setup *s, const ibx_options *o) {
    ibx_batch *b = &s->batch;
    b->recipe = s->recipe;
    b->inputs = s->inputs.word;
    b->input_count = s->inputs.count;
    b->include = o->include.word;
    b->exclude = o->exclude.word;
    b->name = o->name;
    b->format = o->format;
    b->quality = o->quality;
    b->if_exists = (ibx_exists)said(o->if_exists);
    if (o->in_place && o->if_exists == IBX_UNSAID) b->if_exists = IBX_EXISTS_OVERWRITE;
    b->stop_on_error = said(o->on_error);
    b->accept_damage = said(o->on_damage);
    b->in_place = o->in_place;
    b->keep_mtime = o->keep_mtime;
    b->metadata = (ibx_keep)said(o->metadata);
    b->allow_loaders = o->allow_loaders.word;
    pick(s->logs, o->report, o->trace);
    pick(s->sources, o->recipe_file, o->files_from);
    b->logs = s->logs;
    b->sources = s->sources;
    b->limits.threads = o->threads;
    b->limits.memory = (size_t)o->memory;
    b->limits.max_pixels = o->max_pixels;
}

bool ibx_setup_make(ibx_setup *s, const ibx_options *o, const ibx_command *command,
                    ibx_error *err) {
    *s = (ibx_setup){0};
    if (!ibx_loaders_check(o->allow_loaders.word, err)) return false;
    if (!find_recipe(s, o, command, err) || !find_inputs(s, o, command, err) ||
        !find_output(s, o, command, err))
        return false;
    fill(s, o);
    return is_dash(s->batch.output) || ibx_names_valid(&s->batch, err);
}

void ibx_setup_free(ibx_setup *s) {
    ibx_recipe_free(s->recipe);
    free(s->inputs.word);
    free(s->list);
    free(s->folder);
}
