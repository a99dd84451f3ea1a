/* webp.h - EXIF in WebP files, behind the encoder.
 *
 * libvips makes up a block of EXIF where there is none, whatever it is told, and adds tags of its
 * own to one that it gets. So the block is put into the file that it made. */
#ifndef IBX_CODEC_WEBP_H
#define IBX_CODEC_WEBP_H

#include "codec/stream.h"

/* Sends a complete WebP file of one image with exactly this block as its EXIF, or with none if the
 * block is empty (RFC 9649, section 2.7). All other chunks go as they are; EXIF comes behind the
 * image and before XMP. A file that has no chunk VP8X gets one if it is needed, with the size and
 * transparency of `head`. The source says its size; it is read piece by piece. False if it is no
 * WebP, if its last chunk is not all there, if the new file would exceed 4 GB, or if the sink
 * fails. */
bool ibx_webp_send(const ibx_source *webp, ibx_bytes exif, const ibx_head *head, ibx_sink *sink,
                   ibx_error *err);

#endif
