// SPDX-License-Identifier: MIT
// The simulated world: its descriptors and all that stands behind them. Loop thread only, but for the time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>

#include "environment.hpp"
#include "file_store.hpp"
#include "names.hpp"
#include "node.hpp"
#include "poe/sim_abi.h"

namespace poe::sim {

class World {
 public:
  explicit World(const Settings& settings) : environment_(settings) {}

  Environment& environment() { return environment_; }
  const Environment& environment() const { return environment_; }
  Names& names() { return names_; }
  FileStore& files() { return files_; }

  /// What stands behind `fd`, or nullptr.
  Node* find(int fd) const;
  /// The same, shared: it is gone from memory once it is closed.
  std::shared_ptr<Node> share(int fd) const;

  bool has_room(size_t count) const { return table_.size() + count <= environment_.settings.descriptors; }
  /// Gives the lowest free number, as POSIX wants, or -EMFILE.
  int add(std::shared_ptr<Node> node);
  /// Gives two numbers or none.
  int add_pair(std::shared_ptr<Node> first, std::shared_ptr<Node> second, int* ret_pair);
  int close(int fd);

 private:
  // First made, last gone: what stands in the table points at these.
  Environment environment_;
  Names names_;
  FileStore files_;
  std::map<int, std::shared_ptr<Node>> table_;
  std::set<int> free_;  // numbers below next_ that were given back
  int next_ = POE_SIM_FIRST_FD;
};

}  // namespace poe::sim
