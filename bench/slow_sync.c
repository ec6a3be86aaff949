// SPDX-License-Identifier: Apache-2.0
// A disk that takes 3 ms longer for every sync: loaded in front of the C library by bench/accepting.py.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

static int after(const char *name, int fd) {
  struct timespec longer = {0, 3000000};
  nanosleep(&longer, 0);
  return ((int (*)(int))dlsym(RTLD_NEXT, name))(fd);
}

int fsync(int fd) { return after("fsync", fd); }

int fdatasync(int fd) { return after("fdatasync", fd); }
