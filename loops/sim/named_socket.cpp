// SPDX-License-Identifier: MIT
#include "named_socket.hpp"

#include <netinet/in.h>

#include <utility>

namespace poe::sim {

NamedSocket::NamedSocket(Environment& environment, Names& names, int domain, int type)
    : environment_(environment),
      names_(names),
      options_(domain, type, environment.settings.buffer),
      local_(no_address(domain)),
      peer_(no_address(domain)),
      domain_(domain),
      type_(type) {}

int64_t NamedSocket::receive(poe_message& message) {
  if ((message.flags & MSG_OOB) != 0) return -EINVAL;
  Arrival arrival;
  const int64_t count = receive_parts(Parts(message.parts, message.part_count), message.flags, &arrival);
  if (count < 0) return count;
  message.flags = arrival.cut ? static_cast<uint32_t>(MSG_TRUNC) : 0U;
  if (arrival.from)
    sim::write(*arrival.from, {message.address, &message.address_size});
  else
    message.address_size = 0;
  return count;
}

int64_t NamedSocket::send(const poe_message& message) {
  if ((message.flags & MSG_OOB) != 0) return -EOPNOTSUPP;
  const Parts parts(message.parts, message.part_count);
  if (message.address == nullptr) return send_parts(parts, nullptr);
  Address to;
  if (const int error = parse(domain_, message.address, message.address_size, to); error != 0) return error;
  return send_parts(parts, &to);
}

int NamedSocket::bind(const void* address, uint32_t size) {
  if (bound_) return -EINVAL;
  Address wanted;
  if (const int error = parse(domain_, address, size, wanted); error != 0) return error;
  if (const int error = names_.claim(shared_from_this(), wanted); error != 0) return error;
  local_ = std::move(wanted);
  bound_ = true;
  return 0;
}

int NamedSocket::ensure_bound() {
  if (bound_) return 0;
  Address wanted = no_address(domain_);
  if (const int error = names_.claim(shared_from_this(), wanted); error != 0) return error;
  local_ = std::move(wanted);
  bound_ = true;
  return 0;
}

void NamedSocket::release_name() {
  if (std::exchange(bound_, false)) names_.release(*this, local_);
}

// A client bound to the wildcard, or by the system, shows the loopback address once it has a peer.
int NamedSocket::name(ReturnedAddress ret) const {
  sim::write(connected() ? reachable(local_) : local_, ret);
  return 0;
}

int NamedSocket::peer(ReturnedAddress ret) const {
  if (!connected()) return -ENOTCONN;
  sim::write(peer_, ret);
  return 0;
}

int NamedSocket::own_option(int name, int& ret) {
  switch (name) {
    case SO_ERROR:
      ret = take_error();
      return 0;
    case SO_TYPE:
      ret = type_;
      return 0;
    case SO_DOMAIN:
      ret = domain_;
      return 0;
    case SO_ACCEPTCONN:
      ret = listening() ? 1 : 0;
      return 0;
    case SO_PROTOCOL:
      ret = domain_ == AF_UNIX ? 0 : (type_ == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP);
      return 0;
    default:
      return -ENOPROTOOPT;
  }
}

int NamedSocket::option(int level, int name, void* ret_value, uint32_t* size) {
  int value = 0;
  if (level == SOL_SOCKET && own_option(name, value) == 0) return return_option(&value, sizeof value, ret_value, size);
  return options_.get(level, name, ret_value, size);
}

int NamedSocket::set_option(int level, int name, const void* value, uint32_t size) {
  return options_.set(level, name, value, size);
}

}  // namespace poe::sim
