// SPDX-License-Identifier: MIT
//
// POE_API marks what libpoe.so exports; everything else is hidden.
#pragma once

#define POE_API __attribute__((visibility("default")))
