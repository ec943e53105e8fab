// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "poe/filters/stream_layer.hpp"

namespace poe::test {

/// One side of a connection: what it said and nobody has taken yet, what it heard, why it failed.
struct Side {
  explicit Side(std::unique_ptr<StreamLayer> one) : layer(std::move(one)) {}

  void begin() { note(layer->begin(said)); }
  void hear(std::string_view wire) {
    char plain[1000];
    for (;;) {
      const auto got = layer->decode(wire, plain, said);
      wire = {};
      if (!got) return note(failure(got.error()));
      if (*got == 0) return;
      heard.append(plain, *got);
    }
  }
  void say(std::string_view text) { note(layer->encode(text, said)); }
  void note(const Result<void>& done) {
    if (!done && !error) error = done.error();
  }
  std::string why() const { return error ? error->message() : "nothing failed"; }

  std::unique_ptr<StreamLayer> layer;
  std::string said, heard;
  std::optional<Error> error;
};

}  // namespace poe::test
