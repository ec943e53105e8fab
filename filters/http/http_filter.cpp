// SPDX-License-Identifier: MIT
#include "poe/filters/http_filter.hpp"

#include <utility>

#include "http_core.hpp"

namespace poe {

HttpFilter::HttpFilter(std::unique_ptr<HttpCore> core) noexcept : Filter(&kNoEnding), core_(std::move(core)) {}
HttpFilter::HttpFilter(HttpFilter&&) noexcept = default;
HttpFilter& HttpFilter::operator=(HttpFilter&&) noexcept = default;
HttpFilter::~HttpFilter() = default;

HttpPart HttpFilter::part() const noexcept { return core_->part(); }
const HttpFields& HttpFilter::trailers() const noexcept { return core_->trailers(); }
const std::optional<HttpRefusal>& HttpFilter::refusal() const noexcept { return core_->refusal(); }
std::size_t HttpFilter::unanswered() const noexcept { return core_->unanswered(); }
bool HttpFilter::closing() const noexcept { return core_->closing(); }
bool HttpFilter::upgraded() const noexcept { return core_->upgraded(); }

Result<void> HttpFilter::write_body(std::string_view piece, std::string& out) { return core_->write_body(piece, out); }
Result<void> HttpFilter::pass_body(std::uint64_t octets) { return core_->pass_body(octets); }

void HttpFilter::feed(std::string_view bytes) { core_->feed(bytes); }
void HttpFilter::keep() { core_->keep(); }
Result<std::optional<std::string_view>> HttpFilter::next() { return core_->next(); }
Result<std::optional<std::string_view>> HttpFilter::finish() { return core_->finish(); }
std::string HttpFilter::take_pending() { return core_->take_pending(); }
std::size_t HttpFilter::pending_size() const noexcept { return core_->pending_size(); }

Result<void> HttpFilter::encode(std::string_view record, std::string& out) {
  out.append(record);
  return {};
}

}  // namespace poe
