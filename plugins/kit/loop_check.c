/* SPDX-License-Identifier: MIT
 *
 * poe-loop-check FILE.so: every check of the kit on one plug-in, wherever it was built.
 * Exit: 0 all hold, 1 a check failed, 2 wrong use, or the file is no loop plug-in. */
#include <dlfcn.h>
#include <poe/loop_kit.h>
#include <stdio.h>
#include <string.h>

static const char kUsage[] =
    "usage: poe-loop-check FILE.so [GROUP|CHECK]\n"
    "Runs the conformance checks on a loop plug-in: all, or those of one group (load, descriptors, time, wake,\n"
    "drive, guest, fork), or one by its whole name. Guest checks of a loop that can join a host loop need an\n"
    "adapter to that host and are left out here: write one against poe/loop_kit.h.\n";

static const poe_loop_plugin* open_plugin(const char* path) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  void* symbol = library ? dlsym(library, "poe_loop_entry") : NULL;
  if (!symbol) {
    fprintf(stderr, "poe-loop-check: cannot open %s as a loop plug-in: %s\n", path, dlerror());
    return NULL;
  }
  const poe_loop_plugin* (*entry)(void) = NULL;
  memcpy(&entry, &symbol, sizeof entry); /* ISO C has no cast from an object pointer to a function pointer */
  return entry();
}

static int wanted(const poe_kit_check* check, const char* choice) {
  return !choice || strcmp(check->group, choice) == 0 || strcmp(check->name, choice) == 0;
}

/* The guest checks of a loop that joins hosts need an adapter to its kind of host; others refuse, which is checked. */
static int needs_host(const poe_kit_check* check, const poe_kit_target* target) {
  const int joins = (int)((target->plugin->capabilities[POE_CAP_FOREIGN / 64] >> (POE_CAP_FOREIGN % 64)) & 1u);
  return joins && strcmp(check->group, "guest") == 0;
}

static int run_one(const poe_kit_check* check, const poe_kit_target* target) {
  static const char* const kWords[] = {"ok", "FAILED", "n/a"};
  char text[768] = "";
  if (needs_host(check, target)) {
    printf("%-8s %s\n", "no host", check->name);
    return 0;
  }
  const poe_kit_result result = poe_kit_run(check, target, text, sizeof text);
  printf("%-8s %s%s%s\n", kWords[result], check->name, *text ? ": " : "", text);
  if (result == POE_KIT_FAIL) printf("         rule: %s\n", check->rule);
  fflush(stdout);
  return result == POE_KIT_FAIL;
}

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3 || strcmp(argv[1], "--help") == 0) {
    fputs(kUsage, argc == 2 ? stdout : stderr);
    return argc == 2 ? 0 : 2;
  }
  poe_kit_target target;
  memset(&target, 0, sizeof target);
  target.struct_size = sizeof target;
  target.plugin = open_plugin(argv[1]);
  if (!target.plugin) return 2;
  int failed = 0, count = 0;
  for (size_t i = 0; i < poe_kit_count(); ++i) {
    if (!wanted(poe_kit_at(i), argc == 3 ? argv[2] : NULL)) continue;
    ++count;
    failed += run_one(poe_kit_at(i), &target);
  }
  if (count == 0) {
    fprintf(stderr, "poe-loop-check: there is no group or check named %s\n", argv[2]);
    return 2;
  }
  printf("%s: %d of %d checks failed\n", target.plugin->name, failed, count);
  return failed != 0;
}
