/* format.c - babl's formats and spaces. */
#include "gegl/format.h"

static const char *const MODELS[2][2] = {{"Y'", "Y'A"}, {"R'G'B'", "R'G'B'A"}};
static const char *const TYPES[] = {[IBX_U8] = "u8", [IBX_U16] = "u16", [IBX_F32] = "float"};

static const Babl *find(const ibx_head *head, ibx_sample sample, const Babl *space) {
    char encoding[32];
    g_snprintf(encoding, sizeof encoding, "%s %s", MODELS[head->model != IBX_GRAY][head->alpha],
               TYPES[sample]);
    return babl_format_with_space(encoding, space);
}

/* Samples of less than a float, where they can be taken as they are. */
static ibx_sample sample_of(const Babl *source, BablModelFlag flags) {
    const Babl *type = babl_format_get_type(source, 0);
    const bool encoded = flags & (BABL_MODEL_FLAG_NONLINEAR | BABL_MODEL_FLAG_PERCEPTUAL);
    if (!encoded || flags & (BABL_MODEL_FLAG_ASSOCIATED | BABL_MODEL_FLAG_CMYK)) return IBX_F32;
    return type == babl_type("u8") ? IBX_U8 : type == babl_type("u16") ? IBX_U16 : IBX_F32;
}

static ibx_bytes profile_of(const Babl *space) {
    int size = 0;
    if (!space || space == babl_space("sRGB")) return (ibx_bytes){NULL, 0};
    const char *data = babl_space_get_icc(space, &size);
    return (ibx_bytes){data, data ? (size_t)size : 0};
}

ibx_gegl_format ibx_gegl_format_of(const Babl *source) {
    ibx_gegl_format f = {.sample = IBX_F32};
    const Babl *space = source ? babl_format_get_space(source) : NULL;
    f.head = (ibx_head){.model = IBX_RGB, .alpha = true, .orientation = 1, .depth = 32};
    if (source && babl_format_is_palette(source)) {
        f.sample = IBX_U8;
    } else if (source) {
        const BablModelFlag flags = babl_get_model_flags(source);
        f.sample = sample_of(source, flags);
        f.head.model = flags & BABL_MODEL_FLAG_GRAY ? IBX_GRAY : IBX_RGB;
        f.head.alpha = babl_format_has_alpha(source);
    }
    f.head.depth = f.sample == IBX_U8 ? 8 : f.sample == IBX_U16 ? 16 : 32;
    f.head.profile = profile_of(space);
    f.format = find(&f.head, f.sample, space);
    return f;
}

const Babl *ibx_gegl_format_for(const ibx_head *head, ibx_sample sample, const Babl *from,
                                bool managed) {
    const Babl *space = babl_format_get_space(from);
    if (managed && head->profile.size == 0) {
        space = babl_space("sRGB");
    } else if (managed) {
        const char *why = NULL;
        const Babl *other = babl_space_from_icc(head->profile.data, (int)head->profile.size,
                                                BABL_ICC_INTENT_RELATIVE_COLORIMETRIC, &why);
        if (other) space = other;
    }
    return find(head, sample, space);
}
