// SPDX-License-Identifier: MIT
// The two ends of a pipe.
#pragma once

#include <memory>

#include "channel.hpp"
#include "node.hpp"

namespace poe::sim {

class PipeReader : public Node {
 public:
  PipeReader(Environment& environment, std::shared_ptr<Channel> channel)
      : environment_(environment), channel_(std::move(channel)) {}
  int kind() const override { return POE_KIND_PIPE; }
  uint32_t readiness() const override;
  int64_t read(const Parts& into) override;
  void closing() override { channel_->abandon(); }

 private:
  Environment& environment_;
  std::shared_ptr<Channel> channel_;
};

class PipeWriter : public Node {
 public:
  /// Writes up to this size are done whole or not at all (PIPE_BUF), so there must be that much room to be ready.
  static constexpr size_t kAtomic = 4096;

  PipeWriter(Environment& environment, std::shared_ptr<Channel> channel)
      : environment_(environment), channel_(std::move(channel)) {}
  int kind() const override { return POE_KIND_PIPE; }
  uint32_t readiness() const override;
  int64_t write(const Parts& from) override;
  void closing() override { channel_->finish(); }

 private:
  Environment& environment_;
  std::shared_ptr<Channel> channel_;
};

}  // namespace poe::sim
