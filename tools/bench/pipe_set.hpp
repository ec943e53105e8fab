// SPDX-License-Identifier: MIT
//
// Pipes in a ring, and the tokens that go round: one byte each. The reading ends have low numbers, so that select(2)
// can watch a thousand of them.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <vector>

#include "run.hpp"

namespace poe::bench {

class PipeSet {
 public:
  explicit PipeSet(Run& run) : run_(run) {
    for (unsigned i = 0; i < run.size; ++i) add();
  }
  PipeSet(const PipeSet&) = delete;
  PipeSet& operator=(const PipeSet&) = delete;
  ~PipeSet() {
    for (const int fd : readers_) close(fd);
    for (const int fd : writers_) close(fd);
  }

  unsigned size() const noexcept { return static_cast<unsigned>(readers_.size()); }
  int reader(unsigned i) const noexcept { return readers_[i]; }
  int writer(unsigned i) const noexcept { return writers_[i]; }
  unsigned after(unsigned i) const noexcept { return i + 1 == size() ? 0 : i + 1; }

  /// Sends the tokens off, spread evenly. The first hops warm up; then the run begins, and ends with the last hop.
  void start() {
    left_ = to_send_ = run_.operations + run_.operations / 8 + std::min(size(), kWarmUp);
    for (unsigned i = 0; i < run_.active; ++i) send(i * (size() / run_.active));
  }
  /// With Run::takes false every pipe keeps its byte, and a hop is a report and nothing more.
  bool takes() const noexcept { return run_.takes; }
  void send(unsigned i) {
    --to_send_;
    if (write(writers_[i], "x", 1) != 1) throw std::system_error(errno, std::generic_category(), "write to a pipe");
  }
  /// Pipe i is readable: takes its byte and passes it on. True: that was the last one.
  bool hop(unsigned i) {
    char byte;
    if (takes() && read(readers_[i], &byte, 1) != 1) return false;
    return passed(i);
  }
  /// As hop(), after the byte was read.
  bool passed(unsigned i) {
    if (takes() && to_send_ != 0) send(after(i));
    if (--left_ == run_.operations) run_.begin();
    if (left_ != 0) return false;
    run_.end();
    return true;
  }

 private:
  static constexpr int kAboveSelect = 1100;
  static constexpr unsigned kWarmUp = 1000;

  void add() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) throw std::system_error(errno, std::generic_category(), "make a pipe");
    const int high = fcntl(ends[1], F_DUPFD_CLOEXEC, kAboveSelect);
    close(ends[1]);
    readers_.push_back(ends[0]);
    if (high < 0) throw std::system_error(errno, std::generic_category(), "renumber a pipe");
    writers_.push_back(high);
  }

  Run& run_;
  std::vector<int> readers_;
  std::vector<int> writers_;
  std::uint64_t left_ = 0;
  std::uint64_t to_send_ = 0;
};

}  // namespace poe::bench
