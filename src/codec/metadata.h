/* metadata.h - EXIF, XMP, IPTC and ICC as they travel from input to output.
 *
 * Blocks are plain bytes without the file format's own wrapping:
 *   exif     starts with the TIFF header ("II*" or "MM*"), without "Exif\0\0"
 *   xmp      an XML packet, UTF-8, without the JPEG namespace prefix
 *   iptc     IPTC-IIM records as in a Photoshop image resource block 0x0404
 *   profile  an ICC profile */
#ifndef IBX_CODEC_METADATA_H
#define IBX_CODEC_METADATA_H

#include "imbrex.h"

/* Owns its blocks: malloc'd, NULL with size 0 where there is none. */
typedef struct {
    ibx_bytes exif, xmp, iptc, profile;
} ibx_metadata;

void ibx_metadata_free(ibx_metadata *m);

/* Stores a copy of a block in *field of a metadata, replacing what was there. */
bool ibx_metadata_set(ibx_bytes *field, const void *data, size_t size);

/* EXIF orientation 1..8; 1 if there is none or it is nonsense. Never fails, whatever the bytes. */
int ibx_metadata_orientation(const ibx_metadata *m);

/* Makes in *out what a policy keeps of *in for an image of w x h pixels that lies upright:
 *   KEEP       everything; orientation reset to 1 in EXIF and XMP, pixel dimensions updated, the
 *              embedded thumbnail dropped (it shows the old picture)
 *   NO_GPS     as KEEP, without the GPS directory and XMP's GPS properties
 *   COPYRIGHT  artist, copyright and their XMP / IPTC equals only
 *   NONE       nothing
 * The profile is not part of it: out->profile stays empty. Blocks that cannot be parsed are
 * dropped rather than passed on. False only without memory. `upright` false: the orientation is
 * left as it was. */
bool ibx_metadata_apply(ibx_keep policy, bool upright, int w, int h, const ibx_metadata *in,
                        ibx_metadata *out, ibx_error *err);

/* Resolution from EXIF, in pixels per inch or per centimetre. False if EXIF states none that fits
 * into 1..65535. */
typedef struct {
    uint16_t x, y;
    bool per_cm;
} ibx_density;
bool ibx_metadata_density(const ibx_metadata *m, ibx_density *density);

/* Is this an ICC profile for pixels of that model? By its header only (ICC.1, 7.2): signature,
 * length, colour space. A profile that does not fit is worse than none. */
bool ibx_profile_fits(ibx_bytes profile, ibx_model model);

/* Writes the profile's description (UTF-8, cut to size) into text; "" if it is not a profile. */
void ibx_profile_name(ibx_bytes profile, char *text, size_t size);

#endif
