// SPDX-License-Identifier: MIT
#include "poe/filters/stackable.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <stdexcept>
#include <typeinfo>

namespace poe {

namespace {

std::unique_ptr<Filter> sound(std::unique_ptr<Filter> filter) {
  if (filter == nullptr) throw std::invalid_argument("StackableFilter: a null filter");
  return filter;
}

std::string type_name(const Filter& filter) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(typeid(filter).name(), nullptr, nullptr, &status), &std::free);
  return name != nullptr ? name.get() : typeid(filter).name();
}

}  // namespace

void StackableFilter::Stage::add(Share share) {
  shares.push_back(share);
  taken += share.taken;
  given += share.given;
}

// The filter behind holds `given_kept` of what it was given: the newest.
void StackableFilter::Stage::forget_all_but(std::size_t given_kept) noexcept {
  while (!shares.empty() && given - shares.front().given >= given_kept) {
    taken -= shares.front().taken;
    given -= shares.front().given;
    shares.pop_front();
  }
}

// raw_ has no limit of its own: it holds what the filters hold, and they have theirs.
StackableFilter::StackableFilter(std::vector<std::unique_ptr<Filter>> filters) : raw_(SIZE_MAX) {
  for (auto& filter : filters) stages_.emplace_back(sound(std::move(filter)));
}

void StackableFilter::hold(std::size_t index, std::string_view bytes) {
  if (bytes.empty()) return;
  stages_[index].filter->feed(bytes);
  stages_[index].filter->keep();
  if (index > 0) return;
  raw_.feed(bytes);
  raw_.keep();
}

void StackableFilter::push(std::unique_ptr<Filter> filter) {
  settle();
  stages_.emplace_back(sound(std::move(filter)));
  loose_ += bare_.take_pending();
  hold(stages_.size() - 1, loose_);
  loose_.clear();
  loose_backlog_ = 0;
  if (stages_.size() == 1) return;
  Stage& before = stages_[stages_.size() - 2];
  const Share all{before.taken, stages_.back().filter->backlog()};
  before.forget_all_but(0);
  if (all.given > 0) before.add(all);
}

std::unique_ptr<Filter> StackableFilter::pop() {
  if (stages_.empty()) return nullptr;
  settle();
  std::unique_ptr<Filter> last = std::move(stages_.back().filter);
  loose_backlog_ = last->backlog() + stages_.back().taken;
  stages_.pop_back();
  ending_ = std::min(ending_, stages_.empty() ? 0 : stages_.size() - 1);
  loose_.insert(0, last->take_pending());
  if (!stages_.empty()) return last;
  raw_.clear();
  loose_backlog_ = 0;
  return last;
}

void StackableFilter::unshift(std::unique_ptr<Filter> filter) {
  Stage stage(sound(std::move(filter)));
  settle();
  const std::string rest = stages_.empty() ? bare_.take_pending() : stages_.front().filter->take_pending();
  const std::size_t further = raw_.size() - std::min(raw_.size(), rest.size());
  if (further > 0) stage.add({further, further});
  stages_.insert(stages_.begin(), std::move(stage));
  ending_ = 0;
  const std::string raw = raw_.take().substr(0, further);
  raw_.feed(raw);
  raw_.keep();
  hold(0, rest);
}

std::unique_ptr<Filter> StackableFilter::shift() {
  if (stages_.empty()) return nullptr;
  std::unique_ptr<Filter> first = std::move(stages_.front().filter);
  stages_.erase(stages_.begin());
  if (ending_ > 0) --ending_;
  raw_.clear();
  if (stages_.empty()) {
    loose_ += first->take_pending();
    return first;
  }
  std::string rest = stages_.front().filter->take_pending();
  rest += first->take_pending();
  for (Stage& stage : stages_) stage.forget_all_but(0);
  hold(0, rest);
  return first;
}

std::vector<Filter*> StackableFilter::filters() const {
  std::vector<Filter*> all;
  for (const Stage& stage : stages_) all.push_back(stage.filter.get());
  return all;
}

std::vector<std::string> StackableFilter::filter_types() const {
  std::vector<std::string> all;
  for (const Stage& stage : stages_) all.push_back(type_name(*stage.filter));
  return all;
}

void StackableFilter::feed(std::string_view bytes) {
  if (stages_.empty()) return bare_.feed(bytes);
  keep();
  const std::size_t before = input_of(0);
  stages_.front().filter->feed(bytes);
  raw_.feed(bytes.substr(0, input_of(0) - before));  // none if the filter refuses them: there is a gap before them
}

void StackableFilter::keep() {
  if (stages_.empty()) return bare_.keep();
  for (std::size_t i = stages_.size(); i-- > 1;) stages_[i].filter->keep();
  const std::size_t before = input_of(0);
  stages_.front().filter->keep();
  const std::size_t dropped = before - input_of(0);  // over its limit
  raw_.keep();
  if (dropped == 0) return;
  const std::string all = raw_.take();
  raw_.feed(std::string_view(all).substr(0, all.size() - dropped));
  raw_.keep();
}

StackableFilter::Record StackableFilter::next() {
  auto record = pump();
  settle();
  if (record && !record->has_value()) raw_.keep();
  return record;
}

StackableFilter::Record StackableFilter::finish() {
  ended_ = true;
  auto record = pump();
  settle();
  if (!record || record->has_value()) return record;
  ended_ = false;
  ending_ = 0;
  raw_.clear();
  return std::nullopt;
}

// From the last filter, which may have something, to the first; what comes out is given to the one behind at once.
StackableFilter::Record StackableFilter::pump() {
  let_go(loose_record_);
  if (!loose_.empty()) return loose_record();
  if (stages_.empty()) return bare_.next();
  const std::size_t last = stages_.size() - 1;
  for (std::size_t at = last;;) {
    auto record = step(at);
    if (!record || (record->has_value() && at == last)) return record;
    if (record->has_value()) {
      stages_[++at].filter->feed(**record);
    } else if (at != (ended_ ? ending_ : 0)) {
      --at;
    } else if (ended_ && at != last) {
      ++ending_;
      at = last;
    } else {
      return std::nullopt;
    }
  }
}

// Asks one filter and writes down what its record was made of.
StackableFilter::Record StackableFilter::step(std::size_t index) {
  Stage& stage = stages_[index];
  const std::size_t before = input_of(index);
  auto record = ended_ && index == ending_ ? stage.filter->finish() : stage.filter->next();
  const std::size_t after = input_of(index);
  const std::size_t taken = before > after ? before - after : 0;
  if (record && record->has_value() && index + 1 < stages_.size()) {
    stage.add({taken, stages_[index + 1].filter->takes_records() ? 1 : (*record)->size()});
  } else if (taken > 0 && !stage.shares.empty()) {
    if (taken == 1 && stage.may_end) {  // it may belong to the ending of the record before it: LF after CR
      ++stage.shares.back().taken;
      ++stage.taken;
    } else {
      drop(index, taken, after);
    }
  }
  if (taken > 0) stage.may_end = record && record->has_value();
  return record;
}

// What a filter took of its input without making anything of it, before the rest that it still has: it must not be kept
// until the filters behind let go of what came before it, for it may be without end.
void StackableFilter::drop(std::size_t index, std::size_t count, std::size_t rest) {
  if (index == 0) return raw_.drop(raw_.size() - rest - count, count);
  Stage& before = stages_[index - 1];
  std::size_t dropped = 0;
  std::size_t newer = 0;  // that stage's input for what is not dropped, behind what is
  for (auto share = before.shares.end(); count > 0 && share != before.shares.begin();) {
    --share;
    const std::size_t kept = std::min(rest, share->given);
    const std::size_t gone = std::min(count, share->given - kept);
    rest -= kept;
    count -= gone;
    share->given -= gone;
    before.given -= gone;
    if (share->given == 0 && rest == 0) {
      dropped += share->taken;
      before.taken -= share->taken;
      share = before.shares.erase(share);
    } else if (dropped == 0) {
      newer += share->taken;
    }
  }
  if (dropped > 0) drop(index - 1, dropped, input_of(index - 1) + newer);
}

std::size_t StackableFilter::input_of(std::size_t index) const noexcept {
  const Filter& filter = *stages_[index].filter;
  return index == 0 ? filter.pending_size() : filter.backlog();
}

StackableFilter::Record StackableFilter::loose_record() {
  loose_record_ = std::exchange(loose_, {});
  loose_backlog_ = 0;
  return loose_record_;
}

// Forgets the shares of delivered records, and the raw bytes before what is unread.
void StackableFilter::settle() noexcept {
  std::size_t behind = loose_backlog_;
  for (std::size_t i = stages_.size(); i-- > 0;) {
    stages_[i].forget_all_but(behind);
    behind = input_of(i) + stages_[i].taken;
  }
  for (std::size_t read = raw_.size() - std::min(behind, raw_.size()); read > 0;) {
    const std::size_t piece = std::min(read, raw_.held().empty() ? raw_.fed().size() : raw_.held().size());
    raw_.consume(piece);
    read -= piece;
  }
  raw_.settle();
}

Result<void> StackableFilter::encode(std::string_view record, std::string& out) {
  std::vector<std::string> each;
  if (auto done = encode_each(record, each); !done) return done;
  for (const std::string& text : each) out += text;
  return {};
}

Result<void> StackableFilter::encode_each(std::string_view record, std::vector<std::string>& out) {
  struct Unsent {  // what some stages encoded when another refuses it, or throws
    const std::vector<Stage>& stages;
    std::size_t encoded;  // from this stage on
    ~Unsent() {
      for (; encoded < stages.size(); ++encoded) stages[encoded].filter->forget_encoded();
    }
  } unsent{stages_, stages_.size()};
  std::vector<std::string> now;
  now.emplace_back(record);
  for (std::size_t i = stages_.size(); i-- > 0;) {
    std::vector<std::string> framed;
    for (const std::string& each : now) {
      if (auto done = stages_[i].filter->encode_each(each, framed); !done) return done;
      unsent.encoded = i;
    }
    now = std::move(framed);
  }
  unsent.encoded = stages_.size();
  std::move(now.begin(), now.end(), std::back_inserter(out));
  return {};
}

void StackableFilter::forget_encoded() noexcept {
  for (const Stage& stage : stages_) stage.filter->forget_encoded();
}

std::string StackableFilter::take_pending() {
  settle();
  std::string all = stages_.empty() ? std::exchange(loose_, {}) + bare_.take_pending() : raw_.take();
  raw_.clear();
  loose_.clear();
  loose_backlog_ = 0;
  ending_ = 0;
  ended_ = false;
  for (Stage& stage : stages_) {
    (void)stage.filter->take_pending();
    stage.forget_all_but(0);
  }
  return all;
}

// After each call all shares of delivered records are forgotten: what is left is unread.
std::size_t StackableFilter::pending_size() const noexcept {
  if (stages_.empty()) return loose_.size() + bare_.pending_size();
  return input_of(0) + stages_.front().taken;
}

bool StackableFilter::takes_records() const noexcept {
  return !stages_.empty() && stages_.front().filter->takes_records();
}

std::unique_ptr<Filter> StackableFilter::clone() const {
  std::vector<std::unique_ptr<Filter>> copies;
  for (const Stage& stage : stages_) copies.push_back(stage.filter->clone());
  return std::make_unique<StackableFilter>(std::move(copies));
}

void StackableFilter::reset() noexcept {
  for (Stage& stage : stages_) {
    stage.filter->reset();
    stage.forget_all_but(0);
  }
  raw_.clear();
  loose_.clear();
  loose_backlog_ = 0;
  bare_.reset();
  ending_ = 0;
  ended_ = false;
}

}  // namespace poe
