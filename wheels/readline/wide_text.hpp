// SPDX-License-Identifier: MIT
//
// Text of the terminal's locale to wide characters and back. Inside a LocaleScope. What is no character is left out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace poe {

std::wstring to_wide(std::string_view text);
std::string to_narrow(std::wstring_view text);

/// What was typed and nobody has read yet: octets in, characters out. What has been read is wiped: it may be a
/// password.
class KeyQueue {
 public:
  void add(std::string_view octets);
  /// The next character, if it is all there.
  std::optional<wchar_t> next();
  /// The next line without its end; with `ended`, also what stands behind the last end. For input that nobody edits.
  std::optional<std::string> next_line(bool ended);
  std::size_t size() const noexcept { return octets_.size() - taken_; }
  void clear() noexcept;

 private:
  void drop(std::size_t count);

  std::string octets_{};
  std::size_t taken_ = 0;  // of octets_, at its front
};

}  // namespace poe
