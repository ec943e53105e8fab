// SPDX-License-Identifier: MIT
//
// AnyFilter: where a wheel takes a filter, it takes this: settings, a filter by value, or one that is owned already.
//
//     options.filter = poe::LineOptions("\r\n");
//     options.filter = poe::StreamFilter();
//     options.filter = prototype->clone();
#pragma once

#include <concepts>
#include <memory>
#include <utility>

#include "poe/filters/filter.hpp"
#include "poe/filters/line.hpp"

namespace poe {

/// Owns one filter, or none. Not thread-safe.
class AnyFilter {
 public:
  AnyFilter() noexcept = default;
  AnyFilter(std::unique_ptr<Filter> filter) noexcept : filter_(std::move(filter)) {}
  AnyFilter(LineOptions options) : filter_(std::make_unique<LineFilter>(std::move(options))) {}
  template <std::derived_from<Filter> F>
  AnyFilter(F filter) : filter_(std::make_unique<F>(std::move(filter))) {}

  explicit operator bool() const noexcept { return filter_ != nullptr; }
  /// The same settings, nothing in it; empty stays empty.
  AnyFilter clone() const { return filter_ ? AnyFilter(filter_->clone()) : AnyFilter(); }
  /// Gives the filter away.
  std::unique_ptr<Filter> take() && noexcept { return std::move(filter_); }

 private:
  std::unique_ptr<Filter> filter_;
};

}  // namespace poe
