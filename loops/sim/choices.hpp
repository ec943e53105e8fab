// SPDX-License-Identifier: MIT
// Every choice of the simulated loop is drawn, or at least noted, here: so the digest covers all of them and the
// same seed gives the same run. Not thread-safe: belongs to the loop thread.
#pragma once

#include <cstdint>

namespace poe::sim {

/// What a choice was about; part of the digest.
enum class Choice : uint64_t {
  kOrder = 1,  ///< which ready descriptor comes next in a batch
  kSplit,      ///< whether, and after how many, a batch ends early
  kSpurious,   ///< a readiness reported without cause
  kDelivered,  ///< (descriptor, events) given to the kernel
  kTurn,       ///< (reasons, time)
  kTime,       ///< virtual time jumped to
  kLatency,    ///< how long something travels
  kShort,      ///< how much of a read or write is done
};

/// Seeded numbers and the digest of all that was decided.
class Choices {
 public:
  explicit Choices(uint64_t seed) : state_(seed) {}

  /// A number in [0, bound); 0 for a bound of 0 or 1. Noted.
  uint64_t below(Choice about, uint64_t bound);

  /// True once in `rarity` times. Noted.
  bool once_in(Choice about, uint64_t rarity) { return below(about, rarity) == 0; }

  /// Adds a decision that was not drawn to the digest.
  void note(Choice about, uint64_t first, uint64_t second = 0);

  uint64_t hash() const { return hash_; }

 private:
  uint64_t next();
  void mix(uint64_t word);

  uint64_t state_;
  uint64_t hash_ = 0xcbf29ce484222325ULL;  // FNV-1a's offset basis
};

}  // namespace poe::sim
