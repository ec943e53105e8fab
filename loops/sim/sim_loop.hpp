// SPDX-License-Identifier: MIT
// The simulated loop: the Loop ABI over virtual time and a world in memory. It never sleeps: what is ready is
// delivered in a seeded order, and when nothing is, time jumps to the next thing that happens. Only without anything
// left to happen does it wait for real, for a wake from another thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "poe/loop_plugin.hpp"
#include "poe/sim_abi.h"
#include "poe/sys_abi.h"
#include "settings.hpp"
#include "world.hpp"

namespace poe::sim {

class SimLoop {
 public:
  static constexpr char kName[] = "sim";
  static constexpr char kVersion[] = "1.0.0";
  static constexpr char kLibrary[] = "simulated world";
  static constexpr char kLicence[] = "MIT";
  static constexpr char kHostSonames[] = "";
  static constexpr uint64_t kCapabilities =

      loop::bits(POE_CAP_NESTED_STEP, POE_CAP_HANGUP_BIT, POE_CAP_ERROR_BIT, POE_CAP_OWN_CLOCK, POE_CAP_SUB_MS,
                 POE_CAP_FORK_ABANDON);
  static constexpr auto& kOptionSchema = sim::kOptionSchema;
  static const char* library_version() { return kVersion; }

  SimLoop(loop::Host host, const poe_create& how);
  SimLoop(const SimLoop&) = delete;
  SimLoop& operator=(const SimLoop&) = delete;

  void watch(int fd, uint32_t interest, uint64_t token);
  void arm(int64_t deadline_ns) { deadline_ = deadline_ns; }
  void wake() noexcept { waker_.wake(); }
  void step(int64_t max_wait_ns);
  void run();
  void stop() { stop_ = true; }
  int64_t now() const { return time().now(); }
  const void* extension(const char* name) const;
  void abandon() noexcept { waker_.close(); }

 private:
  struct Watch {
    std::weak_ptr<Node> node;  // what stood behind the number when it was watched
    uint64_t generation;       // of this watch: grows with each watch()
    uint32_t interest;
    uint64_t token;
  };
  struct Report {
    int fd;
    uint32_t events;
    uint64_t token;
    uint64_t generation;
  };

  Timeline& time() { return world_.environment().time; }
  const Timeline& time() const { return world_.environment().time; }
  Choices& choices() { return world_.environment().choices; }

  void refuse_watch(int fd) const;
  void spend_time();
  void look_for_wakes(int wait_ms);
  bool deadline_due() const { return deadline_ <= time().now(); }
  std::vector<Report> collect();
  static uint32_t events_of(const Node& node, uint32_t interest);
  void order(std::vector<Report>& reports);
  bool still_wanted(const Report& report) const;
  bool deliver_ready();
  bool deliver();
  bool let_time_pass(int64_t limit);
  static poe_sim make_sim_table(SimLoop& loop);

  loop::Host host_;
  Settings settings_;
  World world_;
  poe_sys sys_;
  poe_sim sim_;
  loop::Waker waker_;
  std::map<int, Watch> watches_;
  int64_t deadline_ = POE_NEVER_NS;
  uint64_t generations_ = 0;
  uint64_t steps_ = 0;
  bool woken_ = false;
  bool stop_ = false;
};

}  // namespace poe::sim
