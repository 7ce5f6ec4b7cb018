/* sys/select.h -- the system's, with the FD_ZERO() of Solaris and illumos. */
#ifndef EMULATION_SYS_SELECT_H
#define EMULATION_SYS_SELECT_H

#include_next <sys/select.h>

#undef FD_ZERO
#define FD_ZERO(set) memset((set), 0, sizeof *(set))

#endif
