// SPDX-License-Identifier: MIT
//
// The provider behind make_loop_provider(): a loop asked for by name, else a live host on this thread, else the best
// native loop. And for attach(): the host named, else the live one. Used by one kernel, on its loop thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "decision.hpp"
#include "live_host.hpp"
#include "poe/plugin.hpp"

namespace poe::host_room {

class PluginLoops final : public LoopProvider {
 public:
  explicit PluginLoops(LoopRequest request);
  Result<LoopChoice> choose() override;
  Result<LoopChoice> join(const Host& host) override;
  std::string explain() const override;
  /// Whether the loop asked for by name can be opened, if one is: to be told before anything runs.
  Result<void> open_asked();

 private:
  const std::string& asked_name() const;
  Result<LoopChoice> chosen();
  Result<LoopChoice> choose_named();
  Result<LoopChoice> choose_native();
  Result<LoopChoice> own_run(const Probed& host, std::string why) const;
  Result<LoopChoice> join_named(const Host& host);
  Result<LoopChoice> join_live();

  /// The hosts that are live on this thread, those that another one runs on taken out.
  std::vector<Probed> live_hosts();
  std::optional<Probed> live_host(const LoopCandidate& candidate);
  void keep_only_asked(std::vector<Probed>& hosts) const;

  /// By what people type, and by exact name.
  Result<const poe_loop_plugin*> load(const std::string& typed);
  Result<const poe_loop_plugin*> load_exact(const std::string& name);
  /// Keeps the decision for explain() and says it once in the log.
  Result<LoopChoice> decided(Result<LoopChoice> choice);

  LoopRequest request_;
  LogSink& log_;
  LoopRegistry registry_;
  std::map<std::string, const poe_loop_plugin*> opened_;  ///< checked and opened once
  std::string from_environment_;
  Decision decision_;
  std::string logged_;  ///< the last line said
};

}  // namespace poe::host_room
