// SPDX-License-Identifier: MIT
//
// ReadWrite for coroutines. A line server's client, whole:
//
//     poe::Task<> serve(poe::Self& self, poe::Fd socket) {
//       poe::ReadWrite client(self, poe::ReadWriteOptions(std::move(socket)));
//       while (auto line = co_await client.read()) {
//         if (auto put = client.put(*line); put && *put == poe::Output::high) co_await client.drained();
//       }
//       co_await client.flushed();
//     }
#pragma once

#include <cstdint>
#include <string>

#include "poe/coroutine.hpp"
#include "poe/wheels/read_write.hpp"

namespace poe {

template <class W>
class WaitList;

/// See ReadWrite::read().
class POE_API RecordAwait final : public AwaitOf<RecordAwait, std::string> {
 private:
  friend class ReadWrite;
  explicit RecordAwait(ReadWrite::State* wheel) noexcept : wheel_(wheel) {}
  bool begin() override;
  void end() noexcept override;
  std::string describe() const override;
  void give(Result<std::string> record) noexcept;

  ReadWrite::State* wheel_;
};

/// See ReadWrite::flushed(), drained() and secured().
class POE_API OutputAwait final : public AwaitOf<OutputAwait, void> {
 private:
  friend class ReadWrite;
  friend class WaitList<OutputAwait>;
  enum class Goal : std::uint8_t { low, all, open };
  OutputAwait(ReadWrite::State* wheel, Goal goal) noexcept : wheel_(wheel), goal_(goal) {}
  bool begin() override;
  void end() noexcept override;
  std::string describe() const override;

  ReadWrite::State* wheel_;
  Goal goal_;
  OutputAwait* next_ = nullptr;
};

}  // namespace poe
