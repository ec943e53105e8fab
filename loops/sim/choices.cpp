// SPDX-License-Identifier: MIT
#include "choices.hpp"

namespace poe::sim {

// Why: <random>'s engines are portable but its distributions are not; a seed printed on one machine must give the
// same run on another. This is splitmix64 (Steele, Lea, Flood 2014), five lines and good enough for shuffling.
uint64_t Choices::next() {
  state_ += 0x9e3779b97f4a7c15ULL;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

uint64_t Choices::below(Choice about, uint64_t bound) {
  const uint64_t drawn = bound > 1 ? next() % bound : 0;  // the modulo's bias does not matter for scheduling
  note(about, bound, drawn);
  return drawn;
}

void Choices::note(Choice about, uint64_t first, uint64_t second) {
  mix(static_cast<uint64_t>(about));
  mix(first);
  mix(second);
}

// Why: std::hash may differ between libraries. FNV-1a over bytes, lowest first, on every machine alike.
void Choices::mix(uint64_t word) {
  for (int byte = 0; byte < 8; ++byte) {
    hash_ ^= (word >> (8 * byte)) & 0xffU;
    hash_ *= 0x100000001b3ULL;
  }
}

}  // namespace poe::sim
