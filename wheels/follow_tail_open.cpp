// SPDX-License-Identifier: MIT
//
// FollowTail: from a name or a handle to something that can be read.
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "follow_tail_state.hpp"
#include "poe/system.hpp"
#include "read_write_state.hpp"

namespace poe {
namespace {

constexpr std::uint64_t kLookBack = 4096;  // octets; POE's number

}  // namespace

FollowTail::State::State(Self& self, FollowTailOptions& options)
    : on_record(std::move(options.on_record)),
      on_error(std::move(options.on_error)),
      on_reset(std::move(options.on_reset)),
      on_idle(std::move(options.on_idle)),
      self_(self),
      path_(std::move(options.filename)),
      filter_(or_lines(std::move(options.filter))),
      budget_(options.budget),
      poll_interval_(std::max<Duration>(options.poll_interval, std::chrono::milliseconds(1))),
      deliver_unfinished_(options.deliver_unfinished) {}

void FollowTail::State::begin(FollowTailOptions& options) {
  hold_ = self_.keep_alive("FollowTail");
  if (!is_real(self_.system())) {
    dead_ = Error(Errc::not_supported, "follow", path_.empty() ? "a file" : "\"" + path_ + "\"",
                  "the world of this loop has no files that change", "follow it on a real loop, such as epoll");
  } else if (path_.empty()) {
    begin_with_handle(options);
  } else {
    begin_with_name(options);
  }
  if (dead_) fault_ = dead_;
  watch_notices();
  look_later();
}

void FollowTail::State::begin_with_handle(FollowTailOptions& options) {
  const auto facts = facts_of(options.handle);
  if (!facts) {
    dead_ = facts.error();
    return;
  }
  if (options.notices && facts->kind == FileFacts::Kind::regular) notice_ = FileNotice::of_files();
  take(std::move(options.handle), *facts);
  found_ = false;  // the first one is no reset
  place(options);
}

void FollowTail::State::begin_with_name(const FollowTailOptions& options) {
  if (options.notices) notice_ = FileNotice::of_name(path_);
  if (!open_name()) return;
  found_ = false;
  place(options);
}

void FollowTail::State::watch_notices() {
  if (!notice_) return;
  auto watch = self_.watch(notice_.fd(), POE_READ, [this](std::uint32_t) {
    if (notice_.drain()) look();
  });
  if (watch) {
    notice_watch_ = std::move(*watch);
  } else {
    notice_ = FileNotice();  // looked at each poll_interval instead
  }
}

// Why the file last opened is the one to compare with: the one before it is read to its end in any case.
FollowTail::State::Behind FollowTail::State::behind_name() {
  if (path_.empty()) return Behind::known;
  name_told_ = notice_.follow_folder();  // first: what changes in it afterwards is told
  const auto facts = facts_of(path_);
  astray_ = true;
  if (!facts) return files_.empty() && !stream_facts_ ? Behind::file : Behind::known;  // missing; opening it says why
  const bool known =
      stream_facts_ ? facts->same_file(*stream_facts_) : !files_.empty() && facts->same_file(files_.back().facts());
  astray_ = !known;
  if (known) return Behind::known;
  return facts->kind == FileFacts::Kind::regular ? Behind::file : Behind::stream;
}

// Whether there is a file now that was not there before.
bool FollowTail::State::open_name() {
  const poe_sys& sys = self_.system();
  const auto named = facts_of(path_);
  if (!named) {
    if (named.error().number() != ENOENT && named.error().number() != ENOTDIR) complain(named.error());
    return false;
  }
  // A FIFO that is open for both has no end when its writers go (P147).
  const int flags = named->kind == FileFacts::Kind::fifo ? O_RDWR : O_RDONLY;
  Fd fd(named->kind == FileFacts::Kind::folder ? -EISDIR : sys.open(sys.ctx, path_.c_str(), flags, 0), &sys);
  if (!fd) {
    if (fd.get() != -ENOENT) complain(Error::from_errno(-fd.get(), "open", "\"" + path_ + "\""));
    return false;
  }
  const auto opened = facts_of(fd);  // it may be another one by now
  if (!opened || opened->kind == FileFacts::Kind::folder) return false;
  take(std::move(fd), *opened);
  return true;
}

void FollowTail::State::take(Fd fd, const FileFacts& facts) {
  complained_ = 0;
  astray_ = false;
  found_ = files_.empty();
  if (facts.kind != FileFacts::Kind::regular) {
    stream_facts_ = facts;
    return take_stream(std::move(fd));
  }
  FollowedFile& file = files_.emplace_back(std::move(fd), facts);
  file.notice = notice_.add(file.fd());
}

void FollowTail::State::take_stream(Fd fd) {
  ReadWriteOptions options(std::move(fd), Fd());
  options.filter = filter_->clone();
  options.budget = budget_;
  if (on_record) options.on_record = record_of_stream();  // otherwise it is left unread
  options.on_error = [this](const Error& error) {
    const auto alive = shared_from_this();
    on_error(error);
  };
  stream_ = ReadWrite(self_, std::move(options));
  if (paused_) stream_.pause_input();
  if (reader_ != nullptr) reader_->fail(no_reading_of_streams());
}

Fn<void(std::string_view)> FollowTail::State::record_of_stream() {
  return [this](std::string_view text) {
    const auto alive = shared_from_this();
    on_record(text);
  };
}

void FollowTail::State::place(const FollowTailOptions& options) {
  if (files_.empty()) return;
  const auto size = files_.front().facts().size;
  if (options.seek) {
    const auto given = static_cast<std::uint64_t>(*options.seek);
    const std::uint64_t wanted = *options.seek < 0 ? 0 - given : given;
    files_.front().seek(*options.seek < 0 ? size - std::min(size, wanted) : std::min(size, wanted));
  } else if (options.seek_back) {
    files_.front().seek(size - std::min(size, *options.seek_back));
  } else {
    look_back(size);
  }
}

// What is finished was there before us; what is not will be finished by what comes.
void FollowTail::State::look_back(std::uint64_t size) {
  FollowedFile& file = files_.front();
  file.seek(size - std::min(size, kLookBack));
  std::array<char, kLookBack + FollowedFile::kKnown> buffer;
  while (file.offset() < size) {
    const auto found = file.read(buffer, size - file.offset());
    if (!found || found->look != FollowedFile::Look::grown) return;  // the first look says why
    filter_->feed(found->bytes);
    for (;;) {
      const auto record = filter_->next();
      if (record && !*record) break;
    }
  }
}

void FollowTail::State::complain(const Error& why) {
  if (std::exchange(complained_, why.number()) == why.number()) return;
  if (looking_) {
    on_error(why);
  } else {
    fault_ = why;  // from the constructor: told in the first look
  }
}

}  // namespace poe
