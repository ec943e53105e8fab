// SPDX-License-Identifier: MIT
#include "live_host.hpp"

namespace poe::host_room {

Probed probe(const poe_loop_plugin& plugin) {
  Probed answer{&plugin};
  if (!plugin.probe) {
    answer.reason = "its library has no way to tell";
    return answer;
  }
  const char* reason = nullptr;
  const int code = plugin.probe(&answer.foreign, &reason);
  answer.liveness = code == 2 ? Liveness::running : code == 1 ? Liveness::idle : Liveness::absent;
  answer.reason = reason ? reason : "";
  return answer;
}

}  // namespace poe::host_room
