// SPDX-License-Identifier: MIT
#include "spoilt_bridge.hpp"

#include <cerrno>
#include <string_view>
#include <utility>

#include "built_loop.hpp"

/// One spoilt loop: between the kit, which sees this as the plug-in's, and the bridge, which sees it as its kernel.
struct poe_loop {
  std::string fault{};
  const poe_loop_ops* ops = nullptr;  // the bridge's
  poe_loop* inner = nullptr;          // likewise; never looked into
  poe_host outer{};                   // the kit
  poe_host own{};                     // what the bridge calls
  int depth = 0;                      // callbacks under way
  bool closing = false;
  bool nested_before = false;

  bool is(std::string_view name) const { return fault == name; }
};

namespace {

poe_loop& at(void* ctx) { return *static_cast<poe_loop*>(ctx); }

void on_ready(void* ctx, std::uint64_t token, std::uint32_t events) {
  poe_loop& l = at(ctx);
  if (l.is("swallows_errors") && (events & (POE_ERROR | POE_HANGUP)) != 0) return;
  ++l.depth;
  l.outer.ready(l.outer.ctx, token, events);
  --l.depth;
}

void on_turn(void* ctx, std::uint32_t reasons) {
  poe_loop& l = at(ctx);
  const bool nested = (reasons & POE_TURN_NESTED) != 0;
  if (nested && l.is("deaf_in_dialogs")) return;
  if (l.is("hides_dialogs")) reasons &= ~POE_TURN_NESTED;
  if (l.nested_before && l.is("stays_nested")) reasons |= POE_TURN_NESTED;
  l.nested_before |= nested;
  ++l.depth;
  l.outer.turn(l.outer.ctx, reasons);
  --l.depth;
}

void on_closed(void* ctx) {
  poe_loop* l = &at(ctx);
  const poe_host outer = l->outer;
  const bool told = l->is("closed_at_once") || l->is("leaves_in_silence");
  delete l;
  if (!told) outer.closed(outer.ctx);
}

void on_host_gone(void* ctx) { at(ctx).outer.host_gone(at(ctx).outer.ctx); }

void on_error(void* ctx, std::uint64_t token, std::int32_t code, std::int32_t os_error, const char* text) {
  at(ctx).outer.error(at(ctx).outer.ctx, token, code, os_error, text);
}

void on_log(void* ctx, std::int32_t level, const char* text) { at(ctx).outer.log(at(ctx).outer.ctx, level, text); }

const void* on_extension(void* ctx, const char* name) { return at(ctx).outer.extension(at(ctx).outer.ctx, name); }

/// The kernel of a guest that nobody ever closes: lives as long as the process.
const poe_host kNobody = {sizeof(poe_host),
                          POE_LOOP_ABI_MINOR,
                          nullptr,
                          [](void*, std::uint64_t, std::uint32_t) {},
                          [](void*, std::uint32_t) {},
                          [](void*) {},
                          [](void*) {},
                          [](void*, std::uint64_t, std::int32_t, std::int32_t, const char*) {},
                          [](void*, std::int32_t, const char*) {},
                          [](void*, const char*) -> const void* { return nullptr; }};

std::string_view option(const poe_create& how, std::string_view name) {
  for (std::uint64_t i = 0; i < how.option_count; ++i)
    if (how.options[i].name == name) return how.options[i].value;
  return {};
}

int create(const poe_create* how, poe_loop** ret_loop) {
  std::string why;
  auto* l = new poe_loop;
  l->fault = option(*how, "fault");
  l->ops = poe::test::open_plugin(std::string(option(*how, "inner")), why)->ops;
  l->outer = *how->host;
  l->own = {sizeof(poe_host), POE_LOOP_ABI_MINOR, l,        on_ready, on_turn,
            on_closed,        on_host_gone,       on_error, on_log,   on_extension};
  poe_create inner = *how;
  inner.host = &l->own;
  inner.options = nullptr;
  inner.option_count = 0;
  const int result = l->ops->create(&inner, &l->inner);
  if (result == 0 && l->is("leaves_a_guest")) {
    poe_loop* left_behind = nullptr;
    inner.host = &kNobody;
    l->ops->create(&inner, &left_behind);
  }
  if (result == 0)
    *ret_loop = l;
  else
    delete l;
  return result;
}

int close_loop(poe_loop* l) {
  const poe_host outer = l->outer;
  const bool first = !std::exchange(l->closing, true);
  const bool at_once = first && l->is("closed_at_once");
  const int result = l->ops->close(l->inner);
  if (at_once) outer.closed(outer.ctx);
  return result;
}

void abandon(poe_loop* l) {
  l->ops->abandon(l->inner);
  delete l;
}

int watch(poe_loop* l, poe_handle handle, std::uint32_t interest, std::uint64_t token) {
  if (interest == 0 && l->depth > 0 && l->is("forgets_late")) return 0;
  return l->ops->watch(l->inner, handle, interest, token);
}

int arm(poe_loop* l, std::int64_t deadline_ns) {
  const bool real = deadline_ns > 0 && deadline_ns < POE_NEVER_NS;
  if (l->is("early") && real) deadline_ns -= 5'000'000;
  if (l->is("sleeps_in_dialogs") && l->nested_before) return 0;
  return l->ops->arm(l->inner, deadline_ns);
}

int wake(poe_loop* l) { return l->is("sleeps_through_wakes") ? 0 : l->ops->wake(l->inner); }
int step(poe_loop* l, std::int64_t max_wait_ns) { return l->ops->step(l->inner, max_wait_ns); }

int run(poe_loop* l) {
  if (l->is("runs_as_guest")) return 0;
  return l->ops->run ? l->ops->run(l->inner) : -ENOTSUP;
}

int stop(poe_loop* l) { return l->ops->stop ? l->ops->stop(l->inner) : -ENOTSUP; }

int hold(poe_loop* l, std::int32_t keep) {
  if (l->is("ignores_hold")) return 0;
  return l->ops->hold ? l->ops->hold(l->inner, keep) : -ENOTSUP;
}

int pollable(poe_loop* l, poe_pollable* ret) {
  if (l->is("takes_small_structs") && ret->struct_size < sizeof *ret) ret->struct_size = sizeof *ret;
  const int result = l->ops->pollable(l->inner, ret);
  if (l->is("keeps_generation")) ret->generation = 1;
  if (l->is("hides_deadlines")) ret->deadline_ns = POE_NEVER_NS;
  if (l->is("tells_nothing")) ret->events = 0;
  if (l->is("always_tells")) ret->events |= POE_WRITE, ret->handle = 1;
  return result;
}

const poe_loop_ops kGuestOps = {sizeof(poe_loop_ops),
                                0,
                                create,
                                close_loop,
                                abandon,
                                watch,
                                arm,
                                wake,
                                step,
                                run,
                                stop,
                                nullptr,
                                hold,
                                nullptr,
                                nullptr};
const poe_loop_ops kEmbedOps = {sizeof(poe_loop_ops),
                                0,
                                create,
                                close_loop,
                                abandon,
                                watch,
                                arm,
                                wake,
                                step,
                                nullptr,
                                nullptr,
                                nullptr,
                                hold,
                                pollable,
                                nullptr};

}  // namespace

namespace poe::test {

poe_loop_plugin spoilt(const poe_loop_plugin& honest) {
  poe_loop_plugin plugin = honest;
  plugin.ops = (honest.capabilities[0] >> POE_CAP_POLLABLE & 1) != 0 ? &kEmbedOps : &kGuestOps;
  return plugin;
}

}  // namespace poe::test
