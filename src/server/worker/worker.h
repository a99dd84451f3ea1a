/* worker.h - the process that decodes, filters and encodes, kept in a sandbox.
 *
 * It is the program itself, started as `imbrex worker` by the front with a socket as descriptor 3.
 * It loads what it will need (the libvips codec with its loaders), locks itself in
 * (worker/sandbox.h), says hello, and serves orders one after another until the socket closes. It
 * opens no file and no connection: sources come as descriptors, results leave as sealed memory
 * files. Whatever goes wrong in it costs one request. */
#ifndef IBX_SERVER_WORKER_H
#define IBX_SERVER_WORKER_H

/* The descriptor of the socket that the front talks over. */
enum { IBX_WORKER_SOCKET = 3 };

/* The settings that a worker cannot get by order, as the environment that the front gives it:
 *   OMP_WAIT_POLICY=passive OMP_NUM_THREADS VIPS_CONCURRENCY=1 MALLOC_ARENA_MAX=2
 *   IMBREX_WORKER_SANDBOX=require|prefer|off
 *   IMBREX_WORKER_ADDRESS_SPACE=bytes   (RLIMIT_AS; 0: none)
 *   IMBREX_WORKER_LOADERS=name,name     (untrusted loaders to allow)
 * Runs the worker; returns the process's exit status: 0 when the front closed the socket. */
int ibx_worker_main(int argc, char **argv); /* no words */

#endif
