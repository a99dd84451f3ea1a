/* vips_exif.h - EXIF in TIFF files, which libvips neither reads nor writes.
 *
 * A TIFF has no block of EXIF: what JPEG wraps up stands in the directories of the file itself
 * (CIPA DC-008, 4.6.3; TIFF 6.0, section 2; BigTIFF has wider numbers). Texts such as the artist
 * are in the directory of the image, beside those that describe its pixels; the rest is in
 * directories of its own that the image's directory points at: of the photograph with that of
 * interoperability, and of GPS. Here entries are copied from one such structure into another, with
 * all values of the types that EXIF has, whatever their tags.
 *
 * What goes with it is only what is no matter of how the pixels are stored: a list of tags of the
 * image's directory, and everything in the others. Values that lie outside the file are left out,
 * as are entries that are there twice. Makers' notes are copied, but those that hold positions in
 * their file lose their meaning, as in every program that does not know all makers.
 * Private to the codec. */
#ifndef IBX_CODEC_VIPS_EXIF_H
#define IBX_CODEC_VIPS_EXIF_H

#include "codec/codec.h"

/* Makes a block of what the first image of a TIFF has, in the file's order of bytes, so small that
 * JPEG has room for it: what exceeds that is left out. *exif is malloc'd, or stays empty. */
bool ibx_vips_exif_read(const ibx_source *tiff, ibx_bytes *exif, ibx_error *err);

/* Gives a block to the first image of a complete TIFF. Pixels and directories stay where they
 * are; behind them come the values, and a new directory of the image, which has all entries of the
 * old one, whose tags win. `fd` is open for reading and writing. Fails if the file cannot be
 * written, or is no BigTIFF and has no room for the block below 4 GB. */
bool ibx_vips_exif_append(int fd, ibx_bytes exif, ibx_error *err);

#endif
