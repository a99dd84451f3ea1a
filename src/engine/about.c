/* about.c - what the header of a file says. */
#include "engine/input.h"
#include "engine/limits.h"
#include "engine/picture.h"

bool ibx_about_file(const char *path, const char *const *allow_loaders, const ibx_limits *limits,
                    ibx_about *about, ibx_error *err) {
    const ibx_wishes wishes = {.allow_loaders = allow_loaders, .limits = ibx_limits_fill(limits)};
    ibx_picture picture = {0};
    ibx_desk desk;
    ibx_input input;
    ibx_desk_open(&desk, NULL);
    bool ok = ibx_input_open(&input, &desk, path, IBX_WHOLE_FILE, err);
    if (ok) {
        ok = ibx_picture_open(&picture, &input.source, ibx_input_peek(&input), &wishes, err);
        if (ok) ibx_picture_describe(&picture, about);
        ibx_picture_free(&picture);
        ibx_input_close(&input);
    }
    ibx_desk_close(&desk);
    return ok;
}
