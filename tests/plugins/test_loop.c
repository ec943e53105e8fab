/* SPDX-License-Identifier: MIT
 *
 * A plug-in that only has to be found, judged and opened. Each fault the loader must see is one macro:
 *   NAME "…"            its name (required)         NOTE_MAJOR, ENTRY_MAJOR   ABI major it claims
 *   NOTE_NAME "…"       what the note says instead  HOST_SONAMES "…"          libraries of its host
 *   HOST "…"            probe() reads the environment variable POE_TEST_HOST_<HOST>: "1" idle, "2" running
 *   GUEST              it has the option "guest" by which it finds its host itself
 *   WITHOUT_NOTE, WITHOUT_ENTRY, NULL_ENTRY, NULL_OP, NULL_LICENCE, NULL_TEXTS, NO_OPS, SMALL_PLUGIN, SMALL_OPS,
 *   PROMISES_RUN, BAD_MAGIC
 * Its constructor leaves POE_TEST_CONSTRUCTED=<NAME> in the environment, so that a test sees whether any code ran.
 */
#include <poe/loop_abi.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#ifndef NOTE_NAME
#define NOTE_NAME NAME
#endif
#ifndef NOTE_MAJOR
#define NOTE_MAJOR POE_LOOP_ABI_MAJOR
#endif
#ifndef ENTRY_MAJOR
#define ENTRY_MAJOR POE_LOOP_ABI_MAJOR
#endif
#ifndef HOST_SONAMES
#define HOST_SONAMES ""
#endif
#ifdef BAD_MAGIC
#define MAGIC 7
#else
#define MAGIC POE_LOOP_MAGIC
#endif

#ifndef WITHOUT_NOTE
static const struct {
  uint32_t name_size, descriptor_size, type;
  char owner[4];
  poe_loop_note note;
} test_note __attribute__((section(".note.poe.loop"), used, aligned(8))) = {
    4,
    sizeof(poe_loop_note),
    POE_LOOP_NOTE_TYPE,
    POE_LOOP_NOTE_NAME,
    {POE_LOOP_MAGIC, sizeof(poe_loop_note), NOTE_MAJOR, POE_LOOP_ABI_MINOR, NOTE_NAME, "1.2.3", HOST_SONAMES}};
#endif

__attribute__((constructor)) static void leave_a_trace(void) { setenv("POE_TEST_CONSTRUCTED", NAME, 1); }

#ifndef WITHOUT_ENTRY
#ifdef NEEDED
int poe_test_needed(void);
#endif

static int fail(void) { return -95; }
static int no_create(const poe_create* how, poe_loop** ret_loop) { return (void)how, (void)ret_loop, fail(); }
static int no_close(poe_loop* loop) { return (void)loop, 0; }
static void no_abandon(poe_loop* loop) { (void)loop; }
static int no_watch(poe_loop* loop, poe_handle handle, uint32_t interest, uint64_t token) {
  return (void)loop, (void)handle, (void)interest, (void)token, fail();
}
static int no_arm(poe_loop* loop, int64_t deadline_ns) { return (void)loop, (void)deadline_ns, fail(); }
#ifndef NULL_OP
static int no_wake(poe_loop* loop) { return (void)loop, fail(); }
#endif
static int no_step(poe_loop* loop, int64_t max_wait_ns) { return (void)loop, (void)max_wait_ns, fail(); }

#ifdef HOST
static int host_dummy;
static int probe(void** ret_foreign, const char** ret_reason) {
  const char* state = getenv("POE_TEST_HOST_" HOST);
  const int answer = state ? atoi(state) : 0;
  *ret_foreign = answer ? &host_dummy : NULL;
  *ret_reason = answer == 2 ? "the test host runs" : answer == 1 ? "the test host is idle" : "there is no test host";
  return answer;
}
static const char* const options[] = {"context=which one; own, default; own",
#ifdef GUEST
                                      "guest=join without an object; yes, no; no",
#endif
                                      NULL};
#endif

__attribute__((unused)) static poe_loop_ops ops = {
#ifdef SMALL_OPS
    .struct_size = offsetof(poe_loop_ops, step),
#else
    .struct_size = sizeof(poe_loop_ops),
#endif
    .create = no_create,
    .close = no_close,
    .abandon = no_abandon,
    .watch = no_watch,
    .arm = no_arm,
#ifndef NULL_OP
    .wake = no_wake,
#endif
    .step = no_step,
};

static poe_loop_plugin plugin = {
    .magic = MAGIC,
#ifdef SMALL_PLUGIN
    .struct_size = offsetof(poe_loop_plugin, ops),
#else
    .struct_size = sizeof(poe_loop_plugin),
#endif
    .abi_major = ENTRY_MAJOR,
    .abi_minor = POE_LOOP_ABI_MINOR,
#ifndef NULL_TEXTS
    .name = NAME,
    .version = "1.2.3",
    .library = "libtest",
    .library_version = "4.5",
#endif
#ifndef NULL_LICENCE
    .licence = "MIT",
#endif
    .host_sonames = HOST_SONAMES,
#ifdef PROMISES_RUN
    .capabilities = {1u << POE_CAP_RUN, 0},
#else
    .capabilities = {(1u << POE_CAP_PRIORITY) | (1u << POE_CAP_FOREIGN), 0},
#endif
#ifdef HOST
    .option_schema = options,
    .probe = probe,
#endif
#ifndef NO_OPS
    .ops = &ops,
#endif
};

__attribute__((visibility("default"))) const poe_loop_plugin* poe_loop_entry(void) {
#ifdef NEEDED
  if (poe_test_needed()) return NULL;
#endif
#ifdef NULL_ENTRY
  (void)plugin;
  return NULL;
#else
  return &plugin;
#endif
}
#endif
