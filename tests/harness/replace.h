/* replace.h -- for a library to preload: a function in place of another.
 *
 *     REPLACE(int, close, int fd) { return REAL(close)(fd); }
 *
 * is what the program gets when it calls close(), and REAL(close) is what it
 * would have got. Before its first header the library defines _GNU_SOURCE, but
 * not on macOS: there what is asked for decides which select() is declared, and
 * it must be the one that the programs call.
 */
#ifndef REPLACE_H
#define REPLACE_H

#include <dlfcn.h>
#include <stdlib.h>

#ifdef __APPLE__
#define REAL(name) name
#define REPLACE(type, name, ...)                                               \
    type our_##name(__VA_ARGS__);                                              \
    __attribute__((used, section("__DATA,__interpose"))) static const struct { \
        void (*by)(void);                                                      \
        void (*what)(void);                                                    \
    } interpose_##name = {(void (*)(void))our_##name, (void (*)(void))name};   \
    type our_##name(__VA_ARGS__)
#else
#define REAL(name) (__extension__(__typeof__(our_##name) *) real(#name))
#define REPLACE(type, name, ...)                                               \
    type our_##name(__VA_ARGS__) __asm__(#name);                               \
    type our_##name(__VA_ARGS__)

static inline void *real(const char *name)
{
    void *address = dlsym(RTLD_NEXT, name);

    if (address == NULL)
        abort();
    return address;
}
#endif

#endif
