/* lesson1.c -- the checks of the exercises of lesson 1. */
#include "check.h"

const struct exercise lesson1[] = {
    {0},
};
