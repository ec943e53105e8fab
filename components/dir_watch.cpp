// SPDX-License-Identifier: MIT
#include "poe/components/dir_watch.hpp"

#include <algorithm>
#include <utility>

#include "dir_watch_core.hpp"
#include "poe/system.hpp"

namespace poe {

// ---- DirWatch

DirWatch::DirWatch() noexcept = default;
DirWatch::DirWatch(Self& self, DirWatchOptions options, Fn<void(const DirChange&)> on_change)
    : core_(std::make_shared<DirWatchCore>(self, std::move(options), std::move(on_change))) {
  core_->begin();
}
DirWatch::DirWatch(Self& self, DirWatchOptions options, const Event<DirChange>& event)
    : DirWatch(self, std::move(options), [&self, &event](const DirChange& change) { self.yield(event, change); }) {}
DirWatch::DirWatch(Self& self, DirWatchOptions options)
    : DirWatch(self, std::move(options), Fn<void(const DirChange&)>()) {}
DirWatch::DirWatch(DirWatch&&) noexcept = default;
DirWatch& DirWatch::operator=(DirWatch&& other) noexcept {
  if (this != &other) {
    const auto former = std::exchange(core_, std::move(other.core_));
    if (former != nullptr) former->close();
  }
  return *this;
}
DirWatch::~DirWatch() {
  if (core_ != nullptr) core_->close();  // which one of its callbacks may still hold
}

DirNext DirWatch::next() { return DirNext(core_); }
void DirWatch::rescan() {
  if (core_ != nullptr) core_->rescan();
}
std::size_t DirWatch::entries() const noexcept { return core_ != nullptr ? core_->entries() : 0; }
bool DirWatch::has_notices() const noexcept { return core_ != nullptr && core_->has_notices(); }

// ---- DirNext

bool DirNext::begin() {
  const auto watch = watch_.lock();
  if (watch == nullptr) return refuse(Error(Errc::closed, "wait for", "a change", "the DirWatch is gone"));
  if (auto why = watch->why_no_next()) return refuse(std::move(*why));
  if ((value_ = watch->take())) return ended(Ending::done);
  pend();
  watch->await(*this);
  return true;
}

void DirNext::end() noexcept {
  if (const auto watch = watch_.lock()) watch->forget_reader();
}
std::string DirNext::describe() const { return "a change in a folder"; }

void DirNext::give(DirChange change) noexcept {
  value_ = std::move(change);
  finish(Ending::done);
}

// ---- DirWatchCore

DirWatchCore::DirWatchCore(Self& self, DirWatchOptions options, Fn<void(const DirChange&)> on_change)
    : self_(self), options_(std::move(options)), on_change_(std::move(on_change)), tree_(options_) {
  while (options_.folder.size() > 1 && options_.folder.ends_with('/')) options_.folder.pop_back();
  options_.poll_interval = std::max<Duration>(options_.poll_interval, std::chrono::milliseconds(1));
}

void DirWatchCore::begin() {
  hold_ = self_.keep_alive("DirWatch");
  if (is_real(self_.system())) return look_after(Duration::zero());
  dead_ = Error(Errc::not_supported, "watch", "\"" + options_.folder + "\"",
                "the world of this loop has no files that change", "watch it on a real loop, such as epoll");
  self_.defer([self = shared_from_this()] {
    if (self->is_heard() && self->options_.on_error) self->options_.on_error(*self->dead_);
  });
}

void DirWatchCore::close() noexcept {
  closed_ = true;
  timer_.cancel();
  watch_.cancel();
  hold_.cancel();
  if (DirNext* const reader = std::exchange(reader_, nullptr)) {
    reader->fail(Error(Errc::closed, "wait for", "a change", "the DirWatch is gone"));
  }
}

void DirWatchCore::rescan() {
  if (dead_) return;
  tree_.doubt_all();
  look_after(Duration::zero());
}

// At the earliest of the times asked for.
void DirWatchCore::look_after(Duration wait) {
  const TimePoint due = self_.now() + wait;
  if (due_ && *due_ <= due) return;
  due_ = due;
  timer_ = self_.after(wait, [this] {
    const auto alive = shared_from_this();
    due_.reset();
    look();
  });
}

void DirWatchCore::look() {
  if (!is_heard() || dead_ || !wants()) return;      // await() looks
  if (looking_) return look_after(options_.gather);  // a nested timeslice: those that are told now come first
  std::vector<DirChange> changes;
  std::vector<Error> errors;
  static_cast<void>(tree_.hear());
  tree_.look(self_.now(), changes, errors);
  std::move(changes.begin(), changes.end(), std::back_inserter(changes_));
  follow_notices();
  if (const auto due = tree_.due(self_.now())) look_after(std::max(Duration::zero(), *due - self_.now()));
  for (const Error& error : errors) {
    if (is_heard() && options_.on_error) options_.on_error(error);
  }
  deliver();
}

void DirWatchCore::follow_notices() {
  const int fd = tree_.notice_fd();
  if (fd == watched_ && (fd < 0 || watch_)) return;
  watch_ = Watch();
  watched_ = fd;
  if (fd < 0) return;
  auto watch = self_.watch(fd, POE_READ, [this](std::uint32_t) {
    const auto alive = shared_from_this();
    if (tree_.hear()) look_after(options_.gather);
  });
  if (watch) {
    watch_ = std::move(*watch);
  } else {
    tree_.no_notices();
    watched_ = -1;
  }
}

void DirWatchCore::deliver() {
  if (!on_change_) {
    if (reader_ == nullptr || changes_.empty()) return;
    DirNext* const reader = std::exchange(reader_, nullptr);
    return reader->give(*take());
  }
  looking_ = true;
  try {
    while (is_heard() && !changes_.empty()) {
      const DirChange change = std::move(changes_.front());
      changes_.pop_front();
      on_change_(change);
    }
  } catch (...) {  // what is left is told later
    looking_ = false;
    if (is_heard()) look_after(Duration::zero());
    throw;
  }
  looking_ = false;
}

// ---- for the one who waits

std::optional<Error> DirWatchCore::why_no_next() const {
  if (dead_) return dead_;
  if (on_change_) {
    return Error(Errc::invalid_argument, "wait for", "a change", "the changes go to a callback or an event",
                 "make the DirWatch without one");
  }
  if (reader_ != nullptr) return Error(Errc::invalid_argument, "wait for", "a change", "another next() waits already");
  return std::nullopt;
}

std::optional<DirChange> DirWatchCore::take() {
  if (changes_.empty()) return std::nullopt;
  std::optional<DirChange> first(std::move(changes_.front()));
  changes_.pop_front();
  return first;
}

void DirWatchCore::await(DirNext& reader) {
  reader_ = &reader;
  look_after(Duration::zero());
}

}  // namespace poe
