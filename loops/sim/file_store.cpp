// SPDX-License-Identifier: MIT
#include "file_store.hpp"

#include <fcntl.h>

#include <algorithm>

namespace poe::sim {

bool FileNode::may(int mode) const {
  const int access = flags_ & O_ACCMODE;
  return access == mode || access == O_RDWR;
}

int64_t FileNode::read_at(char* ret_bytes, uint64_t size, int64_t offset) {
  if (!may(O_RDONLY)) return -EBADF;
  if (offset < 0) return -EINVAL;
  const auto from = std::min(static_cast<size_t>(offset), bytes_->size());
  return static_cast<int64_t>(bytes_->copy(ret_bytes, static_cast<size_t>(size), from));
}

int64_t FileNode::read(const Parts& into) {
  if (!may(O_RDONLY)) return -EBADF;
  const size_t start = std::min(position_, bytes_->size());
  const size_t count = std::min(into.size(), bytes_->size() - start);
  into.scatter(bytes_->data() + start, count);
  position_ = start + count;
  return static_cast<int64_t>(count);
}

int64_t FileNode::write(const Parts& from) {
  if (!may(O_WRONLY)) return -EBADF;
  const size_t count = from.size();
  if ((flags_ & O_APPEND) != 0) position_ = bytes_->size();
  if (position_ + count > bytes_->size()) bytes_->resize(position_ + count);
  from.gather(bytes_->data() + position_, count);
  position_ += count;
  return static_cast<int64_t>(count);
}

std::shared_ptr<FileNode> FileStore::open(const char* path, int flags, int* ret_error) {
  *ret_error = path == nullptr ? -EFAULT : (*path == '\0' || (flags & O_DIRECTORY) != 0 ? -ENOENT : 0);
  if (*ret_error != 0) return nullptr;
  const auto found = files_.find(path);
  const bool exists = found != files_.end();
  if (!exists && (flags & O_CREAT) == 0) return *ret_error = -ENOENT, nullptr;
  if (exists && (flags & O_CREAT) != 0 && (flags & O_EXCL) != 0) return *ret_error = -EEXIST, nullptr;
  FileBytes& bytes = exists ? found->second : files_[path];
  if (!bytes) bytes = std::make_shared<std::string>();
  if ((flags & O_TRUNC) != 0 && (flags & O_ACCMODE) != O_RDONLY) bytes->clear();
  return std::make_shared<FileNode>(bytes, flags);
}

}  // namespace poe::sim
