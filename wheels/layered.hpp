// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "poe/fd.hpp"
#include "poe/filters/stream_layer.hpp"
#include "poe/handles.hpp"

namespace poe {

/// The layer under a wheel's filters, and what waits for it.
struct Layered {
  explicit Layered(std::unique_ptr<StreamLayer> below) noexcept : layer(std::move(below)) {}

  /// A file that was put, and what was put behind it.
  struct FileAhead {
    Fd fd;
    std::uint64_t at;
    std::uint64_t left;
    std::string behind{};
  };

  /// Octets that wait to be encoded, and those of them that are in memory.
  std::size_t waiting() const noexcept { return in_memory() + file_octets; }
  std::size_t in_memory() const noexcept { return plain.size() - encoded + behind_octets; }
  bool opening() const noexcept { return !told_open && !failed; }

  void put_file(Fd file, std::uint64_t from, std::uint64_t size);
  /// Where what is put goes, for the caller to append to; then put_done(), with its size before.
  std::string& open_end() noexcept { return files.empty() ? plain : files.back().behind; }
  void put_done(std::size_t former) noexcept {
    if (!files.empty()) behind_octets += files.back().behind.size() - former;
  }
  /// Makes sure that `plain` has something to encode if anything waits, and reads a piece of a file for it.
  Result<void> refill();

  std::unique_ptr<StreamLayer> layer;
  std::string plain;        // what was put; it is encoded as late as possible, so that little pieces share one record
  std::size_t encoded = 0;  // octets of it that were
  std::deque<FileAhead> files;    // behind `plain`, oldest first. Why a deque: only wheels with a layer pay for it
  std::size_t file_octets = 0;    // of all files, not read yet
  std::size_t behind_octets = 0;  // of all that waits behind files
  Timer limit;                    // of the opening
  std::optional<Error> end;       // of the input: told behind the records before it
  bool told_open = false;
  bool agreed = false;  // on_secured has returned: what was put may leave
  bool said_end = false;
  bool unended = false;  // the wheel goes in the middle of an answer
  bool failed = false;   // no octet passes any more, either way

 private:
  Result<void> read_piece(FileAhead& file);
};

}  // namespace poe
