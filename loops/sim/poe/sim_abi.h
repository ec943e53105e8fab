/* SPDX-License-Identifier: MIT
 *
 * poe.sim/1: what a test may ask of the simulated loop: which seed it plays, what it chose so far, to let virtual
 * time pass and to set the wall clock. Offered by the loop plug-in "sim" through extension("poe.sim/1"); every other
 * loop answers NULL for that name.
 *
 * Not here: the simulated sockets, pipes and files. They are reached through poe.sys/1 (sys_abi.h), as real ones.
 *
 * Thread: the loop's own. The table is valid until the loop's closed(); `ctx` goes back as the first argument.
 */
#ifndef POE_SIM_ABI_H
#define POE_SIM_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define POE_SIM_NAME "poe.sim/1"

/* Descriptors of the simulated world are this number and upward: no real descriptor ever gets there. */
#define POE_SIM_FIRST_FD 0x10000000

typedef struct poe_sim {
  uint32_t struct_size;
  uint32_t reserved; /* zero */
  void* ctx;
  uint64_t seed; /* all choices follow from it and from what the program does */

  /* A 64-bit digest of every choice so far: order and size of each batch, jumps of time, latencies, short counts.
   * Two runs of one program with one seed have the same digest, step by step. */
  uint64_t (*hash)(void* ctx);

  /* How often step() was called. */
  uint64_t (*steps)(void* ctx);

  /* Lets `ns` nanoseconds pass, as if the program had computed for so long. What travels arrives meanwhile, but
   * nothing is delivered before the next step. Returns 0, or -EINVAL for a negative number. */
  int (*advance)(void* ctx, int64_t ns);

  /* Sets the wall clock `ns` nanoseconds forward, or back if negative, as an operator does; the monotonic one does not
   * notice. Returns 0. */
  int (*step_wall)(void* ctx, int64_t ns);
} poe_sim;

#ifdef __cplusplus
}
#endif

#endif /* POE_SIM_ABI_H */
