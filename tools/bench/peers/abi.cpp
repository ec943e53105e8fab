// SPDX-License-Identifier: MIT
//
// A loop plug-in driven by hand through the Loop ABI, without a kernel: what the ABI by itself costs.
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../ours.hpp"
#include "peers.hpp"
#include "poller_cases.hpp"

namespace poe::bench {

namespace {

/// As the kernel does it: ready() collects, turn() works through the batch.
class AbiPoller {
 public:
  explicit AbiPoller(const Run& run) : ops_(plugin(run).ops) {
    host_.struct_size = sizeof host_;
    host_.abi_minor = POE_LOOP_ABI_MINOR;
    host_.ctx = this;
    host_.ready = [](void* self, std::uint64_t token, std::uint32_t events) {
      static_cast<AbiPoller*>(self)->batch_.emplace_back(static_cast<std::uint32_t>(token), events);
    };
    host_.turn = [](void* self, std::uint32_t) { static_cast<AbiPoller*>(self)->turn(); };
    host_.closed = [](void* self) { static_cast<AbiPoller*>(self)->closed_ = true; };
    host_.host_gone = [](void*) {};
    host_.error = [](void*, std::uint64_t, std::int32_t, std::int32_t, const char*) {};
    host_.log = [](void*, std::int32_t, const char*) {};
    host_.extension = [](void*, const char*) -> const void* { return nullptr; };
    poe_create how{};
    how.struct_size = sizeof how;
    how.host = &host_;
    check(ops_->create(&how, &loop_), "create");
  }
  AbiPoller(const AbiPoller&) = delete;
  AbiPoller& operator=(const AbiPoller&) = delete;
  ~AbiPoller() {
    ops_->close(loop_);
    while (!closed_ && ops_->step(loop_, POE_NEVER_NS) >= 0) {
    }
  }

  void add(int fd, std::uint32_t id) { check(ops_->watch(loop_, fd, POE_READ, id), "watch"); }
  void want_output(int fd, std::uint32_t id, bool output) {
    check(ops_->watch(loop_, fd, output ? POE_WRITE : POE_READ, id), "watch");
  }
  void remove(int fd, std::uint32_t) { check(ops_->watch(loop_, fd, 0, 0), "watch"); }
  template <class F>
  void wait(int ms, F&& ready) {
    told_ = &ready;
    tell_ = [](void* to, std::uint32_t id, bool writable) {
      (*static_cast<std::remove_reference_t<F>*>(to))(id, writable);
    };
    check(ops_->step(loop_, ms < 0 ? POE_NEVER_NS : ms * std::int64_t{1'000'000}), "step");
  }

 private:
  /// A kernel finds and checks the plug-in; it stays loaded.
  static const poe_loop_plugin& plugin(const Run& run) {
    Kernel kernel = open_for(run);
    if (auto system = kernel.system(); !system) throw std::runtime_error(system.error().message());
    return *kernel.loop_plugin();
  }
  static void check(int code, const char* op) {
    if (code < 0) throw std::runtime_error(std::string("the loop's ") + op + "() returned " + std::to_string(code));
  }
  void turn() {
    auto batch = std::exchange(batch_, std::exchange(spare_, {}));
    for (const auto& [id, events] : batch) tell_(told_, id, (events & POE_WRITE) != 0);
    batch.clear();
    spare_ = std::move(batch);
  }

  const poe_loop_ops* ops_;
  poe_host host_{};
  poe_loop* loop_ = nullptr;
  bool closed_ = false;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> batch_;  // id, events
  std::vector<std::pair<std::uint32_t, std::uint32_t>> spare_;
  void* told_ = nullptr;
  void (*tell_)(void* told, std::uint32_t id, bool writable) = nullptr;
};

}  // namespace

Subject abi_subject() {
  Subject subject{"abi", POE_VERSION, {}};
  subject.can(Kind::pipes, poller_pipes<AbiPoller>);
  subject.can(Kind::echo, poller_serve<AbiPoller>);
  return subject;
}

}  // namespace poe::bench
