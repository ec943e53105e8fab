// SPDX-License-Identifier: MIT
#include "file_notice.hpp"

#include "poe/sys_abi.h"

#if defined(__linux__) && !defined(POE_PORTABLE)
#include <linux/magic.h>
#include <sys/inotify.h>
#include <sys/vfs.h>

#include <array>
#include <cstring>
#include <utility>
#endif

namespace poe {

#if defined(__linux__) && !defined(POE_PORTABLE)

namespace {

// Other machines write there, or a program answers: the system does not hear of all changes.
bool is_remote(const std::string& path) {
  constexpr std::array<unsigned long, 6> kRemote = {NFS_SUPER_MAGIC,         SMB_SUPER_MAGIC,
                                                    0xFE534D42UL /* SMB2 */, 0xFF534D42UL /* CIFS */,
                                                    0x65735546UL /* FUSE */, V9FS_MAGIC};
  struct statfs facts {};
  if (::statfs(path.c_str(), &facts) != 0) return true;
  for (const unsigned long magic : kRemote) {
    if ((static_cast<unsigned long>(facts.f_type) & 0xFFFFFFFFUL) == magic) return true;
  }
  return false;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

FileNotice FileNotice::of_files() {
  FileNotice made;
  made.fd_ = Fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  return made;
}

FileNotice FileNotice::of_name(const std::string& path) {
  FileNotice made = of_files();
  if (!made) return {};
  made.path_of_folder_ = folder_of(path);
  made.name_ = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  return made.follow_folder() ? std::move(made) : FileNotice();
}

bool FileNotice::follow_folder() {
  if (!fd_ || name_.empty() || folder_ >= 0) return true;
  if (is_remote(path_of_folder_)) return false;
  constexpr std::uint32_t kNames =
      IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
  folder_ = ::inotify_add_watch(fd_.get(), path_of_folder_.c_str(), kNames);
  return folder_ >= 0;
}

// Through the descriptor, so that it is this file, whatever its name is by now.
int FileNotice::add(const Fd& file) {
  const std::string path = "/proc/self/fd/" + std::to_string(file.get());
  if (!fd_ || is_remote(path)) return -1;
  return ::inotify_add_watch(fd_.get(), path.c_str(), IN_MODIFY | IN_MOVE_SELF | IN_ATTRIB);
}

void FileNotice::remove(int number) noexcept {
  if (fd_ && number >= 0) ::inotify_rm_watch(fd_.get(), number);
}

int FileNotice::add_folder(const std::string& path, bool follow) {
  constexpr std::uint32_t kAll = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_MODIFY | IN_ATTRIB |
                                 IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
  if (!fd_ || is_remote(path)) return -1;
  return ::inotify_add_watch(fd_.get(), path.c_str(), kAll | (follow ? 0U : IN_DONT_FOLLOW));
}

// tell(number, inotify's mask, name)
void FileNotice::read_each(const std::function<void(int, std::uint32_t, std::string_view)>& tell) {
  const poe_sys& sys = fd_.system();
  alignas(inotify_event) std::array<char, 4096> bytes;
  const poe_iovec part{bytes.data(), bytes.size()};
  for (;;) {
    const std::int64_t got = sys.readv(sys.ctx, fd_.get(), &part, 1);
    if (got <= 0) return;
    for (std::int64_t at = 0; at < got;) {
      inotify_event event;
      std::memcpy(&event, bytes.data() + at, sizeof event);
      const char* const name = bytes.data() + at + sizeof event;
      tell(event.wd, event.mask, event.len == 0 ? std::string_view() : std::string_view(name));
      at += static_cast<std::int64_t>(sizeof event + event.len);
    }
  }
}

bool FileNotice::drain() {
  bool ours = false;
  read_each([&](int number, std::uint32_t mask, std::string_view name) {
    ours = ours || number != folder_ || name.empty() || name_ == name;
    if (number == folder_ && (mask & (IN_MOVE_SELF | IN_IGNORED)) != 0) {
      remove(std::exchange(folder_, -1));  // it has another name now, or none
    }
  });
  return ours;
}

void FileNotice::drain_each(const std::function<void(int, std::uint32_t, std::string_view)>& tell) {
  read_each([&](int number, std::uint32_t mask, std::string_view name) {
    const auto when = [mask](std::uint32_t bits, Change what) { return (mask & bits) != 0 ? std::uint32_t{what} : 0U; };
    const std::uint32_t changes = when(IN_CREATE | IN_MOVED_TO, came) | when(IN_MOVED_TO | IN_CLOSE_WRITE, whole) |
                                  when(IN_DELETE | IN_MOVED_FROM, went) | when(IN_MODIFY, written) |
                                  when(IN_ATTRIB, touched) |
                                  when(IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED, gone) |
                                  when(IN_Q_OVERFLOW, lost) | when(IN_UNMOUNT | IN_IGNORED, dead);
    if (changes != 0) tell(number, changes, name);
  });
}

#else

FileNotice FileNotice::of_files() { return {}; }
FileNotice FileNotice::of_name(const std::string&) { return {}; }
bool FileNotice::follow_folder() { return true; }
int FileNotice::add(const Fd&) { return -1; }
void FileNotice::remove(int) noexcept {}
int FileNotice::add_folder(const std::string&, bool) { return -1; }
bool FileNotice::drain() { return true; }
void FileNotice::drain_each(const std::function<void(int, std::uint32_t, std::string_view)>&) {}

#endif

}  // namespace poe
