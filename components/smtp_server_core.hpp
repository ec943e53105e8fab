// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "poe/components/smtp_server.hpp"

namespace poe {

/// What a server and its connections share. Why shared_ptr: connections may outlive the listener's session.
struct SmtpServerCore {
  explicit SmtpServerCore(SmtpServerOptions given);

  SmtpServerOptions options;
  std::string host_name;
};

struct SmtpQuestion::State {
  SmtpConnection* connection = nullptr;  // nullptr: nobody waits
  std::shared_ptr<const SmtpEnvelope> envelope;
  std::string address;
  std::string message;
};

}  // namespace poe
