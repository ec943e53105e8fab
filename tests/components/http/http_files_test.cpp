// SPDX-License-Identifier: MIT
#include "poe/components/http_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "http_bench.hpp"

namespace poe::test {
namespace {

class HttpFilesTest : public HttpTest {
 protected:
  HttpFilesTest() {
    char made[] = "/tmp/poe-files-XXXXXX";
    root = ::mkdtemp(made);
    folder = root + "/www";
    std::filesystem::create_directories(folder + "/sub");
    write("www/a.txt", "0123456789");
    write("www/sub/index.html", "<p>index");
    write("www/.hidden", "hidden");
    write("www/empty", "");
    write("secret", "secret");
    date_file("www/a.txt", 784111777);  // Sun, 06 Nov 1994 08:49:37 GMT
  }
  ~HttpFilesTest() override { std::filesystem::remove_all(root); }

  void write(const std::string& name, const std::string& text) const { std::ofstream(root + "/" + name) << text; }
  void date_file(const std::string& name, time_t when) const {
    const timespec times[2] = {{when, 0}, {when, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (root + "/" + name).c_str(), times, 0), 0);
  }
  void serve_files(HttpFilesOptions files = HttpFilesOptions()) {
    HttpServerOptions options = server_options();
    options.routes.get("/f/*", http_files(folder, std::move(files)));
    options.routes.get("/a.txt", http_files(folder));
    serve_http(std::move(options));
  }
  std::string get(const std::string& path, const std::string& fields = "") { return ask_for("GET " + path, fields); }
  static std::string field(const std::string& answer, const std::string& name) {
    const std::size_t at = answer.find("\r\n" + name + ": ");
    if (at == std::string::npos) return "";
    const std::size_t from = at + name.size() + 4;
    return answer.substr(from, answer.find("\r\n", from) - from);
  }
  static std::string code(const std::string& answer) { return answer.substr(9, 3); }

  std::string root;
  std::string folder;
};
POE_ON_EVERY_LOOP(HttpFilesTest);

TEST_P(HttpFilesTest, AFileWithWhatIsKnownOfIt) {
  serve_files();
  const std::string answer = get("/f/a.txt");
  EXPECT_EQ(status_of(answer), "HTTP/1.1 200 OK");
  EXPECT_EQ(body_of(answer), "0123456789");
  EXPECT_EQ(field(answer, "Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(field(answer, "Content-Length"), "10");
  EXPECT_EQ(field(answer, "Last-Modified"), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(field(answer, "Accept-Ranges"), "bytes");
  EXPECT_TRUE(field(answer, "ETag").starts_with('"'));
  const std::string head = ask_for("HEAD /f/a.txt");
  EXPECT_EQ(field(head, "Content-Length"), "10");
  EXPECT_EQ(body_of(head), "");
  EXPECT_EQ(body_of(get("/a.txt")), "0123456789") << "an exact route names the file itself";
  EXPECT_EQ(field(get("/f/empty"), "Content-Length"), "0");
}

TEST_P(HttpFilesTest, FoldersHaveAnIndexBehindTheirSlash) {
  serve_files();
  const std::string index = get("/f/sub/");
  EXPECT_EQ(body_of(index), "<p>index");
  EXPECT_EQ(field(index, "Content-Type"), "text/html; charset=utf-8");
  const std::string moved = get("/f/sub?q");
  EXPECT_EQ(code(moved), "301");
  EXPECT_EQ(field(moved, "Location"), "/f/sub/?q");
  EXPECT_EQ(code(get("/f/")), "404") << "no index, no listing";
  EXPECT_EQ(code(get("/f/a.txt/")), "404");
}

TEST_P(HttpFilesTest, ARedirectionNeverLeavesTheHost) {
  std::filesystem::create_directories(folder + "/x");
  HttpServerOptions options = server_options();
  options.routes.get("/*", http_files(folder));
  serve_http(std::move(options));
  EXPECT_EQ(code(get("//x")), "404");
  EXPECT_EQ(field(get("/x"), "Location"), "/x/");
  std::filesystem::create_directories(folder + "/y\r\nSet-Cookie: z");
  EXPECT_EQ(field(get("/y%0d%0aSet-Cookie:%20z"), "Location"), "/y%0D%0ASet-Cookie:%20z/");
}

TEST_P(HttpFilesTest, NothingOutsideTheFolderCanBeReached) {
  std::filesystem::create_symlink("../secret", folder + "/link");
  std::filesystem::create_symlink("..", folder + "/up");
  std::filesystem::create_symlink("a.txt", folder + "/inside");
  ASSERT_EQ(::mkfifo((folder + "/pipe").c_str(), 0600), 0);
  serve_files();
  for (const char* path :
       {"/f/link", "/f/up/secret", "/f/inside", "/f/pipe", "/f/../secret", "/f/%2e%2e/secret", "/f/sub/../../secret",
        "/f//a.txt", "/f/sub//index.html", "/f/.hidden", "/f/nothing", "/f/a.txt/b", "/f/sub/.", "/f//etc/passwd"}) {
    const std::string answer = get(path);
    EXPECT_FALSE(has(answer, "secret")) << path;
    if (std::string(path) != "/f/sub/.") {
      EXPECT_EQ(code(answer), "404") << path;
    }
  }
  EXPECT_EQ(code(get("/f/..%2fsecret")), "400");
}

TEST_P(HttpFilesTest, HiddenFilesByOption) {
  HttpFilesOptions files;
  files.dotfiles = true;
  files.types["txt"] = "text/x-own";
  files.cache_control = "max-age=60";
  serve_files(std::move(files));
  EXPECT_EQ(body_of(get("/f/.hidden")), "hidden");
  EXPECT_EQ(field(get("/f/a.txt"), "Content-Type"), "text/x-own");
  EXPECT_EQ(field(get("/f/a.txt"), "Cache-Control"), "max-age=60");
}

TEST_P(HttpFilesTest, AMissingFolderIsTold) {
  folder = root + "/none";
  serve_files();
  EXPECT_EQ(code(get("/f/a.txt")), "500");
  ASSERT_EQ(warnings.lines.size(), 1u);
  EXPECT_TRUE(has(warnings.lines[0], folder)) << warnings.lines[0];
}

TEST_P(HttpFilesTest, ConditionsOfRfc9110) {
  serve_files();
  const std::string etag = field(get("/f/a.txt"), "ETag");
  const std::string date = "Sun, 06 Nov 1994 08:49:37 GMT";
  const std::string later = "Sun, 06 Nov 1994 08:49:38 GMT";
  const std::string earlier = "Sun, 06 Nov 1994 08:49:36 GMT";
  const struct {
    std::string fields;
    const char* code;
  } cases[] = {
      {"If-None-Match: " + etag + "\r\n", "304"},
      {"If-None-Match: W/" + etag + "\r\n", "304"},
      {"If-None-Match: \"x,y\", " + etag + "\r\n", "304"},
      {"If-None-Match: \"x\"\r\nIf-None-Match: " + etag + "\r\n", "304"},
      {"If-None-Match: *\r\n", "304"},
      {"If-None-Match: \"x\"\r\n", "200"},
      {"If-None-Match: \"x\"\r\nIf-Modified-Since: " + date + "\r\n", "200"},  // the tag decides
      {"If-Modified-Since: " + date + "\r\n", "304"},
      {"If-Modified-Since: " + later + "\r\n", "304"},
      {"If-Modified-Since: " + earlier + "\r\n", "200"},
      {"If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n", "304"},
      {"If-Modified-Since: Sun Nov  6 08:49:37 1994\r\n", "304"},
      {"If-Modified-Since: yesterday\r\n", "200"},
      {"If-Match: " + etag + "\r\n", "200"},
      {"If-Match: *\r\n", "200"},
      {"If-Match: \"x\"\r\n", "412"},
      {"If-Match: W/" + etag + "\r\n", "412"},
      {"If-Unmodified-Since: " + date + "\r\n", "200"},
      {"If-Unmodified-Since: " + earlier + "\r\n", "412"},
  };
  for (const auto& one : cases) EXPECT_EQ(code(get("/f/a.txt", one.fields)), one.code) << one.fields;
  const std::string same = get("/f/a.txt", "If-None-Match: *\r\n");
  EXPECT_EQ(field(same, "ETag"), etag);
  EXPECT_EQ(body_of(same), "");
}

TEST_P(HttpFilesTest, RangesOfRfc9110) {
  serve_files();
  const struct {
    const char* range;
    const char* code;
    const char* body;
    const char* content_range;
  } cases[] = {
      {"bytes=0-3", "206", "0123", "bytes 0-3/10"},
      {"bytes=8-", "206", "89", "bytes 8-9/10"},
      {"bytes=-3", "206", "789", "bytes 7-9/10"},
      {"bytes=-30", "206", "0123456789", "bytes 0-9/10"},
      {"Bytes=9-99999999999999999999999", "206", "9", "bytes 9-9/10"},
      {"bytes=10-", "416", "", "bytes */10"},
      {"bytes=99999999999999999999999-", "416", "", "bytes */10"},
      {"bytes=-0", "416", "", "bytes */10"},
      {"bytes=0-1,5-6", "200", "0123456789", ""},
      {"bytes=5-3", "200", "0123456789", ""},
      {"bytes=x", "200", "0123456789", ""},
      {"bytes=-", "200", "0123456789", ""},
      {"lines=0-3", "200", "0123456789", ""},
  };
  for (const auto& one : cases) {
    const std::string answer = get("/f/a.txt", "Range: " + std::string(one.range) + "\r\n");
    EXPECT_EQ(code(answer), one.code) << one.range;
    EXPECT_EQ(body_of(answer), one.body) << one.range;
    EXPECT_EQ(field(answer, "Content-Range"), one.content_range) << one.range;
  }
  EXPECT_EQ(code(ask_for("HEAD /f/a.txt", "Range: bytes=0-3\r\n")), "200") << "ranges are for GET";
  const std::string etag = field(get("/f/a.txt"), "ETag");
  const std::string range = "Range: bytes=0-3\r\nIf-Range: ";
  EXPECT_EQ(code(get("/f/a.txt", range + etag + "\r\n")), "206");
  EXPECT_EQ(code(get("/f/a.txt", range + "\"x\"\r\n")), "200");
  EXPECT_EQ(code(get("/f/a.txt", range + "W/" + etag + "\r\n")), "200");
  EXPECT_EQ(code(get("/f/a.txt", range + "Sun, 06 Nov 1994 08:49:37 GMT\r\n")), "206");
  EXPECT_EQ(code(get("/f/a.txt", range + "Sun, 06 Nov 1994 08:49:36 GMT\r\n")), "200");
}

TEST_P(HttpFilesTest, ALargeFileLeavesAsFastAsItIsTaken) {
  std::string large;
  while (large.size() < 5000000) large += std::to_string(large.size()) + " ";
  write("www/large", large);
  serve_files();
  const Client client = dial();
  with_client(ids[0], [](TcpClient& c) { c.wheel().pause_input(); });
  say(client, "GET /f/large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  settle();
  with_client(ids[0], [](TcpClient& c) { c.wheel().resume_input(); });
  until([&] { return heard(client).ended; });
  EXPECT_TRUE(body_of(heard(client).text) == large);
}

TEST_P(HttpFilesTest, BehindALargeFileTheConnectionGoesOn) {
  const std::string large(5000000, 'x');
  write("www/large", large);
  serve_files();
  const Client client = dial();
  say(client, "GET /f/large HTTP/1.1\r\nHost: a\r\n\r\nGET /f/a.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  until([&] { return heard(client).ended; });
  const std::string body = body_of(heard(client).text);
  EXPECT_TRUE(body.starts_with(large + "HTTP/1.1 200 OK\r\n")) << body.size();
}

TEST_P(HttpFilesTest, WhoEndsItsHalfGetsAllOfALargeFileHoweverSlowly) {
  write("www/large", std::string(5000000, 'x'));
  serve_files();
  const Client client = dial();
  with_client(ids[0], [](TcpClient& c) { c.wheel().pause_input(); });
  say(client, "GET /f/large HTTP/1.1\r\nHost: a\r\n\r\n");
  with_client(ids[0], [](TcpClient& c) { c.wheel().shutdown_output(); });
  settle();
  with_client(ids[0], [](TcpClient& c) { c.wheel().resume_input(); });
  until([&] { return heard(client).ended; });
  EXPECT_EQ(body_of(heard(client).text).size(), 5000000u);
}

TEST_P(HttpFilesTest, AFileThatIsCutMeanwhileBreaksTheConnectionOff) {
  write("www/large", std::string(8000000, 'x'));
  serve_files();
  const Client client = dial();
  with_client(ids[0], [](TcpClient& c) { c.wheel().pause_input(); });
  say(client, "GET /f/large HTTP/1.1\r\nHost: a\r\n\r\n");
  settle();
  std::filesystem::resize_file(folder + "/large", 10);
  with_client(ids[0], [](TcpClient& c) { c.wheel().resume_input(); });
  until([&] { return heard(client).ended; });
  EXPECT_LT(heard(client).text.size(), 8000000u);
  ASSERT_EQ(warnings.lines.size(), 1u);
  EXPECT_TRUE(has(warnings.lines[0], "shorter"));
}

}  // namespace
}  // namespace poe::test
