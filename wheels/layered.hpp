// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "poe/filters/stream_layer.hpp"
#include "poe/handles.hpp"

namespace poe {

/// The layer under a wheel's filters, and what waits for it.
struct Layered {
  explicit Layered(std::unique_ptr<StreamLayer> below) noexcept : layer(std::move(below)) {}

  std::size_t waiting() const noexcept { return plain.size() - encoded; }
  bool opening() const noexcept { return !told_open && !failed; }

  std::unique_ptr<StreamLayer> layer;
  std::string plain;         // what was put; it is encoded as late as possible, so that little pieces share one record
  std::size_t encoded = 0;   // octets of it that were
  Timer limit;               // of the opening
  std::optional<Error> end;  // of the input: told behind the records before it
  bool told_open = false;
  bool said_end = false;
  bool failed = false;  // no octet passes any more, either way
};

}  // namespace poe
