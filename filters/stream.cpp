// SPDX-License-Identifier: MIT
#include "poe/filters/stream.hpp"

namespace poe {

Result<std::optional<std::string_view>> StreamFilter::next() {
  input_.settle();
  if (input_.empty() && input_.overflow()) {
    input_.clear();
    return failure(Errc::limit, "buffer", "stream input",
                   "more than " + std::to_string(input_.limit()) + " octets came before any were asked for",
                   "call next() until it has nothing, or raise max_buffer");
  }
  if (input_.empty()) return std::nullopt;
  if (!input_.held().empty()) input_.borrow(input_.fed().size());
  const std::string_view all = input_.held().empty() ? input_.fed() : input_.held();
  input_.consume(all.size());
  return all;
}

Result<void> StreamFilter::encode(std::string_view record, std::string& out) {
  out.append(record);
  return {};
}

std::unique_ptr<Filter> StreamFilter::clone() const { return std::make_unique<StreamFilter>(input_.limit()); }

}  // namespace poe
