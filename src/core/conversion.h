/* conversion.h - what a colour conversion is made of: a chain of stages, each of which replaces a
 * block of colours. Shared by the files that build chains and the one that runs them. */
#ifndef IBX_CONVERSION_H
#define IBX_CONVERSION_H

#include "profile.h"
#include <lcms2.h>

typedef enum {
    IBX_STAGE_CURVES,  /* one per channel */
    IBX_STAGE_MATRIX,  /* three channels to `channels` */
    IBX_STAGE_LATTICE, /* three or four channels, 0..1, to three */
    IBX_STAGE_LAB,     /* CIE L*a*b*, encoded in 0..1 as in ICC version 4, to XYZ under D50 */
    IBX_STAGE_ENCODE,  /* `channels` of linear light by the curve of sRGB */
    IBX_STAGE_GAMMA,   /* or by the gamma of Adobe RGB (1998) */
    IBX_STAGE_LCMS     /* whatever lcms2 does */
} ibx_stage_kind;

typedef struct {
    ibx_stage_kind kind;
    int channels;       /* that are behind it */
    float *curve;       /* CURVES: IBX_CURVE + 1 values for each channel */
    float m[9], add[3]; /* MATRIX: by rows, and what is added behind it */
    ibx_lattice lattice;
} ibx_stage;

/* A chain has seven from a profile's tag at most, two for the connection space and two for the
 * target. */
enum { IBX_STAGES_MAX = 12 };

struct ibx_colour_conversion {
    ibx_model from, to;
    int stages;
    ibx_stage stage[IBX_STAGES_MAX];
    cmsContext lcms;
    cmsHTRANSFORM transform; /* floats; ink from 0 to 100 */
};

#define IBX_ADOBE_GAMMA (563 / 256.0)

/* A new stage at the end of the chain, with memory for its curves. NULL without memory, and if
 * the chain is full. */
ibx_stage *ibx_stage_add(ibx_colour_conversion *c, ibx_stage_kind kind, int channels);

/* Forgets all stages. */
void ibx_stages_clear(ibx_colour_conversion *c);

/* An open profile of a space, but for IBX_SPACE_OTHER. */
cmsHPROFILE ibx_profile_open(cmsContext lcms, int space);

/* The model of a profile's pixels; 0 if it is none of ours. */
ibx_model ibx_profile_model(cmsHPROFILE profile);

/* The profile from bytes if colours can be converted to it, or NULL. */
cmsHPROFILE ibx_profile_open_target(cmsContext lcms, ibx_bytes bytes);

/* Appends stages from the profile's device colours to XYZ under D50 (white: 0.9642, 1, 0.8249) by
 * the table of this intent. False if there is none, or it holds what stages cannot do, or there is
 * no memory; some stages may be there then. */
bool ibx_stages_from_table(ibx_colour_conversion *c, cmsHPROFILE profile, cmsUInt32Number intent);

/* The same by curves and a matrix; the matrix is not appended but stored in `xyz`. */
bool ibx_stages_from_matrix(ibx_colour_conversion *c, cmsHPROFILE profile, double xyz[9]);

/* Appends stages from v to a space that has this profile, where xyz (3 x 3, by rows) times v plus
 * `add` is XYZ. Not for IBX_SPACE_OTHER. */
bool ibx_stages_to_space(ibx_colour_conversion *c, int space, cmsHPROFILE profile,
                         const double xyz[9], const double add[3]);

#endif
