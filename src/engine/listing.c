/* listing.c - walks the inputs of a batch. Each folder is read whole and sorted before any of its
 * files is taken, so the list does not depend on the order of the file system. */
#include "engine/listing.h"
#include "engine/glob.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

/* Suffixes of what libjpeg, libpng and libvips read. Only walking asks; content decides later. */
static const char *const SUFFIXES[] = {
    "avif", "avifs", "bmp",  "cur", "dib",  "exr",  "fit",  "fits", "fts", "gif",
    "hdr",  "heic",  "heif", "hif", "ico",  "j2c",  "j2k",  "jfif", "jp2", "jpe",
    "jpeg", "jpf",   "jpg",  "jpx", "jxl",  "mpo",  "pam",  "pbm",  "pcx", "pdf",
    "pfm",  "pgm",   "pic",  "png", "pnm",  "ppm",  "psd",  "ras",  "sgi", "svg",
    "svgz", "svs",   "tga",  "tif", "tiff", "webp", "wbmp", "xbm",  "xpm"};

/* A folder, known by what the file system calls it rather than by its path. */
typedef struct {
    dev_t device;
    ino_t inode;
} identity;

typedef struct {
    ibx_listing *listing;
    ibx_globs *include, *exclude;
    identity output;  /* the batch's output directory; inode 0: none yet */
    identity *linked; /* folders that were entered through a symbolic link */
    size_t links, room;
    size_t missing; /* entries that were named and do not exist */
    ibx_error *err;
} walk;

/* The folders from the input directory down to the one being read. */
typedef struct chain {
    const struct chain *up;
    identity id;
} chain;

typedef struct {
    char *text;
    bool regular; /* as far as the folder tells, which saves to look */
} entry_name;

typedef struct {
    entry_name *name;
    size_t count, room;
} names;

static bool no_memory(ibx_error *err) {
    return ibx_fail(err, IBX_MEMORY, "no memory for the list of inputs");
}

/* Makes room for one more element behind `count`. */
static bool grow(void **list, size_t *room, size_t count, size_t size) {
    if (count < *room) return true;
    const size_t more = *room ? *room * 2 : 64;
    void *bigger = realloc(*list, more * size);
    if (!bigger) return false;
    *list = bigger;
    *room = more;
    return true;
}

static bool same(identity a, identity b) {
    return a.device == b.device && a.inode == b.inode;
}

/* Where the suffix of a base name starts: at its last dot, unless that is its first character. */
static const char *suffix_of(const char *base) {
    const char *dot = strrchr(base, '.');
    return dot && dot != base ? dot : base + strlen(base);
}

static bool is_image_name(const char *base) {
    const char *suffix = suffix_of(base);
    for (size_t i = 0; *suffix && i < sizeof SUFFIXES / sizeof *SUFFIXES; i++)
        if (strcasecmp(suffix + 1, SUFFIXES[i]) == 0) return true;
    return false;
}

/* Appends an entry. All its texts go into one block, `path` first, which is what gets freed. */
static bool add(walk *w, const char *path, const char *dir, const char *base, int error) {
    ibx_listing *l = w->listing;
    const char *suffix = suffix_of(base);
    const size_t path_size = strlen(path) + 1, dir_size = strlen(dir) + 1;
    const size_t stem_length = (size_t)(suffix - base), suffix_size = strlen(suffix) + 1;
    if (!grow((void **)&l->entries, &l->room, l->count, sizeof *l->entries))
        return no_memory(w->err);
    char *block = malloc(path_size + dir_size + stem_length + 1 + suffix_size);
    if (!block) return no_memory(w->err);
    ibx_entry e = {.path = block, .dir = block + path_size, .error = error};
    e.stem = e.dir + dir_size;
    e.suffix = e.stem + stem_length + 1;
    memcpy(e.path, path, path_size);
    memcpy(e.dir, dir, dir_size);
    memcpy(e.stem, base, stem_length);
    e.stem[stem_length] = 0;
    memcpy(e.suffix, suffix, suffix_size);
    l->entries[l->count++] = e;
    return true;
}

static bool wanted(const walk *w, const char *below) {
    if (ibx_globs_match(w->exclude, below, false)) return false;
    return !ibx_globs_any(w->include) || ibx_globs_match(w->include, below, false);
}

/* Is it a folder that is being read, or one that was entered through a link before? */
static bool was_entered(const walk *w, const chain *up, identity id) {
    for (; up; up = up->up)
        if (same(id, up->id)) return true;
    for (size_t i = 0; i < w->links; i++)
        if (same(id, w->linked[i])) return true;
    return false;
}

static int by_bytes(const void *a, const void *b) {
    return strcmp(((const entry_name *)a)->text, ((const entry_name *)b)->text);
}

static void free_names(names *n) {
    for (size_t i = 0; i < n->count; i++) free(n->name[i].text);
    free(n->name);
}

/* The visible names in a folder, sorted. False if it cannot be read; errno tells why. */
static bool read_folder(const char *path, names *n) {
    DIR *folder = opendir(path);
    if (!folder) return false;
    bool good = true;
    const struct dirent *e;
    for (errno = 0; good && (e = readdir(folder)); errno = 0) {
        if (e->d_name[0] == '.') continue;
        good = grow((void **)&n->name, &n->room, n->count, sizeof *n->name) &&
               (n->name[n->count].text = strdup(e->d_name));
        if (good) n->name[n->count++].regular = e->d_type == DT_REG;
    }
    const int error = errno;
    closedir(folder);
    errno = error;
    good = good && error == 0;
    if (good && n->count) qsort(n->name, n->count, sizeof *n->name, by_bytes);
    return good;
}

static bool walk_folder(walk *w, const char *path, const char *dir, const chain *here);

/* A folder with `below` as its path under the input directory. */
static bool enter(walk *w, const char *path, const char *below, identity id, const chain *up) {
    const chain here = {up, id};
    struct stat link;
    const bool through_link = lstat(path, &link) == 0 && S_ISLNK(link.st_mode);
    if (w->output.inode && same(id, w->output)) return true;
    if (ibx_globs_match(w->exclude, below, true)) return true;
    if (through_link) {
        if (was_entered(w, up, id)) return true;
        if (!grow((void **)&w->linked, &w->room, w->links, sizeof *w->linked))
            return no_memory(w->err);
        w->linked[w->links++] = id;
    }
    char *dir = NULL;
    if (asprintf(&dir, "%s/", below) < 0) return no_memory(w->err);
    const bool good = walk_folder(w, path, dir, &here);
    free(dir);
    return good;
}

/* One name in the folder `path`; `dir` is that folder below the input directory. */
static bool walk_name(walk *w, const char *path, const char *dir, const entry_name *name,
                      const chain *up) {
    const size_t length = strlen(path);
    const char *slash = length && path[length - 1] == '/' ? "" : "/";
    char *full = NULL, *below = NULL;
    struct stat s = {.st_mode = S_IFREG};
    bool good = asprintf(&full, "%s%s%s", path, slash, name->text) >= 0 &&
                asprintf(&below, "%s%s", dir, name->text) >= 0;
    if (!good) {
        no_memory(w->err);
    } else {
        const int error = name->regular || stat(full, &s) == 0 ? 0 : errno;
        if (!error && S_ISDIR(s.st_mode))
            good = enter(w, full, below, (identity){s.st_dev, s.st_ino}, up);
        else if ((error || S_ISREG(s.st_mode)) && is_image_name(name->text) && wanted(w, below))
            good = add(w, full, dir, name->text, error);
    }
    free(full);
    free(below);
    return good;
}

static const char *base_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool walk_folder(walk *w, const char *path, const char *dir, const chain *here) {
    names n = {0};
    bool good = true;
    if (!read_folder(path, &n)) good = add(w, path, "", base_of(path), errno);
    for (size_t i = 0; good && i < n.count; i++) good = walk_name(w, path, dir, &n.name[i], here);
    free_names(&n);
    return good;
}

static bool list_input(walk *w, const char *path) {
    struct stat s;
    if (strcmp(path, "-") == 0) return add(w, "-", "", "stdin", 0);
    if (stat(path, &s) != 0) {
        w->missing++;
        return add(w, path, "", base_of(path), errno);
    }
    if (!S_ISDIR(s.st_mode)) return !wanted(w, base_of(path)) || add(w, path, "", base_of(path), 0);
    const chain here = {NULL, {s.st_dev, s.st_ino}};
    return walk_folder(w, path, "", &here);
}

static bool list_all(walk *w, const ibx_batch *batch) {
    struct stat s;
    if (batch->output && stat(batch->output, &s) == 0) w->output = (identity){s.st_dev, s.st_ino};
    w->include = ibx_globs_new(batch->include, w->err);
    w->exclude = w->include ? ibx_globs_new(batch->exclude, w->err) : NULL;
    if (!w->include || !w->exclude) return false;
    for (size_t i = 0; i < batch->input_count; i++)
        if (!list_input(w, batch->inputs[i])) return false;
    if (w->listing->count > w->missing) return true;
    if (w->missing) {
        const ibx_entry *first = w->listing->entries;
        return ibx_fail(w->err, IBX_FORMAT, "%s: %s", *first->path ? first->path : "\"\"",
                        strerror(first->error));
    }
    if (!batch->input_count) return ibx_fail(w->err, IBX_FORMAT, "no input was given");
    return ibx_fail(w->err, IBX_FORMAT, "no image in %s%s%s", batch->inputs[0],
                    batch->input_count > 1 ? " and the other inputs" : "",
                    batch->include || batch->exclude ? " that the patterns let pass" : "");
}

bool ibx_listing_make(const ibx_batch *batch, ibx_listing *listing, ibx_error *err) {
    *listing = (ibx_listing){0};
    walk w = {.listing = listing, .err = err};
    const bool good = list_all(&w, batch);
    ibx_globs_free(w.include);
    ibx_globs_free(w.exclude);
    free(w.linked);
    return good;
}

void ibx_listing_free(ibx_listing *listing) {
    for (size_t i = 0; i < listing->count; i++) free(listing->entries[i].path);
    free(listing->entries);
    *listing = (ibx_listing){0};
}
