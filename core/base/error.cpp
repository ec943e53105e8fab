// SPDX-License-Identifier: MIT
#include "poe/error.hpp"

#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

namespace poe {

struct Error::Details {
  Errc code;
  int number = 0;
  std::string tried, on, why, advice;
  std::exception_ptr exception{};
  std::vector<std::pair<std::string, std::string>> lines{};
};

std::string_view to_string(Errc code) noexcept {
  switch (code) {
    case Errc::system:
      return "system";
    case Errc::end_of_file:
      return "end_of_file";
    case Errc::cancelled:
      return "cancelled";
    case Errc::timed_out:
      return "timed_out";
    case Errc::no_session:
      return "no_session";
    case Errc::wrong_kernel:
      return "wrong_kernel";
    case Errc::wrong_thread:
      return "wrong_thread";
    case Errc::closed:
      return "closed";
    case Errc::forked:
      return "forked";
    case Errc::already_running:
      return "already_running";
    case Errc::not_supported:
      return "not_supported";
    case Errc::invalid_argument:
      return "invalid_argument";
    case Errc::alias_taken:
      return "alias_taken";
    case Errc::bad_arguments:
      return "bad_arguments";
    case Errc::no_handler:
      return "no_handler";
    case Errc::limit:
      return "limit";
    case Errc::no_loop:
      return "no_loop";
    case Errc::ambiguous_loop:
      return "ambiguous_loop";
    case Errc::untrusted:
      return "untrusted";
    case Errc::not_a_plugin:
      return "not_a_plugin";
    case Errc::abi_mismatch:
      return "abi_mismatch";
    case Errc::host_gone:
      return "host_gone";
    case Errc::exception:
      return "exception";
    case Errc::protocol:
      return "protocol";
    case Errc::truncated:
      return "truncated";
  }
  return "unknown";
}

namespace {

std::string text_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "an exception that is not a std::exception";
  }
}

}  // namespace

Error::Error(Errc code, std::string tried, std::string on, std::string why, std::string advice)
    : details_(std::make_shared<const Details>(
          Details{code, 0, std::move(tried), std::move(on), std::move(why), std::move(advice)})) {}

Error Error::from_errno(int number, std::string tried, std::string on, std::string advice) {
  Error error(Errc::system, {});
  error.details_ = std::make_shared<const Details>(Details{Errc::system, number, std::move(tried), std::move(on),
                                                           std::generic_category().message(number), std::move(advice)});
  return error;
}

Error Error::from_exception(std::exception_ptr thrown, std::string tried, std::string on) {
  std::string why = text_of(thrown);
  Error error(Errc::exception, {});
  error.details_ = std::make_shared<const Details>(
      Details{Errc::exception, 0, std::move(tried), std::move(on), std::move(why), {}, std::move(thrown)});
  return error;
}

Errc Error::code() const noexcept { return details_->code; }
int Error::number() const noexcept { return details_->number; }
const std::string& Error::operation() const noexcept { return details_->tried; }
const std::string& Error::subject() const noexcept { return details_->on; }
const std::string& Error::reason() const noexcept { return details_->why; }
const std::string& Error::advice() const noexcept { return details_->advice; }
std::exception_ptr Error::exception() const noexcept { return details_->exception; }

Error& Error::with(std::string label, std::string text) {
  auto changed = std::make_shared<Details>(*details_);  // copies share details, so never change them in place
  changed->lines.emplace_back(std::move(label), std::move(text));
  details_ = std::move(changed);
  return *this;
}

std::string Error::message() const {
  std::string text = "cannot " + details_->tried;
  if (!details_->on.empty()) text += " " + details_->on;
  if (!details_->why.empty()) text += ": " + details_->why;
  return text;
}

std::string Error::report() const {
  auto lines = details_->lines;
  if (!details_->advice.empty()) lines.emplace_back("do", details_->advice);
  std::size_t widest = 0;
  for (const auto& [label, text] : lines) widest = std::max(widest, label.size());
  std::string report = "poe: " + message();
  for (const auto& [label, text] : lines) {
    report += "\n  " + label + ":" + std::string(widest - label.size() + 1, ' ') + text;
  }
  return report;
}

}  // namespace poe
