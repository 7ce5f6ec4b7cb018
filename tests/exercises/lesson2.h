/* lesson2.h -- what the checks of lesson 2 have in common. */
#ifndef LESSON2_H
#define LESSON2_H

#include "check.h"

/* If the places of those who leave are not used again, the list comes to its
 * end. */
void many_come_and_go(void);

/* The server starts; A, B and C get the last numbers that fit, D gets this one
 * and is refused. Before: occupy_numbers(FD_SETSIZE, FOR_THREE). */
void somebody_gets_number(int number, const char *why);
enum { FOR_THREE = 5 }; /* the listener and its spare one need two more */

void check_2_5(void); /* in silence.c */
void check_2_6(void); /* in from_memory.c */

#endif
