// SPDX-License-Identifier: MIT
//
// The layer alone: two of them, and between them strings that are cut, changed and cut off.
#include <openssl/ssl.h>

#include <algorithm>
#include <random>

#include "certificates.hpp"
#include "tls_side.hpp"

namespace poe::test {
namespace {

struct Pair {
  Pair(const TlsContext& client_side, const TlsContext& server_side, const std::string& host = "good.example")
      : client(layer_of(client_side, host)), server(layer_of(server_side, "somebody")) {}

  /// Carries what both say, `most` octets at a time, until nobody says anything.
  void run(std::size_t most = 1 << 20) {
    if (!std::exchange(begun, true)) client.begin(), server.begin();
    while (carry(client, server, most) || carry(server, client, most)) {
    }
  }
  static bool carry(Side& from, Side& to, std::size_t most) {
    const std::string some = from.said.substr(0, most);
    from.said.erase(0, some.size());
    if (!some.empty()) to.hear(some);
    return !some.empty();
  }
  bool open() const { return client.layer->is_open() && server.layer->is_open(); }

  Side client, server;
  bool begun = false;
};

TlsContext trusting(const std::string& file, const std::string& name = "") {
  TlsClientOptions options(file.empty() ? "" : pem(file));
  options.name = name;
  return must(TlsContext::client(options));
}

/// What a server of that minimum says to a client that knows no TLS newer than 1.2.
std::string met_by_tls12(TlsVersion minimum) {
  TlsServerOptions options = server_identity();
  options.min_version = minimum;
  Side server(layer_of(must(TlsContext::server(options)), "an old client"));
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
  const std::unique_ptr<SSL, decltype(&SSL_free)> client(SSL_new(context.get()), &SSL_free);
  BIO* const in = BIO_new(BIO_s_mem());
  BIO* const out = BIO_new(BIO_s_mem());
  SSL_set_bio(client.get(), in, out);
  SSL_set_connect_state(client.get());
  server.begin();
  for (int i = 0; i < 10; ++i) {
    SSL_do_handshake(client.get());
    char* said = nullptr;
    const long size = BIO_get_mem_data(out, &said);
    server.hear(std::string(said, static_cast<std::size_t>(size)));
    BIO_reset(out);
    if (!server.said.empty()) BIO_write(in, server.said.data(), static_cast<int>(server.said.size()));
    server.said.clear();
  }
  EXPECT_EQ(server.layer->is_open(), !server.error);
  return server.why();
}

TEST(TlsLayer, SaysTheSameHoweverItIsCut) {
  std::string text(50'000, '\0');
  std::mt19937 random(7);
  std::generate(text.begin(), text.end(), [&] { return static_cast<char>(random()); });
  for (const std::size_t most : {std::size_t{1}, std::size_t{7}, std::size_t{1000}, std::size_t{1} << 20}) {
    Pair pair(client_context(), server_context());
    pair.run(most);
    ASSERT_TRUE(pair.open()) << pair.client.why() << ", " << pair.server.why();
    pair.client.say(text), pair.server.say(text + "!");
    pair.run(most);
    EXPECT_EQ(pair.server.heard, text);
    EXPECT_EQ(pair.client.heard, text + "!");
    pair.client.layer->end(pair.client.said);
    pair.run(most);
    EXPECT_TRUE(pair.server.layer->input_ended());
    EXPECT_FALSE(pair.client.layer->input_ended()) << "the other half goes on";
    pair.server.say("bye");
    pair.run(most);
    EXPECT_TRUE(pair.client.heard.ends_with("!bye"));
  }
}

TEST(TlsLayer, GivesNoMorePlainTextThanCameOnTheWire) {
  Pair pair(client_context(), server_context());
  pair.run();
  for (int i = 0; i < 500; ++i) pair.client.say("x");
  const std::size_t wire = pair.client.said.size();
  pair.run();
  EXPECT_EQ(pair.server.heard.size(), 500u);
  EXPECT_LT(pair.server.heard.size(), wire);
}

TEST(TlsLayer, TellsWhatWasAgreedAndWhoIsThere) {
  TlsServerOptions wanted = server_identity();
  wanted.protocols = {"echo/2", "echo/1"};
  wanted.client_certificate = TlsClientCertificate::required;
  wanted.authorities = pem("authority.pem");
  TlsClientOptions own(pem("authority.pem"));
  own.protocols = {"echo/1", "echo/2"};
  own.certificate = pem("client.pem"), own.key = pem("client.key");
  Pair pair(must(TlsContext::client(own)), must(TlsContext::server(wanted)));
  EXPECT_FALSE(tls_info(pair.client.layer.get())) << "not open yet";
  pair.run();
  const auto client = tls_info(pair.client.layer.get()), server = tls_info(pair.server.layer.get());
  ASSERT_TRUE(client && server) << pair.client.why() << ", " << pair.server.why();
  EXPECT_EQ(client->version, "TLSv1.3");
  EXPECT_EQ(client->protocol, "echo/2") << "the server's order counts";
  EXPECT_EQ(server->protocol, "echo/2");
  EXPECT_EQ(server->name, "good.example");
  EXPECT_EQ(client->subject, "CN=good");
  EXPECT_EQ(server->subject, "CN=client");
  EXPECT_TRUE(client->verified && server->verified);
  EXPECT_EQ(client->sha256.size(), 64u);
  EXPECT_NE(client->sha256, server->sha256);
}

struct Refusal {
  const char* certificate;  // of the server
  const char* trusted;
  const char* host;
  const char* why;  // "" if it is fine
  const char* advice = "";
};

class TlsRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(TlsRefusal, OfACertificateSaysWhoWhyAndWhatToDo) {
  const Refusal& c = GetParam();
  Pair pair(trusting(c.trusted), server_context(c.certificate), c.host);
  pair.run();
  const std::string why = c.why;
  if (why.empty()) {
    EXPECT_TRUE(pair.open()) << pair.client.why() << ", " << pair.server.why();
    return;
  }
  ASSERT_TRUE(pair.client.error);
  EXPECT_FALSE(pair.client.layer->is_open());
  EXPECT_EQ(pair.client.error->code(), Errc::untrusted);
  EXPECT_EQ(pair.client.error->operation(), "secure");
  EXPECT_NE(pair.client.why().find(std::string("connection to ") + c.host), std::string::npos) << pair.client.why();
  EXPECT_NE(pair.client.why().find(why), std::string::npos) << pair.client.why();
  EXPECT_NE(pair.client.error->advice().find(c.advice), std::string::npos) << pair.client.error->report();
  ASSERT_TRUE(pair.server.error) << "the alert says so";
  EXPECT_EQ(pair.server.error->code(), Errc::untrusted);
  EXPECT_NE(pair.server.why().find("the other side refuses: "), std::string::npos) << pair.server.why();
}

constexpr const char* kAuthority = "authority.pem";
INSTANTIATE_TEST_SUITE_P(
    , TlsRefusal,
    testing::Values(Refusal{"good", kAuthority, "localhost", ""}, Refusal{"good", kAuthority, "127.0.0.1", ""},
                    Refusal{"good", kAuthority, "good.example", ""}, Refusal{"good", kAuthority, "GOOD.example.", ""},
                    Refusal{"other", kAuthority, "a.wild.example", ""},
                    Refusal{"other", kAuthority, "a.b.wild.example", "for DNS:other.example, DNS:*.wild.example"},
                    Refusal{"other", kAuthority, "wild.example", "hostname mismatch"},
                    Refusal{"other", kAuthority, "localhost", "CN=other, for DNS:other.example", "name"},
                    Refusal{"good", kAuthority, "good", "hostname mismatch", "name"},
                    Refusal{"good", kAuthority, "127.0.0.2", "IP address mismatch", "name"},
                    Refusal{"other", kAuthority, "127.0.0.1", "IP address mismatch", "name"},
                    Refusal{"nameless", kAuthority, "localhost", "for no host at all (it has no", "name"},
                    Refusal{"expired", kAuthority, "localhost", "certificate has expired (CN=expired, valid until",
                            "clock"},
                    Refusal{"untrusted", kAuthority, "localhost", "issued by CN=stranger", "authorities"},
                    Refusal{"selfmade", kAuthority, "localhost", "self-signed certificate", "authorities"},
                    Refusal{"selfmade", "selfmade.pem", "localhost", ""},
                    Refusal{"good", "", "localhost", "unable to get local issuer certificate", "system's store"}));

TEST(TlsLayer, AClientWithoutANameToCheckIsRefused) {
  const auto layer = client_context().make_layer("");
  ASSERT_FALSE(layer);
  EXPECT_EQ(layer.error().code(), Errc::invalid_argument);
  EXPECT_FALSE(client_context().make_layer(std::string(300, 'a')));
  EXPECT_FALSE(client_context().make_layer(".example")) << "OpenSSL takes that for any host below";
  TlsClientOptions careless;
  careless.verify = false;
  Pair pair(must(TlsContext::client(careless)), server_context("selfmade"), "");
  pair.run();
  ASSERT_TRUE(pair.open()) << pair.client.why();
  EXPECT_FALSE(tls_info(pair.client.layer.get())->verified);
}

TEST(TlsLayer, TheNameOfTheOptionsCountsAndNotThePeer) {
  Pair pair(trusting(kAuthority, "good.example"), server_context(), "10.1.2.3");
  pair.run();
  ASSERT_TRUE(pair.open()) << pair.client.why();
  EXPECT_EQ(tls_info(pair.server.layer.get())->name, "good.example");
}

TEST(TlsLayer, AServerMayWantACertificate) {
  TlsServerOptions wanted = server_identity();
  wanted.client_certificate = TlsClientCertificate::required;
  EXPECT_FALSE(TlsContext::server(wanted)) << "it must say whose";
  wanted.authorities = pem(kAuthority);
  const TlsContext strict = must(TlsContext::server(wanted));
  Pair without(client_context(), strict);
  without.run();
  ASSERT_TRUE(without.server.error);
  EXPECT_NE(without.server.why().find("peer did not return a certificate"), std::string::npos) << without.server.why();
  ASSERT_TRUE(without.client.error) << "TLS 1.3 tells it after the client's handshake";
  EXPECT_EQ(without.client.error->code(), Errc::untrusted);

  TlsClientOptions strange(pem(kAuthority));
  strange.certificate = pem("untrusted.pem"), strange.key = pem("untrusted.key");
  Pair with(must(TlsContext::client(strange)), strict);
  with.run();
  EXPECT_NE(with.server.why().find("connection from somebody: its certificate is not accepted"), std::string::npos)
      << with.server.why();

  wanted.client_certificate = TlsClientCertificate::optional;
  Pair optional(client_context(), must(TlsContext::server(wanted)));
  optional.run();
  ASSERT_TRUE(optional.open()) << optional.server.why();
  EXPECT_FALSE(tls_info(optional.server.layer.get())->verified);
}

TEST(TlsLayer, WithoutACommonProtocolThereIsNoAgreement) {
  TlsServerOptions wanted = server_identity();
  wanted.protocols = {"http/1.1"};
  TlsClientOptions own(pem(kAuthority));
  own.protocols = {"h2"};
  Pair pair(must(TlsContext::client(own)), must(TlsContext::server(wanted)));
  pair.run();
  EXPECT_NE(pair.server.why().find("no application protocol"), std::string::npos) << pair.server.why();
  EXPECT_NE(pair.client.why().find("no application protocol"), std::string::npos) << pair.client.why();
}

TEST(TlsLayer, PlainTextIsNamedAsSuch) {
  Pair pair(client_context(), server_context());
  pair.client.begin();
  pair.client.hear("220 mail.example ready\r\n");
  EXPECT_NE(pair.client.why().find("plain text: \"220 mail.example ready..\""), std::string::npos) << pair.client.why();
  pair.server.hear("GET / HTTP/1.1\r\n");
  EXPECT_EQ(pair.server.error->code(), Errc::protocol);
  EXPECT_FALSE(pair.server.layer->decode(pair.client.said, {}, pair.server.said)) << "it has failed for good";
}

TEST(TlsLayer, ADamagedStreamGivesWhatWasSoundAndThenTheError) {
  Pair pair(client_context(), server_context());
  pair.run();
  pair.client.say("sound");
  pair.client.say("damaged");
  pair.client.said.back() = static_cast<char>(pair.client.said.back() ^ 1);
  pair.server.hear(pair.client.said);
  EXPECT_EQ(pair.server.heard, "sound");
  ASSERT_TRUE(pair.server.error);
  EXPECT_EQ(pair.server.error->code(), Errc::protocol);
  pair.client.hear(pair.server.said);
  EXPECT_NE(pair.client.why().find("the other side refuses: bad record mac"), std::string::npos) << pair.client.why();
}

TEST(TlsLayer, EveryDamagedOctetOfAHandshakeIsNoticed) {
  Pair model(client_context(), server_context());
  model.client.begin();
  const std::size_t size = model.client.said.size();
  for (std::size_t at = 0; at < size; at += 3) {
    Pair pair(client_context(), server_context());
    pair.client.begin(), pair.server.begin();
    pair.begun = true;
    if (at >= pair.client.said.size()) break;
    pair.client.said[at] = static_cast<char>(pair.client.said[at] ^ 0x40);
    pair.run();
    EXPECT_FALSE(pair.open()) << "octet " << at;
  }
}

TEST(TlsLayer, ItsFilesAreNamedWhenTheyAreNoGood) {
  const auto why = [](const Result<TlsContext>& made) { return made ? std::string("fine") : made.error().message(); };
  EXPECT_NE(why(TlsContext::server({"/nowhere.pem"})).find("the certificate /nowhere.pem: No such file"),
            std::string::npos)
      << why(TlsContext::server({"/nowhere.pem"}));
  EXPECT_NE(why(TlsContext::server({pem("good.pem"), pem("other.key")})).find("other.key: key values mismatch"),
            std::string::npos)
      << why(TlsContext::server({pem("good.pem"), pem("other.key")}));
  const std::string locked = why(TlsContext::server({pem("good.pem"), pem("locked.key")}));
  EXPECT_NE(locked.find("the key "), std::string::npos) << locked << " (and no terminal was asked)";
  EXPECT_EQ(why(TlsContext::server({pem("both.pem")})), "fine");
  EXPECT_NE(why(TlsContext::server({""})), "fine");
  EXPECT_NE(why(TlsContext::client(TlsClientOptions(pem("good.key")))), "fine");
  TlsClientOptions names;
  names.protocols = {std::string(256, 'a')};
  EXPECT_NE(why(TlsContext::client(names)), "fine");
}

TEST(TlsLayer, TheMinimumVersionIsKept) {
  EXPECT_EQ(met_by_tls12(TlsVersion::tls12), "nothing failed");
  const std::string why = met_by_tls12(TlsVersion::tls13);
  EXPECT_NE(why.find("unsupported protocol"), std::string::npos) << why;
}

TEST(TlsLayer, AContextMayGoBeforeItsLayers) {
  auto server = std::make_unique<TlsContext>(server_context());
  auto client = std::make_unique<TlsContext>(client_context());
  Pair pair(*client, *server);
  server.reset(), client.reset();
  pair.run();
  EXPECT_TRUE(pair.open());
}

}  // namespace
}  // namespace poe::test
