// Keeps the binary loadable on glibc 2.28 when it is built on a newer one.
//
// glibc 2.34 moved libpthread and libdl into libc.so.6 and gave their functions a new symbol
// version; a program that is linked there asks for GLIBC_2.34 though nothing about the functions
// has changed. The old versions are still exported. Each function below stands in the binary,
// hidden, in front of the one of libc, for our own code and for the static libstdc++ and libgcc
// alike, and hands the call on to the old version. native/build/check-glibc.js names what is missing here.
//
// Part of the addon's build only: sanitizers put functions of their own in the same places.
#include <features.h>

#if defined(__GLIBC__) && (defined(__x86_64__) || defined(__aarch64__))

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __x86_64__
#define FIRST_VERSION "GLIBC_2.2.5"
#else
#define FIRST_VERSION "GLIBC_2.17"
#endif

// Declares first_##name, which is the `name` that glibc has had from the start of this architecture.
#define FIRST(name)                    \
  extern decltype(name) first_##name;  \
  __asm__(".symver first_" #name ", " #name "@" FIRST_VERSION)

extern "C" {

FIRST(dlsym);
void* dlsym(void* handle, const char* name) noexcept { return first_dlsym(handle, name); }

FIRST(pthread_create);
int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*), void* argument) noexcept {
  return first_pthread_create(thread, attributes, start, argument);
}

FIRST(pthread_join);
int pthread_join(pthread_t thread, void** result) { return first_pthread_join(thread, result); }

FIRST(pthread_sigmask);
int pthread_sigmask(int how, const sigset_t* set, sigset_t* old) noexcept {
  return first_pthread_sigmask(how, set, old);
}

FIRST(pthread_once);
int pthread_once(pthread_once_t* control, void (*routine)()) { return first_pthread_once(control, routine); }

// libgcc takes the address of this one to learn whether there are threads.
FIRST(pthread_key_create);
int __pthread_key_create(pthread_key_t* key, void (*destructor)(void*)) noexcept {
  return first_pthread_key_create(key, destructor);
}

// Before 2.33 fstat was an inline function of the headers and no symbol at all. Both architectures
// have a `struct stat` that is the kernel's.
int fstat64(int fd, struct stat64* status) noexcept {
  return static_cast<int>(syscall(SYS_fstat, fd, status));
}

// 2.32 and later say here whether there is but one thread, so that std::shared_ptr can count
// without atomics. "No" is always right.
__attribute__((visibility("hidden"))) char __libc_single_threaded = 0;

// 2.35 and later look up unwind tables here. Failing sends libgcc to dl_iterate_phdr, as before.
struct dl_find_object;
__attribute__((visibility("hidden"))) int _dl_find_object(void*, dl_find_object*) noexcept { return -1; }

}  // extern "C"

#endif
