"""Namespaces of a test's own: a network with nothing in it but what the test puts there, and files
that lie over those of the machine. For tests that need no rights on it."""

import fcntl
import os
import socket
import struct
import subprocess
import sys

import support

ALONE = "NETWORK_IS_ALONE"


def enter():
    """Runs the program again where it is alone, or says that this cannot be had; first of all."""
    if os.environ.get(ALONE):
        return
    inside = ["unshare", "--user", "--map-root-user", "--net", "--mount"]
    if subprocess.run([*inside, "true"], capture_output=True).returncode != 0:
        support.skip("no namespaces here")
    sys.exit(subprocess.run([*inside, sys.executable, sys.argv[0]],
                            env={**os.environ, ALONE: "1"}).returncode)


def lay_over(folder, path, text):
    """The text in place of that file; the folder keeps it."""
    own = folder / path.replace("/", "-")
    own.write_text(text)
    subprocess.run(["mount", "--bind", own, path], check=True)


def bring_up(*addresses):
    """The loopback, which has these addresses too."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        up = struct.pack("16sH14x", b"lo", 0x41) # IFF_UP, IFF_RUNNING
        fcntl.ioctl(control, 0x8914, up)
        for number, address in enumerate(addresses):
            fcntl.ioctl(control, 0x8916, struct.pack("16sHH4s8x", b"lo:%d" % number, socket.AF_INET,
                                                     0, socket.inet_aton(address)))
