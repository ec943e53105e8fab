// SPDX-License-Identifier: MIT
//
// Notices of changes to a name and to the files behind it, from inotify. One descriptor that becomes readable.
#pragma once

#include <string>

#include "poe/fd.hpp"

namespace poe {

class FileNotice {
 public:
  /// Nothing is told.
  FileNotice() noexcept = default;
  /// Of files made under, moved to or from, or removed from that path. operator bool is false where it cannot be told:
  /// no inotify, no instance left, no such folder, a file system other machines write to.
  static FileNotice of_name(const std::string& path);
  /// Of files that are added only.
  static FileNotice of_files();
  /// Whether changes to the name are told. If its folder was moved away or removed, looks for the one that is there
  /// now.
  bool follow_folder();
  /// Of the contents of this open file, too. @return  a number for remove(); -1: it cannot.
  int add(const Fd& file);
  void remove(int number) noexcept;

  explicit operator bool() const noexcept { return static_cast<bool>(fd_); }
  /// To be watched.
  int fd() const noexcept { return fd_.get(); }
  /// Takes all notices. @return  whether any was about us: others may change in the same folder.
  bool drain();

 private:
  Fd fd_;
  std::string path_of_folder_;
  std::string name_;                  // the last part of the path; empty: there is none
  [[maybe_unused]] int folder_ = -1;  // its watch; -1: it is gone
};

}  // namespace poe
