/* environment.h - what a worker process is told by its environment (worker/worker.h). */
#ifndef IBX_SERVER_ENVIRONMENT_H
#define IBX_SERVER_ENVIRONMENT_H

#include "server/config/settings.h"

/* Workers, and threads of each, also where the settings leave it open. */
int ibx_worker_count(const ibx_settings *settings);
int ibx_worker_threads(const ibx_settings *settings);

/* The whole environment, NULL at its end; free with g_strfreev. Of the server's own only what
 * tells where things are, which language is spoken, and what sanitizers do: no secrets. */
char **ibx_worker_environment(const ibx_settings *settings);

#endif
