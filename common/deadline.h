/* deadline.h -- a moment in the future, for waits that may be interrupted.
 *
 * "At most two seconds" is easy to say once and easy to get wrong the second
 * time: whoever starts the wait again after a signal, or after the first of
 * several events, must wait for what is left. Hence a fixed moment on the
 * monotonic clock, which nobody sets back.
 */
#ifndef DEADLINE_H
#define DEADLINE_H

/* The moment timeout_ms from now, in nanoseconds; < 0: never. */
long long deadline_in(int timeout_ms);

/* How long until then, in milliseconds rounded up, so that whoever sleeps that
 * long does not wake too early; 0: it has passed; -1: never. This is what
 * poll(2) and selector_select() take as a timeout. */
int deadline_left_ms(long long deadline);

#endif
