// SPDX-License-Identifier: MIT
#include "contract.hpp"

#include <cstddef>
#include <cstring>
#include <utility>

namespace poe::host_room {

namespace {

// Bytes of version 1.0, the least there can be; a member is read only if the writer's size covers it.
constexpr std::size_t kPluginSize10 = offsetof(poe_loop_plugin, ops) + sizeof(poe_loop_plugin::ops);
constexpr std::size_t kRequiredOps = offsetof(poe_loop_ops, step) + sizeof(poe_loop_ops::step);

Refusal broken(std::string why) {
  return {Errc::not_a_plugin, std::move(why), "check what poe_loop_entry() returns",
          "mend the plug-in (see loop_abi.h; poe/kit checks it), or pick another loop with POE_EVENT_LOOP"};
}

Refusal too_small(const char* what, std::size_t is, std::size_t must) {
  Refusal r = broken(std::string(what) + " has struct_size " + std::to_string(is) + ", ABI 1.0 needs at least " +
                     std::to_string(must));
  r.code = Errc::abi_mismatch;
  return r;
}

std::optional<Refusal> bad_prefix(const poe_loop_plugin& p, const poe_loop_note& note) {
  if (p.magic != POE_LOOP_MAGIC) return broken("poe_loop_plugin.magic is wrong");
  if (p.abi_major != POE_LOOP_ABI_MAJOR)
    return Refusal{
        Errc::abi_mismatch,
        "ABI major " + std::to_string(p.abi_major) + ", this kernel speaks " + std::to_string(POE_LOOP_ABI_MAJOR) +
            " (its ELF note said " + std::to_string(note.abi_major) + ")",
        "call poe_loop_entry()", "rebuild the plug-in against this release, or pick another loop with POE_EVENT_LOOP"};
  if (p.struct_size < kPluginSize10) return too_small("poe_loop_plugin", p.struct_size, kPluginSize10);
  if (!p.name || std::strcmp(p.name, note.name) != 0)
    return broken("poe_loop_plugin.name is \"" + std::string(p.name ? p.name : "(NULL)") + "\", its ELF note says \"" +
                  note.name + "\"");
  return std::nullopt;
}

std::optional<Refusal> missing_text(const poe_loop_plugin& p) {
  const std::pair<const char*, const char*> texts[] = {{"version", p.version},
                                                       {"library", p.library},
                                                       {"library_version", p.library_version},
                                                       {"licence", p.licence},
                                                       {"host_sonames", p.host_sonames}};
  for (const auto& [name, text] : texts)
    if (!text) return broken(std::string("poe_loop_plugin.") + name + " is NULL");
  return std::nullopt;
}

std::optional<Refusal> missing_op(const poe_loop_ops& ops) {
  const std::pair<const char*, bool> required[] = {
      {"create", ops.create}, {"close", ops.close}, {"abandon", ops.abandon}, {"watch", ops.watch},
      {"arm", ops.arm},       {"wake", ops.wake},   {"step", ops.step}};
  for (const auto& [name, there] : required)
    if (!there) return broken(std::string("the required op ") + name + "() is NULL");
  return std::nullopt;
}

/// A capability whose op is not there would be believed and then called.
std::optional<Refusal> empty_promise(const poe_loop_plugin& p) {
  const poe_loop_ops& ops = *p.ops;
  const auto covers = [&](std::size_t offset) { return ops.struct_size >= offset + sizeof(void (*)()); };
  const bool run = covers(offsetof(poe_loop_ops, stop)) && ops.run && ops.stop;
  const bool now = covers(offsetof(poe_loop_ops, now)) && ops.now;
  const bool pollable = covers(offsetof(poe_loop_ops, pollable)) && ops.pollable;
  const auto says = [&](unsigned bit) { return (p.capabilities[bit / 64] >> bit % 64 & 1) != 0; };
  if (says(POE_CAP_RUN) && !run) return broken("it declares the capability RUN, but run() or stop() is NULL");
  if (says(POE_CAP_OWN_CLOCK) && !now) return broken("it declares the capability OWN_CLOCK, but now() is NULL");
  if (says(POE_CAP_POLLABLE) && !pollable) return broken("it declares the capability POLLABLE, but pollable() is NULL");
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> breach(const poe_loop_plugin& plugin, const poe_loop_note& note) {
  if (auto bad = bad_prefix(plugin, note)) return bad;
  if (auto bad = missing_text(plugin)) return bad;
  if (!plugin.ops) return broken("poe_loop_plugin.ops is NULL");
  if (plugin.ops->struct_size < kRequiredOps) return too_small("poe_loop_ops", plugin.ops->struct_size, kRequiredOps);
  if (auto bad = missing_op(*plugin.ops)) return bad;
  return empty_promise(plugin);
}

}  // namespace poe::host_room
