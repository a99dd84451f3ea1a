/* serve.h - `imbrex serve` and `imbrex sign`, as the module gives them to the program. */
#ifndef IBX_SERVER_SERVE_H
#define IBX_SERVER_SERVE_H

/* The words behind the command; both return the exit status. */
int ibx_serve_main(int argc, char **argv);
int ibx_sign_main(int argc, char **argv);

#endif
