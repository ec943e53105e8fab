// SPDX-License-Identifier: MIT
//
// DatagramSocket for coroutines. A client that asks three times:
//
//     poe::DatagramSocket server(self, poe::DatagramOptions::connect(address));
//     for (int i = 0; i < 3; ++i) {
//       server.put("what time is it?");
//       if (auto answer = co_await server.receive().within(1s)) co_return answer->bytes;
//     }
#pragma once

#include <string>

#include "poe/coroutine.hpp"
#include "poe/wheels/datagram.hpp"

namespace poe {

template <class W>
class WaitList;

/// See DatagramSocket::receive().
class POE_API DatagramAwait final : public AwaitOf<DatagramAwait, Datagram> {
 private:
  friend class DatagramSocket;
  explicit DatagramAwait(DatagramSocket::State* wheel) noexcept : wheel_(wheel) {}
  bool begin() override;
  void end() noexcept override;
  std::string describe() const override;
  void give(Result<Datagram> datagram) noexcept;

  DatagramSocket::State* wheel_;
};

/// See DatagramSocket::flushed().
class POE_API DatagramsSent final : public AwaitOf<DatagramsSent, void> {
 private:
  friend class DatagramSocket;
  friend class WaitList<DatagramsSent>;
  explicit DatagramsSent(DatagramSocket::State* wheel) noexcept : wheel_(wheel) {}
  bool begin() override;
  void end() noexcept override;
  std::string describe() const override;
  void done() noexcept;

  DatagramSocket::State* wheel_;
  DatagramsSent* next_ = nullptr;
};

}  // namespace poe
