// SPDX-License-Identifier: MIT
//
// A loop that does nothing by itself: the test makes its calls, and sees what the kernel tells it.
#pragma once

#include <map>
#include <memory>

#include "poe/kernel.hpp"
#include "poe/loop_abi.h"

namespace poe::test {

class PuppetLoop {
 public:
  struct Watched {
    std::uint32_t interest;
    std::uint64_t token;
  };

  /// `capabilities`: bits, shifted to their places.
  explicit PuppetLoop(std::uint64_t capabilities) {
    plugin_.magic = POE_LOOP_MAGIC;
    plugin_.struct_size = sizeof plugin_;
    plugin_.abi_major = POE_LOOP_ABI_MAJOR;
    plugin_.abi_minor = POE_LOOP_ABI_MINOR;
    plugin_.name = "puppet";
    plugin_.capabilities[0] = capabilities;
    plugin_.ops = &kOps;
  }
  PuppetLoop(const PuppetLoop&) = delete;
  PuppetLoop& operator=(const PuppetLoop&) = delete;
  ~PuppetLoop() {
    if (host_ != nullptr) host_->closed(host_->ctx);
  }

  /// For a kernel that is to be attached to it; outlives that kernel.
  std::unique_ptr<LoopProvider> provider() { return std::make_unique<Provider>(*this); }

  /// What a loop calls.
  const poe_host& host() const { return *host_; }
  void turn(std::uint32_t reasons = 0) const { host_->turn(host_->ctx, reasons); }

  // What it was told.
  std::map<poe_handle, Watched> watches;
  int arms = 0;  // calls

 private:
  class Provider final : public LoopProvider {
   public:
    explicit Provider(PuppetLoop& loop) : loop_(loop) {}
    Result<LoopChoice> choose() override { return failure(Errc::no_loop, "choose", "", "a puppet is a host's"); }
    Result<LoopChoice> join(const Host&) override {
      LoopChoice choice;
      choice.plugin = &loop_.plugin_;
      choice.foreign = &loop_;
      return choice;
    }
    std::string explain() const override { return "puppet"; }

   private:
    PuppetLoop& loop_;
  };

  static PuppetLoop& of(poe_loop* loop) { return *reinterpret_cast<PuppetLoop*>(loop); }
  static int create(const poe_create* how, poe_loop** ret_loop) {
    static_cast<PuppetLoop*>(how->foreign)->host_ = how->host;
    *ret_loop = reinterpret_cast<poe_loop*>(how->foreign);
    return 0;
  }
  static int close(poe_loop*) { return 0; }  // closed() comes with the end of the puppet
  static void abandon(poe_loop* loop) { of(loop).host_ = nullptr; }
  static int watch(poe_loop* loop, poe_handle handle, std::uint32_t interest, std::uint64_t token) {
    of(loop).watches.erase(handle);
    if (interest != 0) of(loop).watches[handle] = {interest, token};
    return 0;
  }
  static int arm(poe_loop* loop, std::int64_t) {
    ++of(loop).arms;
    return 0;
  }
  static int wake(poe_loop*) { return 0; }
  static int step(poe_loop*, std::int64_t) { return 0; }
  static constexpr poe_loop_ops kOps{sizeof(poe_loop_ops),
                                     0,
                                     create,
                                     close,
                                     abandon,
                                     watch,
                                     arm,
                                     wake,
                                     step,
                                     nullptr,
                                     nullptr,
                                     nullptr,
                                     nullptr,
                                     nullptr,
                                     nullptr};

  poe_loop_plugin plugin_{};
  const poe_host* host_ = nullptr;
};

}  // namespace poe::test
