/* vips_avif.h - AVIF through libheif itself.
 *
 * libvips, which reads these files, would write them too, but makes up a block of EXIF where there
 * is none, adds tags of its own to one that it gets, and keeps no pixel exactly. */
#ifndef IBX_CODEC_VIPS_AVIF_H
#define IBX_CODEC_VIPS_AVIF_H

#include "codec/vips.h"

/* Compresses the image whose rows of 8-bit samples are in the store, gray or RGB, and sends the
 * file (AV1 Image File Format 1.1, ISO/IEC 23008-12). Metadata and profile of the job go into it
 * as they are, but no profile of gray. Without profile the file says that its colours are sRGB
 * (ITU-T H.273). Lossless is exact: the colours are not turned into YCbCr. One thread; the file is
 * in memory until it is sent. False if the encoder or the sink fails. */
bool ibx_vips_avif_send(const ibx_vips_store *store, const ibx_save_job *job, ibx_sink *sink,
                        ibx_error *err);

/* Memory that this takes per pixel beside the store. */
double ibx_vips_avif_bytes(const ibx_save_job *job);

#endif
