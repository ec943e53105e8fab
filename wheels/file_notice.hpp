// SPDX-License-Identifier: MIT
//
// Notices of changes to a name and to the files behind it, or to the names in folders, from inotify. One descriptor
// that becomes readable.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

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
  /// Of all names in that folder and of the contents behind them, too. @return  a number, as add(). `follow`: a
  /// symbolic link stands for the folder it leads to.
  int add_folder(const std::string& path, bool follow);

  explicit operator bool() const noexcept { return static_cast<bool>(fd_); }
  /// To be watched.
  int fd() const noexcept { return fd_.get(); }
  /// Takes all notices. @return  whether any was about us: others may change in the same folder.
  bool drain();

  /// What was noticed of a name in a folder, or of the folder itself.
  enum Change : std::uint32_t {
    came = 1,      ///< made, or moved here
    whole = 2,     ///< moved here, or closed by somebody who could write: complete, as far as that one goes
    went = 4,      ///< removed, or moved away
    written = 8,   ///< its contents
    touched = 16,  ///< something else
    gone = 32,     ///< the folder itself: removed, moved, unmounted
    lost = 64,     ///< notices were lost: look at everything
    dead = 128,    ///< nothing more comes under that number
  };
  /// Takes all notices: tell(number, changes, name). The name is empty with `gone` and `dead`; with `lost` the number
  /// is -1.
  void drain_each(const std::function<void(int, std::uint32_t, std::string_view)>& tell);

 private:
  void read_each(const std::function<void(int, std::uint32_t, std::string_view)>& tell);

  Fd fd_;
  std::string path_of_folder_;
  std::string name_;                  // the last part of the path; empty: there is none
  [[maybe_unused]] int folder_ = -1;  // its watch; -1: it is gone
};

}  // namespace poe
