// SPDX-License-Identifier: MIT
//
// Why a file is not taken as a plug-in, before it is known which loop was asked for. Becomes an Error of the form
// "cannot load loop "uv": why / file / tried / do".
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "poe/error.hpp"
#include "words.hpp"

namespace poe::host_room {

struct Refusal {
  Errc code;
  std::string why;
  std::string tried;
  std::string advice;

  Error error(const std::string& loop, const std::string& path) const {
    Error full(code, "load loop", quoted(loop), why, advice);
    full.with("file", path).with("tried", tried);
    return full;
  }
};

template <class T>
using Checked = tl::expected<T, Refusal>;

inline tl::unexpected<Refusal> refused(Errc code, std::string why, std::string tried, std::string advice) {
  return tl::unexpected<Refusal>(Refusal{code, std::move(why), std::move(tried), std::move(advice)});
}

}  // namespace poe::host_room
