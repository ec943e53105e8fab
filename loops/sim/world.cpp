// SPDX-License-Identifier: MIT
#include "world.hpp"

#include <cerrno>
#include <utility>

namespace poe::sim {

std::shared_ptr<Node> World::share(int fd) const {
  const auto found = table_.find(fd);
  return found == table_.end() ? nullptr : found->second;
}

Node* World::find(int fd) const {
  const auto found = table_.find(fd);
  return found == table_.end() ? nullptr : found->second.get();
}

int World::add(std::shared_ptr<Node> node) {
  if (!has_room(1)) return -EMFILE;
  const int fd = free_.empty() ? next_ : *free_.begin();
  table_.emplace(fd, std::move(node));
  if (free_.empty())
    ++next_;
  else
    free_.erase(free_.begin());
  return fd;
}

int World::add_pair(std::shared_ptr<Node> first, std::shared_ptr<Node> second, int* ret_pair) {
  if (!has_room(2)) return -EMFILE;
  ret_pair[0] = add(std::move(first));
  ret_pair[1] = add(std::move(second));
  return 0;
}

int World::close(int fd) {
  const auto found = table_.find(fd);
  if (found == table_.end()) return -EBADF;
  const std::shared_ptr<Node> node = std::move(found->second);
  table_.erase(found);
  free_.insert(fd);
  node->closing();
  return 0;
}

}  // namespace poe::sim
