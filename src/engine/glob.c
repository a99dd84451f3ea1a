/* glob.c - patterns and paths are cut at their slashes and compared component by component. */
#include "engine/glob.h"
#include <fnmatch.h>
#include <stdlib.h>

typedef struct {
    char *text;   /* the pattern, slashes replaced by NULs; owned */
    char **part;  /* its components; owned */
    int parts;    /* 1 and no slash: compared with the base name */
    bool base;    /* there was no slash but perhaps the last */
    bool folders; /* there was a slash at the end */
} pattern;

struct ibx_globs {
    pattern *list;
    int count;
};

/* Cuts text at its slashes, in place. part has room for as many as there can be. */
static int cut(char *text, char **part) {
    int n = 0;
    for (char *p = text; p; n++) {
        part[n] = p;
        p = strchr(p, '/');
        if (p) *p++ = 0;
    }
    return n;
}

static int slashes(const char *text) {
    int n = 0;
    while ((text = strchr(text, '/'))) n++, text++;
    return n;
}

static bool prepare(pattern *p, const char *text, ibx_error *err) {
    while (strncmp(text, "./", 2) == 0) text += 2;
    const bool anchored = *text == '/';
    if (anchored) text++;
    p->text = strdup(text);
    if (!p->text) return ibx_fail(err, IBX_MEMORY, "no memory for a pattern");
    size_t size = strlen(p->text);
    while (size && p->text[size - 1] == '/') {
        p->text[--size] = 0;
        p->folders = true;
    }
    if (!size) return ibx_fail(err, IBX_USAGE, "an empty pattern matches nothing");
    const int most = slashes(p->text) + 1;
    p->base = most == 1 && !anchored;
    p->part = calloc((size_t)most, sizeof *p->part);
    if (!p->part) return ibx_fail(err, IBX_MEMORY, "no memory for a pattern");
    p->parts = cut(p->text, p->part);
    return true;
}

ibx_globs *ibx_globs_new(const char *const *patterns, ibx_error *err) {
    int count = 0;
    while (patterns && patterns[count]) count++;
    ibx_globs *globs = calloc(1, sizeof *globs);
    if (globs) globs->list = calloc((size_t)count + 1, sizeof *globs->list);
    if (!globs || !globs->list) {
        free(globs);
        ibx_fail(err, IBX_MEMORY, "no memory for %d patterns", count);
        return NULL;
    }
    for (int i = 0; i < count; i++) {
        globs->count = i + 1;
        if (!prepare(&globs->list[i], patterns[i], err)) {
            ibx_globs_free(globs);
            return NULL;
        }
    }
    return globs;
}

void ibx_globs_free(ibx_globs *globs) {
    if (!globs) return;
    for (int i = 0; i < globs->count; i++) {
        free(globs->list[i].text);
        free(globs->list[i].part);
    }
    free(globs->list);
    free(globs);
}

bool ibx_globs_any(const ibx_globs *globs) {
    return globs && globs->count > 0;
}

static bool is_deep(const char *part) {
    return strcmp(part, "**") == 0;
}

/* "**" among components is what "*" is among characters: remember the last one seen and let it
 * swallow one component more whenever the rest does not fit. */
static bool match_parts(const pattern *p, char *const *part, int parts) {
    int i = 0, k = 0, star = -1, from = 0;
    while (k < parts) {
        if (i < p->parts && is_deep(p->part[i])) {
            star = i++;
            from = k;
        } else if (i < p->parts && fnmatch(p->part[i], part[k], 0) == 0) {
            i++;
            k++;
        } else if (star >= 0) {
            i = star + 1;
            k = ++from;
        } else {
            return false;
        }
    }
    while (i < p->parts && is_deep(p->part[i])) i++;
    return i == p->parts;
}

bool ibx_globs_match(const ibx_globs *globs, const char *path, bool folder) {
    if (!ibx_globs_any(globs)) return false;
    const int most = slashes(path) + 1;
    char *copy = strdup(path);
    char **part = calloc((size_t)most, sizeof *part);
    bool found = false;
    if (copy && part) {
        const int parts = cut(copy, part);
        for (int i = 0; i < globs->count && !found; i++) {
            const pattern *p = &globs->list[i];
            if (p->folders && !folder) continue;
            found = p->base ? match_parts(p, part + parts - 1, 1) : match_parts(p, part, parts);
        }
    }
    free(part);
    free(copy);
    return found;
}
