/* gimp_install.c - imbrex gimp-install: the plug-in and GEGL's operations for one user.
 *
 * What is installed stays where it is; links to it go to where GIMP and GEGL look, so that a newer
 * imbrex needs no second call. */
#include "cli/command.h"
#include "cli/say.h"
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char text[PATH_MAX];
} path;

/* A part of what is installed. */
typedef struct {
    const char *what;
    const char *built, *installed; /* where it lies, from the folder of libimbrex */
    const char *own;       /* variable of the environment: a folder for GIMP alone, or NULL, */
    const char *below_own; /* and the link below it; */
    const char *variable;  /* variable: the user's folder of that kind; */
    const char *standard;  /* else below the home; */
    const char *below;     /* and the link below that */
    const char *everybody; /* where it is found without a link */
} part;

static const part PARTS[] = {{.what = "the plug-in",
                              .built = "plug-ins/imbrex",
                              .installed = IBX_GIMP2_FROM_LIBRARY "/imbrex",
                              .own = "GIMP2_DIRECTORY",
                              .below_own = "plug-ins/imbrex",
                              .variable = "XDG_CONFIG_HOME",
                              .standard = ".config",
                              .below = "GIMP/2.10/plug-ins/imbrex",
                              .everybody = IBX_GIMP2_PLUGINS "/imbrex"},
                             {.what = "the operations for GEGL",
                              .built = "gegl-0.4/imbrex.so",
                              .installed = IBX_GEGL_FROM_LIBRARY "/imbrex.so",
                              .variable = "XDG_DATA_HOME",
                              .standard = ".local/share",
                              .below = "gegl-0.4/plug-ins/imbrex.so",
                              .everybody = IBX_GEGL_PLUGINS "/imbrex.so"}};

/* Where the part is, resolved; false if this imbrex came without it. */
static bool find(const part *p, path *found) {
    Dl_info library;
    path at;
    const char *const places[] = {p->built, p->installed};
    if (!dladdr((void *)ibx_version, &library) || !strrchr(library.dli_fname, '/')) return false;
    const int folder = (int)(strrchr(library.dli_fname, '/') - library.dli_fname) + 1;
    for (int i = 0; i < 2; i++) {
        snprintf(at.text, sizeof at.text, "%.*s%s", folder, library.dli_fname, places[i]);
        if (realpath(at.text, found->text)) return true;
    }
    return false;
}

/* The user's link. */
static bool target(const part *p, path *link, ibx_error *err) {
    const char *own = p->own ? getenv(p->own) : NULL, *all = getenv(p->variable);
    const char *home = getenv("HOME");
    int length;
    if (own && *own == '/')
        length = snprintf(link->text, sizeof link->text, "%s/%s", own, p->below_own);
    else if (own && *own && home && *home == '/')
        length = snprintf(link->text, sizeof link->text, "%s/%s/%s", home, own, p->below_own);
    else if (all && *all == '/')
        length = snprintf(link->text, sizeof link->text, "%s/%s", all, p->below);
    else if (home && *home == '/')
        length = snprintf(link->text, sizeof link->text, "%s/%s/%s", home, p->standard, p->below);
    else
        return ibx_fail(err, IBX_USAGE, "where is your home folder? Set HOME");
    return length < (int)sizeof link->text || ibx_fail(err, IBX_USAGE, "%s: too long", p->below);
}

static bool make_folders(path link, ibx_error *err) {
    for (char *slash = link.text; (slash = strchr(slash + 1, '/'));) {
        *slash = 0;
        if (mkdir(link.text, 0777) != 0 && errno != EEXIST)
            return ibx_fail(err, IBX_IO, "%s: %s", link.text, strerror(errno));
        *slash = '/';
    }
    return true;
}

/* An older link is replaced in one step; anything else is somebody's and stays. */
static bool put_link(const path *to, const path *link, ibx_error *err) {
    struct stat old;
    char fresh[PATH_MAX + 8];
    snprintf(fresh, sizeof fresh, "%s.new", link->text);
    if (lstat(link->text, &old) == 0 && !S_ISLNK(old.st_mode))
        return ibx_fail(err, IBX_USAGE, "%s exists and is no link; move it out of the way first",
                        link->text);
    if (unlink(fresh) != 0 && errno != ENOENT)
        return ibx_fail(err, IBX_IO, "%s: %s", fresh, strerror(errno));
    if (symlink(to->text, fresh) == 0 && rename(fresh, link->text) == 0) return true;
    return ibx_fail(err, IBX_IO, "%s: %s", link->text, strerror(errno));
}

static bool install(const part *p, const path *found, ibx_error *err) {
    path link, everybody;
    if (realpath(p->everybody, everybody.text) && strcmp(everybody.text, found->text) == 0) {
        printf("%s is installed for all users: %s\n", p->what, found->text);
        return true;
    }
    if (!target(p, &link, err) || !make_folders(link, err) || !put_link(found, &link, err))
        return false;
    printf("%s -> %s\n", link.text, found->text);
    return true;
}

int ibx_do_gimp_install(const ibx_options *o, const ibx_program *program) {
    const ibx_command *command = ibx_command_of(program, IBX_GIMP_INSTALL);
    ibx_error err = {0};
    path found;
    bool ok =
        o->arguments.count == 0 ||
        ibx_fail(&err, IBX_USAGE, "it takes no arguments, but \"%s\" came", *o->arguments.word);
    int parts = 0;
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS && ok; i++) {
        if (!find(&PARTS[i], &found)) continue;
        ok = install(&PARTS[i], &found, &err);
        parts++;
    }
    if (ok && parts == 0)
        ok = ibx_fail(&err, IBX_USAGE,
                      "this imbrex was built without its plug-in, as libgimp was not there");
    if (!ok) return ibx_complain(command, &err);
    puts("GIMP shows it after its next start: Filters > imbrex.");
    return ibx_end_output();
}
