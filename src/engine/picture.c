/* picture.c - one file on its way through a recipe. */
#include "engine/picture.h"
#include <stdlib.h>

#define SNIFF 64 /* bytes that tell a format */

bool ibx_picture_open(ibx_picture *picture, ibx_source *source, ibx_bytes head,
                      const ibx_wishes *wishes, ibx_error *err) {
    const size_t n = head.size < SNIFF ? head.size : SNIFF;
    if (n == 0) return ibx_fail(err, IBX_FORMAT, "%s: is empty", source->name);
    const ibx_decode_limits limits = {.max_pixels = wishes->limits.max_pixels,
                                      .memory = wishes->limits.memory,
                                      .accept_damage = wishes->accept_damage,
                                      .allow_loaders = wishes->allow_loaders,
                                      .lender = wishes->lender};
    picture->codec = ibx_codec_for_reading(head.data, n, err);
    if (!picture->codec) return false;
    picture->decoder = picture->codec->open(source, &limits, &picture->info, err);
    return picture->decoder != NULL;
}

/* What each output keeps of the input's metadata. */
static bool choose_metadata(ibx_picture *picture, ibx_keep keep, ibx_error *err) {
    const ibx_plan *plan = picture->plan;
    picture->metadata = calloc((size_t)plan->saves, sizeof *picture->metadata);
    if (!picture->metadata) return ibx_fail(err, IBX_MEMORY, "no memory for an image");
    for (int i = 0; i < plan->saves; i++) {
        const ibx_save *save = &plan->save[i];
        const bool upright = save->head.orientation == 1;
        if (save->format->traits & IBX_KEEPS_METADATA &&
            !ibx_metadata_apply(keep, upright, save->head.w, save->head.h, &picture->info.metadata,
                                &picture->metadata[i], err))
            return false;
    }
    return true;
}

bool ibx_picture_plan(ibx_picture *picture, const ibx_format *const *formats,
                      const ibx_wishes *wishes, ibx_error *err) {
    const ibx_plan_options options = {.threads = wishes->limits.threads,
                                      .memory = wishes->limits.memory,
                                      .max_pixels = wishes->limits.max_pixels,
                                      .in_memory = wishes->in_memory,
                                      .formats = formats,
                                      .quality = wishes->quality};
    picture->shelf = wishes->shelf;
    picture->plan = ibx_shelf_take(wishes->shelf, wishes->recipe, &picture->info, &options, err);
    return picture->plan && choose_metadata(picture, wishes->metadata, err);
}

/* Tells the decoder what the plan wants. */
static bool start(ibx_picture *picture, ibx_error *err) {
    const ibx_codec *codec = picture->codec;
    const ibx_plan *plan = picture->plan;
    const ibx_band *band = &plan->band[0];
    if (plan->component) codec->start_components(picture->decoder);
    if (plan->shrink > 1 && !codec->start(picture->decoder, plan->shrink, &picture->info, err))
        return false;
    if (plan->coarse > 0) codec->coarsen(picture->decoder, plan->coarse);
    if (codec->columns && !plan->component && band->right - band->left < band->head.w)
        codec->columns(picture->decoder, band->left, band->right - band->left);
    return true;
}

bool ibx_picture_run(ibx_picture *picture, const char *name, ibx_team *team, ibx_sink *const *sink,
                     ibx_times *times, ibx_error *err) {
    const ibx_image_job job = {.name = name,
                               .plan = picture->plan,
                               .codec = picture->codec,
                               .format = picture->info.format,
                               .decoder = picture->decoder,
                               .sink = sink,
                               .metadata = picture->metadata};
    return start(picture, err) && ibx_run_image(team, &job, times, err);
}

void ibx_picture_close(ibx_picture *picture) {
    if (picture->codec) picture->codec->close(picture->decoder);
    picture->decoder = NULL;
}

void ibx_picture_free(ibx_picture *picture) {
    const int saves = picture->plan ? picture->plan->saves : 0;
    for (int i = 0; picture->metadata && i < saves; i++) ibx_metadata_free(&picture->metadata[i]);
    ibx_shelf_give_back(picture->shelf, picture->plan);
    ibx_picture_close(picture);
    free(picture->metadata);
    *picture = (ibx_picture){0};
}

void ibx_picture_describe(const ibx_picture *picture, ibx_about *about) {
    const ibx_info *info = &picture->info;
    *about = (ibx_about){.head = info->head,
                         .pages = info->pages,
                         .progressive = info->progressive,
                         .exif = info->metadata.exif.size,
                         .xmp = info->metadata.xmp.size,
                         .iptc = info->metadata.iptc.size};
    about->head.profile = (ibx_bytes){NULL, 0};
    snprintf(about->format, sizeof about->format, "%s", info->format);
    if (info->metadata.profile.size > 0)
        ibx_profile_name(info->metadata.profile, about->profile, sizeof about->profile);
}
