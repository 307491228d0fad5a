// A library to preload (LD_PRELOAD) into a server, which makes a system call fail:
//     FAULT_CALL=fdatasync  FAULT_NUMBER=3  FAULT_ERROR=5   the third fdatasync() fails with errno 5
//     SLOW_DISK=30                                          fsync() and fdatasync() take 30 ms longer
//     FAULT_ARMED=path                                      both only from when this file is there
// Leaves out: calls that succeed in part.
#include <dlfcn.h>
#include <pthread.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace {

int number_in(const char* variable) {
    const char* const value = std::getenv(variable);
    return value != nullptr ? std::atoi(value) : 0;
}

bool is_armed() {
    static const char* const armed = std::getenv("FAULT_ARMED");
    return armed == nullptr || access(armed, F_OK) == 0;
}

bool must_fail(const char* name) {
    static const char* const wanted = std::getenv("FAULT_CALL");
    static std::atomic<int> calls = 0;
    if (wanted == nullptr || std::strcmp(name, wanted) != 0 || !is_armed()) return false;
    return ++calls == number_in("FAULT_NUMBER");
}

// The C library's own function of this name. (The pointer's type is told by who asks.)
template <class Result, class... Arguments>
Result call(const char* name, Arguments... arguments) {
    if (must_fail(name)) {
        errno = number_in("FAULT_ERROR");
        return -1;
    }
    const auto real = reinterpret_cast<Result (*)(Arguments...)>(dlsym(RTLD_NEXT, name));
    return real(arguments...);
}

void take_long() {
    static const int milliseconds = number_in("SLOW_DISK");
    if (milliseconds > 0 && is_armed()) usleep(static_cast<useconds_t>(milliseconds) * 1000);
}

}  // namespace

// Declared here and not by their headers, which give some of them other types. `open`, `fcntl` and
// `ioctl` are called with three arguments at most, and take them as if there always were three.
extern "C" {

// The store.
int open(const char* path, int flags, mode_t mode) {
    return call<int>("open", path, flags, mode);
}
int openat(int at, const char* path, int flags, mode_t mode) {
    return call<int>("openat", at, path, flags, mode);
}
int rename(const char* from, const char* to) noexcept {
    return call<int>("rename", from, to);
}
int fcntl(int file, int command, long argument) {
    return call<int>("fcntl", file, command, argument);
}
int stat(const char* path, void* facts) {
    return call<int>("stat", path, facts);
}
int fstat(int file, void* facts) {
    return call<int>("fstat", file, facts);
}
int flock(int file, int operation) {
    return call<int>("flock", file, operation);
}
ssize_t pread(int file, void* bytes, size_t size, off_t at) {
    return call<ssize_t>("pread", file, bytes, size, at);
}
ssize_t write(int file, const void* bytes, size_t size) {
    return call<ssize_t>("write", file, bytes, size);
}
off_t lseek(int file, off_t offset, int whence) noexcept {
    return call<off_t>("lseek", file, offset, whence);
}
int ftruncate(int file, off_t size) noexcept {
    return call<int>("ftruncate", file, size);
}
int fsync(int file) {
    take_long();
    return call<int>("fsync", file);
}
int fdatasync(int file) {
    take_long();
    return call<int>("fdatasync", file);
}

// The engines.
int accept4(int listener, void* address, void* size, int flags) {
    return call<int>("accept4", listener, address, size, flags);
}
int setsockopt(int socket, int level, int name, const void* value, unsigned size) {
    return call<int>("setsockopt", socket, level, name, value, size);
}
ssize_t recv(int socket, void* bytes, size_t size, int flags) {
    return call<ssize_t>("recv", socket, bytes, size, flags);
}
ssize_t send(int socket, const void* bytes, size_t size, int flags) {
    return call<ssize_t>("send", socket, bytes, size, flags);
}
ssize_t sendfile(int socket, int file, off_t* at, size_t size) {
    return call<ssize_t>("sendfile", socket, file, at, size);
}
int shutdown(int socket, int how) {
    return call<int>("shutdown", socket, how);
}
int poll(void* watched, unsigned long count, int milliseconds) {
    return call<int>("poll", watched, count, milliseconds);
}
int epoll_ctl(int epoll, int operation, int file, void* event) {
    return call<int>("epoll_ctl", epoll, operation, file, event);
}
int epoll_wait(int epoll, void* events, int count, int milliseconds) {
    return call<int>("epoll_wait", epoll, events, count, milliseconds);
}
int pipe(int* ends) {
    return call<int>("pipe", ends);
}
int ioctl(int file, unsigned long request, void* argument) {
    return call<int>("ioctl", file, request, argument);
}
int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*begin)(void*),
                   void* argument) {
    if (must_fail("pthread_create")) return number_in("FAULT_ERROR");
    return call<int>("pthread_create", thread, attributes, begin, argument);
}

// What the first ones are called in programs with _FILE_OFFSET_BITS=64.
int open64(const char*, int, mode_t) __attribute__((alias("open")));
int openat64(int, const char*, int, mode_t) __attribute__((alias("openat")));
int fcntl64(int, int, long) __attribute__((alias("fcntl")));
int stat64(const char*, void*) __attribute__((alias("stat")));
int fstat64(int, void*) __attribute__((alias("fstat")));
ssize_t pread64(int, void*, size_t, off_t) __attribute__((alias("pread")));
off_t lseek64(int, off_t, int) noexcept __attribute__((alias("lseek")));
int ftruncate64(int, off_t) noexcept __attribute__((alias("ftruncate")));
ssize_t sendfile64(int, int, off_t*, size_t) __attribute__((alias("sendfile")));
}
