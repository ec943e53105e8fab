/* SPDX-License-Identifier: MIT
 *
 * A host for the checks that need one, before they begin. */
#include <errno.h>

#include "kit.h"

static void refuse_foreign(kit* run) {
  kit_loop* l = kit_slot(run);
  if (!l) return;
  int nothing = 0;
  poe_create how;
  kit_how(l, &how);
  how.foreign = &nothing;
  const int result = kit_create(l, &how, &l->loop);
  KIT_EXPECT(run, result == -ENOTSUP || result == POE_EUNSUPPORTED,
             "create() with a host loop, without FOREIGN: expected %d, got %d", -ENOTSUP, result);
  kit_skip(run, "FOREIGN is clear: a host loop is refused");
}

int kit_guest(kit* run) {
  const poe_kit_foreign* foreign = run->target->foreign;
  if (!kit_can(run, POE_CAP_FOREIGN)) {
    refuse_foreign(run);
    return 0;
  }
  run->host = foreign ? foreign->make() : NULL;
  if (!foreign) kit_fail(run, "this loop declares FOREIGN, but the target has no poe_kit_foreign to check it with");
  if (foreign && !run->host) kit_fail(run, "%s: expected a host loop, none could be made", foreign->name);
  return run->host != NULL;
}
