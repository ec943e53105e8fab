// SPDX-License-Identifier: MIT
//
// ProcessPool: the child's side of a function. Blocking, and without a kernel: that one is the parent's.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>

#include "poe/filters/block.hpp"
#include "process_pool_core.hpp"

namespace poe {
namespace {

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return true;
}

std::string outcome(const ProcessPoolOptions::Function& function, std::string_view job) {
  try {
    return kAnswered + function(job);
  } catch (const std::exception& thrown) {
    return std::string(1, kThrew) + thrown.what();
  } catch (...) {
    return std::string(1, kThrew) + "something that is no std::exception";
  }
}

BlockOptions blocks(std::size_t max_job) {
  BlockOptions options(length::u32());
  options.max_length = max_job + 1;  // the octet in front
  return options;
}

}  // namespace

AnyFilter function_filter(std::size_t max_job) { return BlockFilter(blocks(max_job)); }

int serve_function(const ProcessPoolOptions::Function& function, std::size_t max_job) {
  const int answers = ::dup(STDOUT_FILENO);  // out of the way of what the function prints
  if (answers < 0 || ::dup2(STDERR_FILENO, STDOUT_FILENO) < 0) return 1;
  BlockFilter filter(blocks(max_job));
  std::array<char, std::size_t{64} << 10> buffer;
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0 ? 0 : 1;
    filter.feed({buffer.data(), static_cast<std::size_t>(got)});
    for (;;) {
      const auto job = filter.next();
      if (!job) return 1;
      if (!*job) break;
      std::string wire;
      if (!filter.encode(outcome(function, **job), wire)) {
        wire.clear();
        static_cast<void>(filter.encode(std::string(1, kThrew) + "the answer is longer than max_job", wire));
      }
      if (!write_all(answers, wire)) return 1;
    }
  }
}

ProcessPool::Answer ProcessPoolCore::decoded(std::string_view record) const {
  if (function_ == nullptr) return std::string(record);
  if (record.starts_with(kAnswered)) return std::string(record.substr(1));
  const auto thrown = std::make_exception_ptr(std::runtime_error(std::string(record.substr(record.empty() ? 0 : 1))));
  return failure(Error::from_exception(thrown, "run", "a job in " + name()));
}

}  // namespace poe
