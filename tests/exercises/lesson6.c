/* lesson6.c -- the checks of the exercises of lesson 6. */
#include "check.h"

const struct exercise lesson6[] = {
    {"6.2", check_6_2},
    {0},
};
