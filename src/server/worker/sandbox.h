/* sandbox.h - what a worker may still do, once it is locked in: compute, and talk over its socket.
 *
 *   - no new privileges (prctl(2));
 *   - Landlock (landlock(7)): no file may be opened at all; from ABI 4 no TCP port bound or
 *     connected, from ABI 6 no signal and no abstract socket to the outside;
 *   - seccomp (seccomp(2)): a list of system calls that decoders, OpenMP and malloc need; anything
 *     that opens, connects, executes, traces or forks kills the process, what a library only tries
 *     out fails with ENOSYS or EPERM;
 *   - limits (setrlimit(2)): address space, file size, descriptors, no core dumps. */
#ifndef IBX_SERVER_SANDBOX_H
#define IBX_SERVER_SANDBOX_H

#include "server/config/settings.h"

typedef struct {
    int landlock_abi; /* 0: the kernel has none, or it is off */
    bool seccomp;
} ibx_sandbox_state;

/* Locks the process in, for good; all threads that will compute are made afterwards. With
 * IBX_SANDBOX_REQUIRE false if any part cannot be had, with PREFER what can be had. */
bool ibx_sandbox_enter(ibx_sandbox_mode mode, int64_t address_space, ibx_sandbox_state *state,
                       ibx_error *err);

#endif
