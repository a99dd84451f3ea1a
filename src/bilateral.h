/* bilateral.h - a tool for filters: means of neighbours that are weighted by distance and by
 * likeness, which leaves edges alone.
 *
 * Tomasi and Manduchi, Bilateral filtering for gray and color images, 1998. Two pixels weigh the
 * same in each other's means: weights are computed once for every pair of rows and used for both,
 * which takes a third of the time off. Every mean adds up its neighbours in one order, so that no
 * result depends on tiles, CPU or compiler. */
#ifndef IBX_BILATERAL_H
#define IBX_BILATERAL_H

#include "vector.h"

#define ibx_bilateral_scratch IBX_OWN(ibx_bilateral_scratch, IBX_VARIANT)
#define ibx_bilateral_means IBX_OWN(ibx_bilateral_means, IBX_VARIANT)

enum { IBX_BILATERAL_RADIUS = 30 }; /* of sigma 20 */

/* The weights. Logarithms are binary. */
typedef struct {
    int radius;
    int reach[IBX_BILATERAL_RADIUS + 1]; /* largest dx within the circle, by dy */
    float distance[IBX_BILATERAL_RADIUS + 1][IBX_BILATERAL_RADIUS + 1]; /* log. weight by dy, dx */
    float scale; /* of colours: squares of scaled differences are logarithms of weights */
} ibx_bilateral;

/* Makes the weights of Gaussians of sigma_space (0.5 to 20 pixels; cut to a circle at 1.5 sigma)
 * and of sigma_range (above 0, in units of the samples). For a filter's `prepare`. */
void ibx_bilateral_make(ibx_bilateral *b, double sigma_space, double sigma_range);

/* Bytes of scratch for an output of `planes` planes. For a filter's `scratch`. */
size_t ibx_bilateral_scratch(const ibx_bilateral *b, int planes, ibx_rect out);

/* Every pixel of out->at becomes the mean of the pixels around it; those with no weight at all
 * stay. `colours` is 1 or 3; likeness is the Euclidean distance over them. If the tiles have one
 * plane more, that is alpha: it weighs too, and is not written. in->at is out->at grown by the
 * radius; scratch is aligned to 64 bytes. For a filter's `kernel`. */
void ibx_bilateral_means(const ibx_bilateral *b, int colours, const ibx_tile *in, ibx_tile *out,
                         void *scratch);

#endif
