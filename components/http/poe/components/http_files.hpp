// SPDX-License-Identifier: MIT
//
// http_files(): a handler that answers with the files of a folder. Part of poe::http_server.
//
//     options.routes.get("/files/*", poe::http_files("/srv/www"));
//
// Files leave by sendfile(2), or with TLS in pieces of 64 KiB, when the client has taken what went before. Reading them
// blocks: for local disks, not for a network file system that may hang.
#pragma once

#include <map>
#include <string>

#include "poe/components/http_routes.hpp"
#include "poe/export.hpp"

namespace poe {

class HttpFilesOptions {
 public:
  HttpFilesOptions() = default;

  /// What answers for a folder, if its path ends in a slash; empty: nothing. Without the slash: a redirection.
  std::string index = "index.html";
  /// Whether names that begin with a dot are served.
  bool dotfiles = false;
  /// Types by extension, "md" to "text/markdown", in front of the built-in ones. Unknown: application/octet-stream.
  std::map<std::string, std::string, std::less<>> types;
  /// The field Cache-Control; empty: none.
  std::string cache_control;
};

/// Answers GET and HEAD with the regular file that HttpRequest::rest() names beneath `folder`; no symbolic link below
/// it is followed. With Last-Modified, ETag, the conditions of RFC 9110, 13, and single byte ranges (14; of several
/// ranges the whole file). 403 for what this process may not read, 404 for all else that is not there; a folder that
/// cannot be opened is a 500 and a warning in the server's log. Looks for `folder` anew each time, so it may be
/// replaced.
POE_API HttpHandler http_files(std::string folder, HttpFilesOptions options = HttpFilesOptions());

}  // namespace poe
