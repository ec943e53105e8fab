// SPDX-License-Identifier: MIT
// The files of the simulated world: names with bytes, empty when the loop is made, gone when it ends. No folders, no
// rights: a name is taken as it is written.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "node.hpp"

namespace poe::sim {

using FileBytes = std::shared_ptr<std::string>;  // the open ones keep what a name pointed at

class FileNode : public Node {
 public:
  FileNode(FileBytes bytes, int flags) : bytes_(std::move(bytes)), flags_(flags) {}
  int kind() const override { return POE_KIND_REGULAR; }
  uint32_t readiness() const override { return POE_READ | POE_WRITE; }
  bool watchable() const override { return false; }
  int64_t read(const Parts& into) override;
  int64_t write(const Parts& from) override;
  int64_t read_at(char* ret_bytes, uint64_t size, int64_t offset) override;
  void closing() override {}

 private:
  bool may(int mode) const;

  FileBytes bytes_;
  int flags_;
  size_t position_ = 0;
};

class FileStore {
 public:
  /// As open(2), without looking at the mode. The node, or an error in *ret_error.
  std::shared_ptr<FileNode> open(const char* path, int flags, int* ret_error);

 private:
  std::map<std::string, FileBytes> files_;
};

}  // namespace poe::sim
