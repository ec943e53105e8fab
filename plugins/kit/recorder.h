/* SPDX-License-Identifier: MIT */
#ifndef POE_KIT_RECORDER_H
#define POE_KIT_RECORDER_H

#include "kit.h"

/* Fills l->host with calls that note into l. */
void kit_recorder_host(kit_loop* l);

#endif /* POE_KIT_RECORDER_H */
