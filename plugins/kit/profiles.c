/* SPDX-License-Identifier: MIT
 *
 * Profiles: which groups a plug-in answers for, by what it declares. */
#include <poe/loop_kit_run.h>
#include <string.h>

#define BIT(capability) (UINT64_C(1) << (capability))
#define CORE "load descriptors time wake drive process fork faults idle"

static const poe_kit_profile kProfiles[] = {
    {"core", CORE, "an own loop that the kernel steps: every plug-in", 0, "nothing"},
    {"guest", CORE " guest", "inside the loop of a host program", BIT(POE_CAP_FOREIGN), "FOREIGN"},
    {"embed", CORE " embed", "driven by somebody else's loop", BIT(POE_CAP_POLLABLE), "POLLABLE"},
    {"gui", CORE " guest nesting", "inside a toolkit whose dialogs and menus run inner loops",
     BIT(POE_CAP_FOREIGN) | BIT(POE_CAP_NESTED_REPORT), "FOREIGN and NESTED_REPORT"},
    {"full", CORE " nesting guest embed", "everything; what is not declared must be refused as agreed", 0, "nothing"},
};

const poe_kit_profile* poe_kit_profile_at(size_t index) {
  return index < sizeof kProfiles / sizeof kProfiles[0] ? &kProfiles[index] : NULL;
}

const poe_kit_profile* poe_kit_profile_named(const char* name) {
  for (size_t i = 0; poe_kit_profile_at(i); ++i)
    if (strcmp(kProfiles[i].name, name) == 0) return &kProfiles[i];
  return NULL;
}

int poe_kit_claims(const poe_loop_plugin* plugin, const poe_kit_profile* profile) {
  return (plugin->capabilities[0] & profile->capabilities) == profile->capabilities;
}

int poe_kit_profile_has(const poe_kit_profile* profile, const char* group) {
  const size_t length = strlen(group);
  for (const char* at = profile->groups; (at = strstr(at, group)); at += length) {
    const int begins = at == profile->groups || at[-1] == ' ';
    if (begins && (at[length] == ' ' || at[length] == '\0')) return 1;
  }
  return 0;
}
