// SPDX-License-Identifier: MIT
#include "poe/components/http_routes.hpp"

#include <algorithm>
#include <stdexcept>

#include "http_path.hpp"

namespace poe {
namespace {

// What a path answers, as the field Allow has it.
template <class M>
std::string allowed(const M& methods) {
  std::string list;
  const auto name = [&list](std::string_view method) { list.append(list.empty() ? "" : ", ").append(method); };
  for (const auto& [method, handler] : methods) name(method);
  if (methods.contains("GET") && !methods.contains("HEAD")) name("HEAD");
  if (!methods.contains("OPTIONS")) name("OPTIONS");
  return list;
}

}  // namespace

HttpRoutes& HttpRoutes::add(std::string_view method, std::string_view pattern, HttpHandler handler, HttpBody body) {
  const bool sound = pattern.starts_with('/') && pattern.find('*') >= pattern.size() - 1;
  const bool prefix = sound && pattern.ends_with('*');
  if (!sound || (prefix && !pattern.ends_with("/*"))) {
    throw std::invalid_argument("HttpRoutes: \"" + std::string(pattern) +
                                "\" is neither a path (\"/a/b\") nor a prefix (\"/a/*\")");
  }
  if (!methods_of(pattern).try_emplace(std::string(method), Route{std::move(handler), body}).second) {
    throw std::invalid_argument("HttpRoutes: " + std::string(method) + " " + std::string(pattern) +
                                " has a handler already");
  }
  stream_ = stream_ || body == HttpBody::streamed;
  return *this;
}

HttpRoutes::Methods& HttpRoutes::methods_of(std::string_view pattern) {
  if (!pattern.ends_with('*')) return exact_.try_emplace(std::string(pattern)).first->second;
  pattern.remove_suffix(1);
  const auto at = std::find_if(prefixes_.begin(), prefixes_.end(), [&](const Prefix& one) {
    return one.path == pattern || one.path.size() < pattern.size();
  });
  if (at != prefixes_.end() && at->path == pattern) return at->methods;
  return prefixes_.insert(at, Prefix{std::string(pattern), {}})->methods;
}

HttpRoutes::Methods* HttpRoutes::lookup(HttpRequest& request) {
  if (const auto found = exact_.find(request.path); found != exact_.end()) return &found->second;
  for (Prefix& prefix : prefixes_) {
    if (!request.path.starts_with(prefix.path)) continue;
    request.rest_at = prefix.path.size();
    return &prefix.methods;
  }
  return nullptr;
}

HttpMatch HttpRoutes::find(HttpRequest& request) {
  const std::string& method = request.head.method;
  HttpMatch match;
  request.rest_at = 0;
  auto target = method == "CONNECT" ? std::nullopt : read_target(request.head.target);
  if (!target) {
    request.path.clear();
    request.query.clear();
    match.status = method == "CONNECT" ? 501 : 400;
    return match;
  }
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  Methods* const methods = lookup(request);
  if (methods == nullptr) {
    match.status = method == "OPTIONS" && request.path == "*" ? 204 : 404;
    return match;
  }
  auto found = methods->find(method);
  if (found == methods->end() && method == "HEAD") found = methods->find("GET");
  if (found == methods->end()) found = methods->find("");
  if (found != methods->end()) {
    match.handler = &found->second.handler;
    match.streams = found->second.body == HttpBody::streamed;
    return match;
  }
  match.status = method == "OPTIONS" ? 204 : 405;
  match.allow = allowed(*methods);
  return match;
}

}  // namespace poe
