// SPDX-License-Identifier: MIT
// Receives mail for example.org, with STARTTLS, and shows it. Try, with a certificate and its key as PEM files:
//   mail_sink 2525 chain.pem key.pem, then swaks --server localhost:2525 --to you@example.org --tls
#include <cstdio>

#include "poe/components/smtp_server.hpp"
#include "poe/filters/tls.hpp"
#include "poe/open.hpp"

int main(int argc, char** argv) {
  poe::fill_standard_descriptors();
  if (argc != 4) return std::fputs("usage: mail_sink PORT CERTIFICATES KEY    (PEM files; port 0: any)\n", stderr), 2;
  const auto tls = poe::TlsContext::server({argv[2], argv[3]});
  if (!tls) return std::fprintf(stderr, "mail_sink: %s\n", tls.error().report().c_str()), 1;

  poe::SmtpServerOptions options("127.0.0.1", argv[1]);
  options.tls = *tls;
  options.started = [](poe::SmtpServer& server) {
    if (auto address = server.local_address()) std::printf("listening on %s\n", address->to_string().c_str());
    std::fflush(stdout);
  };
  options.on_rcpt = [](poe::SmtpQuestion to) {
    to.address().ends_with("@example.org") ? to.accept() : to.refuse(550, "5.7.1 we are no relay");
  };
  options.on_message = [](poe::SmtpQuestion mail) {
    const poe::SmtpEnvelope& envelope = mail.envelope();
    std::printf("%s from <%s>", envelope.secured ? "sealed" : "open", envelope.sender.c_str());
    for (const std::string& to : envelope.recipients) std::printf(" to <%s>", to.c_str());
    std::printf(", %zu octets\n%s", mail.message().size(), std::string(mail.message()).c_str());
    std::fflush(stdout);
    mail.accept();
  };
  auto kernel = poe::open_kernel();
  if (kernel) kernel->spawn<poe::SmtpServer>(std::move(options));
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  return ran ? 0 : (std::fprintf(stderr, "mail_sink: %s\n", ran.error().report().c_str()), 1);
}
