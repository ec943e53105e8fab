// SPDX-License-Identifier: MIT
//
// StreamFilter: no records, just bytes. Each next() gives everything there is, joined (POE::Filter::Stream).
#pragma once

#include "poe/filters/filter.hpp"
#include "poe/filters/input_buffer.hpp"

namespace poe {

class POE_API StreamFilter final : public Filter {
 public:
  /// @param max_buffer  octets kept while nobody asks for them (keep(), or feed() twice); more is Errc::limit
  explicit StreamFilter(std::size_t max_buffer = std::size_t{1} << 20) noexcept
      : Filter(&kNoEnding), input_(max_buffer) {}

  void feed(std::string_view bytes) override { input_.feed(bytes); }
  void keep() override { input_.keep(); }
  /// After Errc::limit the stream has a gap: the bytes before it were delivered, those after it follow.
  Result<std::optional<std::string_view>> next() override;
  Result<std::optional<std::string_view>> finish() override { return next(); }
  Result<void> encode(std::string_view record, std::string& out) override;
  std::string take_pending() override { return input_.take(); }
  std::size_t pending_size() const noexcept override { return input_.size(); }
  std::unique_ptr<Filter> clone() const override;
  void reset() noexcept override { input_.clear(); }

 private:
  InputBuffer input_;
};

}  // namespace poe
