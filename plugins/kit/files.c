/* SPDX-License-Identifier: MIT
 *
 * Opening plug-ins and host adapters by file name, for good: toolkits cannot be unloaded. */
#include <dlfcn.h>
#include <errno.h>
#include <poe/loop_kit_run.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The function under `symbol`, as `size` bytes into *ret_function: ISO C has no cast from an object pointer to a
 * function pointer. */
static int entry_of(const char* path, const char* symbol, void* ret_function, size_t size, char* why, size_t why_size) {
  char* whole = realpath(path, NULL); /* a name without a slash would be searched for elsewhere */
  if (!whole) {
    snprintf(why, why_size, "cannot open %s: %s", path, strerror(errno));
    return 0;
  }
  void* library = dlopen(whole, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  void* found = library ? dlsym(library, symbol) : NULL;
  free(whole);
  if (found) memcpy(ret_function, &found, size);
  if (!found) snprintf(why, why_size, "%s", dlerror());
  return found != NULL;
}

const poe_loop_plugin* poe_kit_open_plugin(const char* path, char* ret_why, size_t why_size) {
  const poe_loop_plugin* (*entry)(void) = NULL;
  if (!entry_of(path, "poe_loop_entry", &entry, sizeof entry, ret_why, why_size)) return NULL;
  const poe_loop_plugin* plugin = entry();
  if (plugin && plugin->magic == POE_LOOP_MAGIC && plugin->abi_major == POE_LOOP_ABI_MAJOR) return plugin;
  snprintf(
      ret_why, why_size,
      plugin ? "%s: poe_loop_entry() tells a magic or an ABI major that is not ours" : "%s: poe_loop_entry() gave NULL",
      path);
  return NULL;
}

const poe_kit_foreign* poe_kit_open_host(const char* path, char* ret_why, size_t why_size) {
  const poe_kit_foreign* (*entry)(void) = NULL;
  if (!entry_of(path, POE_KIT_HOST_ENTRY, &entry, sizeof entry, ret_why, why_size)) return NULL;
  return poe_kit_ask_host(entry, path, ret_why, why_size);
}

const poe_kit_foreign* poe_kit_ask_host(const poe_kit_foreign* (*entry)(void), const char* path, char* ret_why,
                                        size_t why_size) {
  const poe_kit_foreign* foreign = entry();
  if (foreign && foreign->struct_size >= sizeof *foreign) return foreign;
  snprintf(ret_why, why_size, "%s: " POE_KIT_HOST_ENTRY "() gave no poe_kit_foreign of this kit's size", path);
  return NULL;
}

int poe_kit_host_beside(const char* plugin_path, const char* loop, char* ret_path, size_t path_size) {
  const char* slash = strrchr(plugin_path, '/');
  const int folder = slash ? (int)(slash - plugin_path) : 1;
  const int length =
      snprintf(ret_path, path_size, "%.*s/libpoe_kit_host_%s.so", folder, slash ? plugin_path : ".", loop);
  return length > 0 && (size_t)length < path_size && access(ret_path, R_OK) == 0;
}
