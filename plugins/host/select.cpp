// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include "capability_names.hpp"
#include "environment.hpp"
#include "loop_files.hpp"
#include "plugin_loops.hpp"
#include "rank.hpp"
#include "words.hpp"

namespace poe::host_room {

namespace {

/// How a program names that host for attach().
std::string host_expression(std::string_view loop) {
  if (loop == "uv") return "poe::host::uv(loop)";
  if (loop == "event") return "poe::host::libevent(base)";
  if (loop == "glib") return "poe::host::glib()";
  if (loop == "qt") return "poe::host::qt()";
  if (loop == "ev") return "poe::host::ev(loop)";
  if (loop == "sdevent") return "poe::host::sdevent()";
  if (loop == "asio") return "poe::host::asio(adapter.table())";
  if (loop == "tcl") return "poe::host::tcl()";
  return "poe::Host{\"" + std::string(loop) + "\", object}";
}

bool has_option(const poe_loop_plugin& plugin, std::string_view name) {
  for (auto line = plugin.option_schema; line && *line; ++line)
    if (std::string_view(*line).substr(0, std::string_view(*line).find('=')) == name) return true;
  return false;
}

Error ambiguous(const std::vector<Probed>& hosts) {
  const std::string first = hosts.front().plugin->name;
  Error error(
      Errc::ambiguous_loop, "choose a loop", {}, std::to_string(hosts.size()) + " hosts are live on this thread",
      "name one: POE_EVENT_LOOP=" + first + ", OpenOptions::loop, or kernel.attach(" + host_expression(first) + ")");
  for (const Probed& h : hosts) error.with("found", std::string(h.plugin->name) + ": " + h.reason);
  return error;
}

}  // namespace

PluginLoops::PluginLoops(LoopRequest request)
    : request_(std::move(request)),
      log_(request_.log ? *request_.log : stderr_log()),
      registry_(request_.plugin_dirs, request_.allow_list),
      from_environment_(environment("POE_EVENT_LOOP")) {
  if (!request_.loop.empty())
    decision_.asked = "the argument " + quoted(request_.loop);
  else if (!from_environment_.empty())
    decision_.asked = "POE_EVENT_LOOP=" + from_environment_;
}

Result<void> PluginLoops::open_asked() {
  if (asked_name().empty()) return {};
  const auto plugin = load(asked_name());
  if (!plugin) return failure(plugin.error());
  return {};
}

Result<LoopChoice> PluginLoops::choose() { return decided(chosen()); }

Result<LoopChoice> PluginLoops::join(const Host& host) {
  return decided(host.loop.empty() ? join_live() : join_named(host));
}

std::string PluginLoops::explain() const { return host_room::explain(decision_, registry_); }

const std::string& PluginLoops::asked_name() const { return request_.loop.empty() ? from_environment_ : request_.loop; }

Result<LoopChoice> PluginLoops::chosen() {
  if (!asked_name().empty()) return choose_named();
  const auto hosts = live_hosts();
  if (hosts.size() > 1) return failure(ambiguous(hosts));
  if (hosts.size() == 1) return own_run(hosts.front(), "it is live on this thread: " + hosts.front().reason);
  return choose_native();
}

Result<LoopChoice> PluginLoops::choose_named() {
  const auto plugin = load(asked_name());
  if (!plugin) return failure(plugin.error());
  return own_run(probe(**plugin), "asked for by " + decision_.asked);
}

/// The plug-in's own loop, run by us; the host's one if there is one and it does not run.
Result<LoopChoice> PluginLoops::own_run(const Probed& host, std::string why) const {
  const std::string_view name = host.plugin->name;
  if (host.liveness == Liveness::running)
    return failure(Errc::already_running, "run loop", quoted(name),
                   "this thread is inside that host's run: " + host.reason,
                   "attach to it: kernel.attach(" + host_expression(name) + ")");
  LoopChoice choice{host.plugin, nullptr, {}, std::move(why), false};
  if (host.liveness == Liveness::idle && has_option(*host.plugin, "context"))
    choice.options.emplace_back("context", "default");  // GLib: where the host's own sources are
  return choice;
}

Result<LoopChoice> PluginLoops::choose_native() {
  std::vector<std::string> failures;
  for (const std::string_view native : kNativeLoops) {
    const std::string name(native);
    const auto plugin = load_exact(name);
    if (plugin)
      return LoopChoice{*plugin,
                        nullptr,
                        {},
                        "no loop was asked for, no host is live on this thread, and it is the best native loop here"};
    decision_.remarks[name] = plugin.error().reason();
    failures.push_back(name + ": " + plugin.error().reason());
  }
  const std::string natives = joined({kNativeLoops.begin(), kNativeLoops.end()});
  Error error(Errc::no_loop, "choose a loop", {}, "none of " + natives + " can be used", LoopFiles::advice_for_none());
  for (std::string& text : failures) error.with("tried", std::move(text));
  return failure(error.with("found", registry_.summary()));
}

Result<LoopChoice> PluginLoops::join_named(const Host& host) {
  const auto plugin = load(host.loop);
  if (!plugin) return failure(plugin.error());
  const std::string_view name = (*plugin)->name;
  if (!has_capability(**plugin, POE_CAP_FOREIGN))
    return failure(Errc::not_supported, "attach to loop", quoted(name), "it has no host to join",
                   "let the kernel run it, or drive it by run_one_timeslice() or pollable()");
  if (host.object) return LoopChoice{*plugin, host.object, {}, "the program named this host", true};
  const Probed found = probe(**plugin);
  if (!found.foreign &&
      has_option(**plugin, "guest"))  // a probe creates nothing; create() may make GLib's default context
    return LoopChoice{*plugin, nullptr, {{"guest", "yes"}}, "the program named this kind of host", true};
  if (!found.foreign)
    return failure(Errc::no_loop, "attach to loop", quoted(name),
                   "no host object was given, and none is live on this thread: " + found.reason,
                   "pass the host's loop: kernel.attach(" + host_expression(name) + ")");
  return LoopChoice{*plugin, found.foreign, {}, "the program named this kind of host", true};
}

Result<LoopChoice> PluginLoops::join_live() {
  auto hosts = live_hosts();
  if (hosts.size() > 1) keep_only_asked(hosts);
  if (hosts.size() > 1) return failure(ambiguous(hosts));
  if (hosts.empty())
    return failure(Errc::no_loop, "attach to a host", "", "none is live on this thread",
                   "name the host: kernel.attach(poe::host::uv(loop)); why_this_loop() tells why none was found");
  const Probed& host = hosts.front();
  if (!host.foreign)
    return failure(Errc::not_supported, "attach to loop", quoted(host.plugin->name),
                   "it is live, but the plug-in cannot hand it out",
                   "pass it: kernel.attach(" + host_expression(host.plugin->name) + ")");
  return LoopChoice{host.plugin, host.foreign, {}, "it is live on this thread: " + host.reason, true};
}

Result<const poe_loop_plugin*> PluginLoops::load(const std::string& typed) {
  const auto name = loop_name(typed);
  if (!name) return failure(Error(name.error()).with("found", registry_.summary()));
  return load_exact(*name);
}

Result<const poe_loop_plugin*> PluginLoops::load_exact(const std::string& name) {
  if (const auto known = opened_.find(name); known != opened_.end()) return known->second;
  std::vector<std::string> warnings;
  auto plugin = registry_.load(name, &warnings);
  if (plugin) opened_.emplace(name, *plugin);
  if (log_.threshold() <= LogLevel::warning)
    for (const std::string& text : warnings) log_.write(LogLevel::warning, "loop " + name + ": " + text);
  return plugin;
}

Result<LoopChoice> PluginLoops::decided(Result<LoopChoice> choice) {
  decision_.chosen = choice ? choice->plugin->name : "";
  decision_.why = choice ? choice->why : choice.error().message();
  if (choice) decision_.remarks[decision_.chosen] = decision_.why;
  const std::string line = choice ? "loop " + decision_.chosen + ": " + decision_.why : "no loop: " + decision_.why;
  if (line == logged_ || log_.threshold() > LogLevel::debug) return choice;
  logged_ = line;
  log_.write(LogLevel::debug, line);
  return choice;
}

}  // namespace poe::host_room

namespace poe {

std::unique_ptr<LoopProvider> make_loop_provider(LoopRequest request) {
  return std::make_unique<host_room::PluginLoops>(std::move(request));
}

}  // namespace poe
