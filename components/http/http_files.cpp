// SPDX-License-Identifier: MIT
#include "poe/components/http_files.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <utility>

#include "content_types.hpp"
#include "file_beneath.hpp"
#include "http_conditions.hpp"
#include "http_date.hpp"
#include "http_path.hpp"

namespace poe {
namespace {

HttpValidators validators_of(const struct stat& status) {
  char etag[80];
  std::snprintf(etag, sizeof etag, "\"%llx-%llx.%lx-%llx\"", static_cast<unsigned long long>(status.st_ino),
                static_cast<unsigned long long>(status.st_mtim.tv_sec),
                static_cast<unsigned long>(status.st_mtim.tv_nsec), static_cast<unsigned long long>(status.st_size));
  return {etag, status.st_mtim.tv_sec};
}

std::string error_text(int status) { return std::string(http_reason(status)) + "\n"; }

int status_for(int number) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case ENXIO:
      return 404;
    case EACCES:
    case EPERM:
      return 403;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return 503;
    default:
      return 500;
  }
}

/// The handler that http_files() gives.
class Files {
 public:
  Files(std::string folder, HttpFilesOptions options) : folder_(std::move(folder)), options_(std::move(options)) {}

  void operator()(HttpExchange exchange) const {
    const HttpRequest& request = exchange.request();
    if (request.head.method != "GET" && request.head.method != "HEAD") return refuse(exchange, 405);
    std::string path(request.rest());
    if (path.starts_with('/') && request.rest_at == 0) path.erase(0, 1);
    const bool of_folder = path.empty() || path.ends_with('/');
    if (of_folder && options_.index.empty()) return refuse(exchange, 404);
    if (of_folder) path += options_.index;
    auto file = open_beneath(folder_, path, options_.dotfiles);
    if (!file && file.error().number() == ENOTCONN) throw std::runtime_error(file.error().message());
    if (!file) return refuse(exchange, status_for(file.error().number()));
    if (S_ISREG(file->status.st_mode)) return answer(exchange, path, std::move(*file));
    if (of_folder) return refuse(exchange, 404);
    redirect(exchange);
  }

 private:
  static void refuse(HttpExchange& exchange, int status) {
    HttpResponse response(status, error_text(status));
    if (status == 405) response.fields.add("Allow", "GET, HEAD");
    exchange.respond(std::move(response));
  }

  // The same path with a slash. It begins with exactly one, or it would name another host.
  static void redirect(HttpExchange& exchange) {
    const HttpRequest& request = exchange.request();
    const std::size_t first = std::min(request.path.find_first_not_of('/'), request.path.size());
    std::string to = "/" + percent_encoded(std::string_view(request.path).substr(first)) + "/";
    if (!request.query.empty()) to += "?" + request.query;
    HttpResponse response(301, error_text(301));
    response.fields.add("Location", to);
    exchange.respond(std::move(response));
  }

  std::string_view type_of(const std::string& path) const {
    const std::size_t dot = path.find_last_of("./");
    if (dot == std::string::npos || path[dot] == '/') return "application/octet-stream";
    std::string extension = path.substr(dot + 1);
    for (char& c : extension) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (const auto own = options_.types.find(extension); own != options_.types.end()) return own->second;
    const std::string_view known = content_type_of(extension);
    return known.empty() ? "application/octet-stream" : known;
  }

  void answer(HttpExchange& exchange, const std::string& path, FileBeneath file) const {
    const HttpRequestHead& head = exchange.request().head;
    const HttpValidators there = validators_of(file.status);
    const auto size = static_cast<std::uint64_t>(file.status.st_size);
    HttpResponse response(http_condition(head, there));
    response.fields.add("Last-Modified", http_date(there.modified)).add("ETag", there.etag);
    if (!options_.cache_control.empty()) response.fields.add("Cache-Control", options_.cache_control);
    if (response.status == 412) return refuse(exchange, 412);
    if (response.status == 304) return static_cast<void>(exchange.respond(std::move(response)));
    HttpRange range = http_range(head, there, size, std::time(nullptr));
    response.fields.add("Accept-Ranges", "bytes").add("X-Content-Type-Options", "nosniff");
    if (range.kind == HttpRange::Kind::unsatisfiable) {
      response.status = 416;
      response.fields.add("Content-Range", "bytes */" + std::to_string(size));
      return static_cast<void>(exchange.respond(std::move(response)));
    }
    if (range.kind == HttpRange::Kind::part) {
      response.status = 206;
      response.fields.add("Content-Range", "bytes " + std::to_string(range.first) + "-" +
                                               std::to_string(range.first + range.size - 1) + "/" +
                                               std::to_string(size));
    } else {
      range.size = size;
    }
    response.fields.add("Content-Type", type_of(path)).add("Content-Length", std::to_string(range.size));
    if (range.size == 0) return static_cast<void>(exchange.respond(std::move(response)));
    exchange.send_file(std::move(response), std::move(file.fd), range.first, range.size);
  }

  std::string folder_;
  HttpFilesOptions options_;
};

}  // namespace

HttpHandler http_files(std::string folder, HttpFilesOptions options) {
  return Files(std::move(folder), std::move(options));
}

}  // namespace poe
