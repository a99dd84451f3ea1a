/* home.h - names of files as users write them. */
#ifndef IBX_GIMP_HOME_H
#define IBX_GIMP_HOME_H

/* The name with the home folder in place of a "~" that stands alone or in front of a "/"; without
 * the variable HOME, and all other names, as they are. malloc'd; NULL without memory. */
char *ibx_gimp_at_home(const char *name);

#endif
