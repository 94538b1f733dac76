/* Faults of a disk, put between a program and the C library (LD_PRELOAD); armed by fault_child.py.
 *
 * What is written to, cut or synced in files whose path holds `part` is counted; the call number
 * `at` and, when `lasts`, every later one goes wrong in the way `kind` says. Of each file under
 * `shadowed` the bytes at its last true sync are copied: what a power cut would leave at the least.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { NONE, EIO_ON_WRITE, SHORT_WRITE, EIO_ON_SYNC, SYNC_IS_LOST };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int kind, at, lasts, writes, syncs, hits;
static char part[PATH_MAX], shadowed[PATH_MAX], shadows[PATH_MAX];

static ssize_t (*true_write)(int, const void *, size_t);
static ssize_t (*true_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*true_pwrite64)(int, const void *, size_t, off64_t);
static int (*true_fsync)(int);
static int (*true_fdatasync)(int);

__attribute__((constructor)) static void find(void) {
  true_write = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
  true_pwrite = (ssize_t (*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
  true_pwrite64 = (ssize_t (*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
  true_fsync = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  true_fdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
}

void fault_arm(int new_kind, int new_at, int new_lasts, const char *new_part) {
  pthread_mutex_lock(&lock);
  kind = new_kind, at = new_at, lasts = new_lasts, writes = syncs = hits = 0;
  snprintf(part, sizeof part, "%s", new_part);
  pthread_mutex_unlock(&lock);
}

void fault_shadow(const char *folder, const char *into) {
  pthread_mutex_lock(&lock);
  snprintf(shadowed, sizeof shadowed, "%s", folder);
  snprintf(shadows, sizeof shadows, "%s", into);
  pthread_mutex_unlock(&lock);
}

int fault_hits(void) { return hits; }

static int path_of(int descriptor, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return 1;
}

static int is_hit(int descriptor, int *counter) {
  char path[PATH_MAX];
  int hit = 0;
  pthread_mutex_lock(&lock);
  if (kind != NONE && path_of(descriptor, path) && strstr(path, part)) {
    int number = ++*counter;
    hit = number == at || (lasts && number > at);
    hits += hit;
  }
  pthread_mutex_unlock(&lock);
  return hit;
}

static int is_write_hit(int descriptor) {
  return (kind == EIO_ON_WRITE || kind == SHORT_WRITE) && is_hit(descriptor, &writes);
}

/* Whether the call ends here; `count` may have become shorter. */
static int goes_wrong(int descriptor, size_t *count) {
  if (!is_write_hit(descriptor)) return 0;
  if (kind == SHORT_WRITE && *count > 1) {
    *count /= 2;
    return 0;
  }
  errno = EIO;
  return 1;
}

ssize_t write(int descriptor, const void *data, size_t count) {
  if (goes_wrong(descriptor, &count)) return -1;
  return true_write(descriptor, data, count);
}

ssize_t pwrite(int descriptor, const void *data, size_t count, off_t offset) {
  if (goes_wrong(descriptor, &count)) return -1;
  return true_pwrite(descriptor, data, count, offset);
}

ssize_t pwrite64(int descriptor, const void *data, size_t count, off64_t offset) {
  if (goes_wrong(descriptor, &count)) return -1;
  return true_pwrite64(descriptor, data, count, offset);
}

static void keep_shadow(int descriptor) {
  char path[PATH_MAX], copy[2 * PATH_MAX], block[65536];
  struct stat found;
  if (!shadowed[0] || !path_of(descriptor, path) || strncmp(path, shadowed, strlen(shadowed))) return;
  if (fstat(descriptor, &found) || !S_ISREG(found.st_mode)) return;
  const char *name = strrchr(path, '/') + 1;
  snprintf(copy, sizeof copy, "%s/%s", shadows, name);
  int to = open(copy, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (to < 0) return;
  off_t offset = 0;
  ssize_t length;
  while ((length = pread(descriptor, block, sizeof block, offset)) > 0) {
    if (true_pwrite(to, block, (size_t)length, offset) != length) break;
    offset += length;
  }
  close(to);
}

static int synced(int descriptor, int (*true_sync)(int)) {
  if ((kind == EIO_ON_SYNC || kind == SYNC_IS_LOST) && is_hit(descriptor, &syncs)) {
    if (kind == SYNC_IS_LOST) return 0;
    errno = EIO;
    return -1;
  }
  int answer = true_sync(descriptor);
  if (answer == 0) {
    pthread_mutex_lock(&lock);
    keep_shadow(descriptor);
    pthread_mutex_unlock(&lock);
  }
  return answer;
}

int fsync(int descriptor) { return synced(descriptor, true_fsync); }

int fdatasync(int descriptor) { return synced(descriptor, true_fdatasync); }
