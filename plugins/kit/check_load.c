/* SPDX-License-Identifier: MIT
 *
 * Group load, first half: what the plug-in says of itself, and making loops. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"

static void prefix(kit* run) {
  const poe_loop_plugin* p = run->plugin;
  KIT_EXPECT(run, p->magic == POE_LOOP_MAGIC, "magic: expected 0x%llx, got 0x%llx", (unsigned long long)POE_LOOP_MAGIC,
             (unsigned long long)p->magic);
  KIT_EXPECT(run, p->struct_size >= sizeof(poe_loop_plugin), "struct_size: expected at least %u, got %u",
             (unsigned)sizeof(poe_loop_plugin), p->struct_size);
  KIT_EQUAL(run, "abi_major", POE_LOOP_ABI_MAJOR, p->abi_major);
}

static int filled(const char* text) { return text && *text; }

static void names(kit* run) {
  const poe_loop_plugin* p = run->plugin;
  KIT_EXPECT(run, filled(p->name), "name: expected a word, got none");
  for (const char* c = p->name; *c; ++c)
    KIT_EXPECT(run, islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '_',
               "name: expected lower case, digits and _, got \"%s\"", p->name);
  KIT_EXPECT(run, filled(p->version) && isdigit((unsigned char)*p->version),
             "version: expected a number first, got \"%s\"", p->version ? p->version : "(NULL)");
  KIT_EXPECT(run, filled(p->library), "library: expected the name of what waits, got none");
  KIT_EXPECT(run, p->library_version != NULL, "library_version: expected a text, got NULL");
  KIT_EXPECT(run, filled(p->licence), "licence: expected an SPDX expression, got none");
  KIT_EXPECT(run, p->host_sonames != NULL, "host_sonames: expected a text (\"\" for none), got NULL");
}

static void required_ops(kit* run) {
  const poe_loop_ops* ops = run->ops;
  KIT_EXPECT(run, kit_covers(run, offsetof(poe_loop_ops, run)), "ops.struct_size: expected at least %u, got %u",
             (unsigned)offsetof(poe_loop_ops, run), ops->struct_size);
  KIT_EQUAL(run, "ops.reserved", 0, ops->reserved);
  KIT_EXPECT(run, ops->create && ops->close && ops->abandon, "create, close, abandon: expected all three, got a NULL");
  KIT_EXPECT(run, ops->watch && ops->arm && ops->wake && ops->step,
             "watch, arm, wake, step: expected all four, got a NULL");
}

#define GIVEN(run, member) \
  (kit_covers(run, offsetof(poe_loop_ops, member) + sizeof(run->ops->member)) && run->ops->member != NULL)

static void capabilities(kit* run) {
  KIT_EQUAL(run, "run() and stop() given together", GIVEN(run, run), GIVEN(run, stop));
  KIT_EQUAL(run, "capability RUN, as run() is given", GIVEN(run, run), kit_can(run, POE_CAP_RUN));
  KIT_EQUAL(run, "capability POLLABLE, as pollable() is given", GIVEN(run, pollable), kit_can(run, POE_CAP_POLLABLE));
  if (kit_can(run, POE_CAP_OWN_CLOCK)) KIT_EXPECT(run, GIVEN(run, now), "OWN_CLOCK: expected now(), got NULL");
}

static void schema(kit* run) {
  const char* const* lines = run->plugin->option_schema;
  for (size_t i = 0; lines && lines[i]; ++i) {
    const char* equals = strchr(lines[i], '=');
    KIT_EXPECT(run, equals && equals != lines[i] && equals[1],
               "option_schema: expected \"name=meaning; values; default\", got \"%s\"", lines[i]);
  }
}

static void probe_is_pure(kit* run) {
  if (!run->plugin->probe) return;
  void* foreign = NULL;
  const char* reason = NULL;
  const int before = kit_open_descriptors();
  const int first = run->plugin->probe(&foreign, &reason);
  KIT_EXPECT(run, first >= 0 && first <= 2, "probe(): expected 0, 1 or 2, got %d", first);
  KIT_EXPECT(run, filled(reason), "probe(): expected a reason, got none");
  KIT_EQUAL(run, "probe() asked again", first, run->plugin->probe(&foreign, &reason));
  KIT_EQUAL(run, "descriptors after two probe()", before, kit_open_descriptors());
}

static void opens(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  KIT_EQUAL(run, "calls from inside create()", 0, l->calls);
}

/* The answer to a create() that must fail: the code, a text, nothing written. */
static void refuses(kit* run, const poe_create* how, kit_loop* l, int one, int other, const char* what) {
  poe_loop* const untouched = (poe_loop*)(void*)l;
  poe_loop* loop = untouched;
  const int result = kit_create(l, how, &loop);
  if (result == 0) l->loop = loop;
  KIT_EXPECT(run, result == one || result == other, "create() with %s: expected %d, got %d", what, one, result);
  KIT_EXPECT(run, loop == untouched, "create() with %s: expected *ret_loop untouched, it was written", what);
  KIT_EXPECT(run, l->errors == 1, "create() with %s: expected error() once, got %d", what, l->errors);
  KIT_EQUAL(run, "the code that error() was given", result, l->error_code);
}

static void small_create(kit* run) {
  kit_loop* l = kit_slot(run);
  if (!l) return;
  poe_create how;
  kit_how(l, &how);
  how.struct_size = (uint32_t)offsetof(poe_create, option_count);
  refuses(run, &how, l, POE_EABI, POE_EABI, "a struct smaller than 1.0");
}

static void small_host(kit* run) {
  kit_loop* l = kit_slot(run);
  if (!l) return;
  poe_create how;
  kit_how(l, &how);
  l->host.struct_size = (uint32_t)offsetof(poe_host, extension);
  refuses(run, &how, l, POE_EABI, POE_EABI, "a host smaller than 1.0");
  l->host.struct_size = sizeof(poe_host);
}

/* A kernel of a later minor: longer structs, an unknown flag, more behind the members we know. */
static void larger_structs(kit* run) {
  struct {
    poe_create how;
    uint64_t later[4];
  } longer;
  kit_loop* l = kit_slot(run);
  if (!l) return;
  memset(&longer, 0xA5, sizeof longer);
  kit_how(l, &longer.how);
  longer.how.struct_size = sizeof longer;
  l->host.abi_minor = POE_LOOP_ABI_MINOR + 7;
  KIT_EQUAL(run, "create() of a later minor", 0, kit_create(l, &longer.how, &l->loop));
}

static void unknown_option(kit* run) {
  kit_loop* l = kit_slot(run);
  if (!l) return;
  const poe_kit_target* target = run->target;
  const size_t count = (size_t)target->option_count;
  poe_option* options = calloc(count + 1, sizeof *options);
  KIT_EXPECT(run, options, "the kit is out of memory");
  if (count) memcpy(options, target->options, count * sizeof *options);
  options[count].name = "no_such_option";
  options[count].value = "1";
  poe_create how;
  kit_how(l, &how);
  how.options = options;
  how.option_count = count + 1;
  const int result = kit_create(l, &how, &l->loop);
  free(options);
  KIT_EXPECT(run, result == 0 || (result < 0 && !l->loop && l->errors == 1),
             "an unknown option: expected 0, or an error with a text; got %d and %d texts", result, l->errors);
}

static void null_foreign_or_refusal(kit* run) {
  kit_loop* l = kit_slot(run);
  if (!l) return;
  if (kit_can(run, POE_CAP_FOREIGN)) {
    poe_create how;
    kit_how(l, &how);
    KIT_EQUAL(run, "create() with foreign NULL", 0, kit_create(l, &how, &l->loop));
    return;
  }
  int nothing = 0;
  poe_create how;
  kit_how(l, &how);
  how.foreign = &nothing;
  refuses(run, &how, l, -ENOTSUP, POE_EUNSUPPORTED, "a foreign loop, without FOREIGN,");
}

static void unknown_extension(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || !GIVEN(run, extension)) return;
  KIT_EXPECT(run, run->ops->extension(l->loop, "poe.kit.no_such/1") == NULL,
             "extension(\"poe.kit.no_such/1\"): expected NULL, got a table");
  const poe_sys* sys = l->own_world ? l->sys : NULL;
  if (!sys) return;
  KIT_EXPECT(run, sys->struct_size >= sizeof(poe_sys), "poe.sys/1: expected %u bytes, got %u",
             (unsigned)sizeof(poe_sys), sys->struct_size);
  KIT_EXPECT(run, sys->pipe && sys->socketpair && sys->readv && sys->writev && sys->close && sys->clock,
             "poe.sys/1: expected pipe, socketpair, readv, writev, close and clock, got a NULL");
}

static int both_reported(kit_loop* l) { return kit_has_ready(l->run->loops[0]) && kit_has_ready(l->run->loops[1]); }

/* Some libraries have one dispatcher a thread: stepping one loop may then bring the other's calls, too. */
static void two_loops(kit* run) {
  kit_loop* a = kit_open(run);
  kit_loop* b = kit_open(run);
  if (!a || !b || kit_pipe(a, a->pair) || kit_pipe(b, b->pair)) return;
  KIT_EQUAL(run, "watch() on the first loop", 0, kit_watch(a, a->pair[0], POE_READ, 0xA));
  KIT_EQUAL(run, "watch() on the second loop", 0, kit_watch(b, b->pair[0], POE_READ, 0xB));
  kit_put(a, a->pair[1]);
  kit_put(b, b->pair[1]);
  for (int i = 0; i < 20 && !both_reported(a); ++i) {
    kit_drive(a, kit_has_ready, 50 * KIT_MS);
    kit_drive(b, kit_has_ready, 50 * KIT_MS);
  }
  KIT_EXPECT(run, kit_reported(a, 0xA) > 0 && kit_reported(b, 0xB) > 0, "two loops: expected both to report");
  KIT_EXPECT(run, !kit_reported(a, 0xB) && !kit_reported(b, 0xA),
             "two loops: expected each its own token, one reported the other's");
  kit_close(a);
  kit_drive(a, kit_has_closed, KIT_SOON);
  kit_forget_reports(b);
  KIT_EXPECT(run, kit_drive(b, kit_has_ready, KIT_SOON), "after the first loop closed: expected the second to report");
}

static void* other_thread(void* argument) {
  kit run;
  kit* first = argument;
  kit_begin(&run, first->target);
  run.contract = first->contract;
  kit_check_reads(&run);
  kit_end(&run);
  if (run.result != POE_KIT_PASS) kit_fail(first, "on a second thread: %s", run.text);
  return NULL;
}

static void two_threads(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  pthread_t thread;
  KIT_EQUAL(run, "pthread_create()", 0, pthread_create(&thread, NULL, other_thread, run));
  pthread_join(thread, NULL);
  kit_wake(l);
  KIT_EXPECT(run, kit_drive(l, kit_has_woken, KIT_SOON), "after a second thread's loop: expected a turn, got none");
}

static void create_in_turn(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  if (l->seen++ == 0) l->number = (intptr_t)kit_open(l->run);
}

static void created_inside(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  l->on_turn = create_in_turn;
  kit_wake(l);
  kit_drive(l, kit_has_woken, KIT_SOON);
  kit_loop* other = (kit_loop*)(intptr_t)l->number;
  if (!other) return;
  kit_wake(other);
  KIT_EXPECT(run, kit_drive(other, kit_has_woken, KIT_SOON), "a loop made in turn(): expected a WOKEN turn, got none");
}

/* "name=meaning; values; default": what a person reads there must be taken. */
static int create_with_default(kit* run, const char* line) {
  char name[64] = "", value[64] = "";
  const char* equals = strchr(line, '=');
  const char* last = strrchr(line, ';');
  kit_loop* l = kit_slot(run);
  if (!l || !equals || !last || equals - line >= (int)sizeof name) return -EINVAL;
  memcpy(name, line, (size_t)(equals - line));
  strncpy(value, last + 1 + strspn(last + 1, " "), sizeof value - 1);
  const poe_option option = {name, value};
  poe_create how;
  kit_how(l, &how);
  how.options = &option;
  how.option_count = 1;
  return kit_create(l, &how, &l->loop);
}

static void defaults_are_taken(kit* run) {
  const char* const* lines = run->plugin->option_schema;
  for (size_t i = 0; lines && lines[i] && i < KIT_LOOPS; ++i) {
    const int result = create_with_default(run, lines[i]);
    KIT_EXPECT(run, result == 0, "create() with the default of \"%s\": expected 0, got %d", lines[i], result);
  }
}

static const poe_kit_check kChecks[] = {
    {"load.prefix_is_that_of_1_0", "load", "magic, sizes and major are those of version 1.0", KIT_PLUGIN(magic), 0,
     prefix},
    {"load.names_are_filled", "load", "name, version, library and licence are not empty; the name is lower case",
     KIT_PLUGIN(name), 0, names},
    {"load.required_ops_are_there", "load", "the first seven ops are given and reserved words are zero",
     KIT_HEADER("poe_loop_ops"), 0, required_ops},
    {"load.capabilities_agree_with_ops", "load", "a missing op's capability bit is clear", KIT_PLUGIN(capabilities), 0,
     capabilities},
    {"load.option_schema_is_readable", "load", "each option line reads name=meaning; values; default",
     KIT_PLUGIN(option_schema), 0, schema},
    {"load.probe_is_a_pure_question", "load", "probe() creates nothing and gives a reason", KIT_PLUGIN(probe), 0,
     probe_is_pure},
    {"load.create_gives_a_quiet_loop", "load", "create() gives a loop and calls nobody", KIT_OP(create), 0, opens},
    {"load.small_create_is_refused", "load", "a create struct below 1.0: POE_EABI, a text, ret untouched",
     KIT_HEADER("Growth"), 0, small_create},
    {"load.small_host_is_refused", "load", "a host struct below 1.0: POE_EABI, a text, ret untouched",
     KIT_HEADER("Growth"), 0, small_host},
    {"load.later_minor_is_accepted", "load", "longer structs and a higher minor are no reason to refuse",
     KIT_HEADER("Growth"), 0, larger_structs},
    {"load.unknown_option", "load", "an unknown option is ignored, or refused with a text", KIT_OP(create), 0,
     unknown_option},
    {"load.foreign_as_declared", "load", "without FOREIGN a host loop is refused; NULL always means an own loop",
     KIT_CAP(FOREIGN), 0, null_foreign_or_refusal},
    {"load.unknown_extension_is_null", "load", "an unknown extension is NULL; poe.sys/1 is whole if offered",
     KIT_OP(extension), 0, unknown_extension},
    {"load.two_loops_on_one_thread", "load", "any number of loops a process, each with its own reports", KIT_OP(create),
     0, two_loops},
    {"load.two_loops_on_two_threads", "load", "any number of loops a process, each on its own thread", KIT_OP(create),
     0, two_threads},
    {"load.created_inside_a_turn", "load", "create() is legal in turn()", KIT_OP(create), 0, created_inside},
    {"load.schema_defaults_are_taken", "load", "the default that option_schema tells is accepted",
     KIT_PLUGIN(option_schema), 0, defaults_are_taken},
};

KIT_LIST(kit_load_checks, kChecks)
